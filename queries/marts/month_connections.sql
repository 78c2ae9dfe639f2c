-- The connections that a month's facts name, with or without usage. Grain: connection. Parameters: $billing_period.
select connection, provider
from facts.coverage
where billing_period = $billing_period
union
select connection, provider
from pricing.accounts
where billing_period = $billing_period
order by connection, provider
