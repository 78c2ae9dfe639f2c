-- What was expected and what arrived, per connection, dataset and UTC day. The status needs the clock and is given
-- by tallybook.summaries.coverage. Parameters: $billing_period.
select
    billing_period,
    connection,
    provider,
    dataset,
    date,
    feeds,
    unit,
    expected,
    received,
    is_backfillable,
    note
from facts.coverage
where billing_period = $billing_period
order by connection, dataset, date, feeds, unit
