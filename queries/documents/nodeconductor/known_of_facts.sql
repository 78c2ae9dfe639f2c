-- The end of the month's last usage in unix seconds, whoever provides it; null without any. One row.
-- Parameters: $connection, $billing_period.
select cast(epoch(max(charge_period_end)) as bigint) as seen_until
from facts.usage
where connection = $connection and billing_period = $billing_period
