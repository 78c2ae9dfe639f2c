-- All charges of a span of days of a month, for tables/charges; rows are not sorted.
-- Parameters: $billing_period, $first_day, $end_day (exclusive).
select *
from marts.charges
where billing_period = $billing_period and charge_period_start >= $first_day and charge_period_start < $end_day
