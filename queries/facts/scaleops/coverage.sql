-- facts.coverage for ScaleOps: one window is asked for each UTC day and report. It is received when the answer is
-- for that window, also without a single workload in it. Parameters: $connection, $billing_period,
-- $period_start, $period_end.
with days as (
    select unnest(generate_series($period_start, $period_end - interval 1 day, interval 1 day)) as day
),

datasets as (
    select unnest(['workloads', 'aggregated']) as dataset, unnest(['costs', 'control']) as feeds
),

answered as (
    select
        'workloads' as dataset,
        asked_from,
        is_asked_window
    from staging.scaleops_workload_windows
    where x_connection = $connection and x_period = $billing_period
    union all
    select
        'aggregated' as dataset,
        asked_from,
        is_asked_window
    from staging.scaleops_aggregated_windows
    where x_connection = $connection and x_period = $billing_period
),

windows as (
    select
        dataset,
        asked_from,
        bool_or(is_asked_window) as is_asked_window
    from answered
    group by dataset, asked_from
)

select
    $connection as connection,
    'scaleops' as provider,
    datasets.dataset,
    $billing_period as billing_period,
    cast(days.day as date) as date,
    datasets.feeds,
    'windows' as unit,
    1 as expected,
    case when windows.is_asked_window then 1 else 0 end as received,
    true as is_backfillable,
    case when not windows.is_asked_window then 'answered for another window than the asked one' else '' end as note
from days
cross join datasets
left join windows on datasets.dataset = windows.dataset and days.day = windows.asked_from
