-- facts.coverage for OpenScaler: the hours of each UTC day in which a sample held. Nobody can ask for them later.
-- The spans are those of usage.sql. Grain: day.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $observed_until, $max_gap_seconds.
with bounds as (
    select
        cast($period_start as timestamp) as period_start,
        cast(least($period_end, date_trunc('second', cast($observed_until as timestamp))) as timestamp) as observed_end,
        to_seconds(cast($max_gap_seconds as bigint)) as max_gap
),

days as (
    select unnest(generate_series(
        cast($period_start as timestamp), cast($period_end as timestamp) - interval 1 day, interval 1 day
    )) as day
),

instants as (
    select distinct live.x_captured_at as captured_at
    from staging.openscaler_live as live
    cross join bounds
    where
        live.x_connection = $connection
        and live.x_captured_at >= bounds.period_start - bounds.max_gap
        and live.x_captured_at < bounds.observed_end
),

spans as (
    select
        greatest(instants.captured_at, bounds.period_start) as span_start,
        least(
            coalesce(lead(instants.captured_at) over (order by instants.captured_at), bounds.observed_end),
            instants.captured_at + bounds.max_gap,
            bounds.observed_end
        ) as span_end
    from instants
    cross join bounds
),

day_seconds as (
    select
        days.day,
        sum(date_diff(
            'second',
            greatest(spans.span_start, days.day),
            least(spans.span_end, days.day + interval 1 day)
        )) as seconds
    from spans
    inner join days
        on greatest(spans.span_start, days.day) < least(spans.span_end, days.day + interval 1 day)
    group by days.day
)

select
    $connection as connection,
    'openscaler' as provider,
    'live' as dataset,
    $billing_period as billing_period,
    cast(days.day as date) as date,
    'usage' as feeds,
    'hours' as unit,
    24 as expected,
    -- seconds / 3600 in integers, rounded at the 12th decimal; ninths have no ties
    cast(
        (coalesce(day_seconds.seconds, 0) * cast(1000000000000 as hugeint) + 1800) // 3600 as decimal(38, 0)
    ) * cast(0.000000000001 as decimal(12, 12)) as received,
    false as is_backfillable,
    '' as note
from days
left join day_seconds on day_seconds.day = days.day
