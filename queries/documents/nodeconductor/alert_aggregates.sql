-- The aggregates that the month's alerts were asked for: answers from before day windows know customers only.
-- Grain: aggregate. Parameters: $connection, $billing_period.
select distinct files.asked['aggregate'] as aggregate
from landing.raw_files as files
semi join landing.units as units
    on
        files.connection = units.connection
        and files.dataset = units.dataset
        and files.period = units.period
        and files.receipt = units.receipt
        and units.provider = 'nodeconductor'
where
    files.connection = $connection
    and files.dataset = 'alert'
    and files.period = $billing_period
    and files.kind = 'alert'
order by aggregate
