-- What was expected and what arrived on each day of the months up to this one.
-- Grain: connection, dataset, day. Parameters: $first_period, $billing_period.
select
    connection,
    dataset,
    date,
    feeds,
    expected,
    received
from facts.coverage
where billing_period >= $first_period and billing_period <= $billing_period
order by connection, dataset, date, feeds, unit
