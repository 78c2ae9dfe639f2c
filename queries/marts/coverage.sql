-- What was expected and what arrived, per connection, dataset and UTC day, and when what can be asked later was first
-- fetched after the day was over. The status needs the clock and is given by tallybook.summaries.coverage.
-- Parameters: $billing_period.
with fetches as (
    select
        connection,
        provider,
        dataset,
        fetched_at
    from landing.receipts
    where period = $billing_period and outcome in ('staged', 'unchanged', 'superseded')
),

first_fetches as (
    select
        days.connection,
        days.dataset,
        days.date,
        min(fetches.fetched_at) as first_fetched_at
    from facts.coverage as days
    inner join fetches
        on
            days.connection = fetches.connection
            and days.provider = fetches.provider
            and days.dataset = fetches.dataset
            and fetches.fetched_at >= days.date + interval 1 day
    where days.billing_period = $billing_period and days.is_backfillable
    group by days.connection, days.dataset, days.date
)

select
    coverage.billing_period,
    coverage.connection,
    coverage.provider,
    coverage.dataset,
    coverage.date,
    coverage.feeds,
    coverage.unit,
    coverage.expected,
    coverage.received,
    coverage.is_backfillable,
    first_fetches.first_fetched_at,
    coverage.note
from facts.coverage as coverage
left join first_fetches using (connection, dataset, date)
where coverage.billing_period = $billing_period
order by coverage.connection, coverage.dataset, coverage.date, coverage.feeds, coverage.unit
