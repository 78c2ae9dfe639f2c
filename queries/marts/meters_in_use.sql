-- The meters that a month's usage names. Grain: meter. Parameters: $billing_period.
select distinct meter
from facts.usage
where billing_period = $billing_period
order by meter
