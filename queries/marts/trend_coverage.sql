-- How much of the months up to this one was seen, by what feeds costs.
-- Grain: month, connection, unit. Parameters: $first_period, $billing_period.
select
    billing_period,
    connection,
    unit,
    cast(sum(expected) as decimal(38, 12)) as expected,
    cast(sum(received) as decimal(38, 12)) as received
from facts.coverage
where
    billing_period >= $first_period
    and billing_period <= $billing_period
    and feeds in ('usage', 'costs')
group by billing_period, connection, unit
order by billing_period, connection, unit
