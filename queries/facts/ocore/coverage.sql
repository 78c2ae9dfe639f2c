-- facts.coverage for oCore: an hour that was asked for and answered is covered, rows or not, since a project
-- without instances has no row. A month with items of another length than an hour, or of no time, was not seen: what of
-- it the counted ones hold is not known. Parameters: $connection, $billing_period, $period_start, $period_end.
with days as (
    select unnest(generate_series($period_start, $period_end - interval 1 day, interval 1 day)) as day
),

answered as (
    select
        files.dataset,
        min(cast(files.asked['start_date'] as timestamp)) as answered_from,
        max(cast(files.asked['end_date'] as timestamp)) as answered_to
    from landing.raw_files as files
    inner join landing.units as units using (connection, dataset, period, receipt)
    where files.connection = $connection and units.provider = 'ocore' and files.period = $billing_period
    group by files.dataset
),

uncounted as (
    select count(*) as items
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and x_period = $billing_period
        and (period_type <> 'hourly' or period_start_at is null)
),

datasets as (
    select unnest(['usage', 'totals']) as dataset, unnest(['usage', 'control']) as feeds
)

select
    $connection as connection,
    'ocore' as provider,
    datasets.dataset,
    $billing_period as billing_period,
    cast(days.day as date) as date,
    datasets.feeds,
    'hours' as unit,
    24 as expected,
    case
        when datasets.feeds = 'usage' and uncounted.items > 0 then 0
        else greatest(0, least(24, coalesce(date_diff('hour', days.day, answered.answered_to), 0)))
    end as received,
    true as is_backfillable,
    case
        when datasets.feeds = 'usage' and uncounted.items > 0
            then uncounted.items || ' items are of no hour that could be counted'
        else ''
    end as note
from days
cross join datasets
cross join uncounted
left join answered on answered.dataset = datasets.dataset
