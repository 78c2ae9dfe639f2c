-- The aggregates that the month's alerts were asked for: answers from before day windows know customers only.
-- Grain: aggregate. Parameters: $connection, $billing_period.
select distinct asked['aggregate'] as aggregate
from landing.units_answers
where
    connection = $connection
    and provider = 'nodeconductor'
    and dataset = 'alert'
    and period = $billing_period
    and kind = 'alert'
order by aggregate
