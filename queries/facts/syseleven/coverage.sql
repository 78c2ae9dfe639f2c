-- facts.coverage for SysEleven. Grain: dataset, UTC day. Neither dataset can be asked about the past.
-- usage: 24 hours are expected of each region of each project, received are those in which a sample of the project held
-- that had figures of the region. The projects are the configured ones and those seen in the month; the regions are the
-- configured ones, else those seen in the month for the project (one unnamed region while none was seen).
-- quota: one capture a day is expected of each project.
-- The spans are those of usage.sql. Parameters: $connection, $billing_period, $period_start, $period_end,
-- $observed_until, $max_gap_seconds, $project_ids, $regions (configured; no regions: all).
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

configured_projects as (
    select unnest(cast($project_ids as varchar[])) as project_id
),

configured_regions as (
    select unnest(cast($regions as varchar[])) as region
),

answers as (
    select
        answers.x_receipt,
        answers.project_id,
        date_trunc('second', answers.x_captured_at) as captured_at
    from staging.syseleven_usage_answers as answers
    cross join bounds
    where
        answers.x_connection = $connection
        and answers.x_captured_at >= bounds.period_start - bounds.max_gap
        and answers.x_captured_at < bounds.observed_end
    qualify row_number() over (
        partition by answers.project_id, date_trunc('second', answers.x_captured_at)
        order by answers.x_receipt
    ) = 1
),

spans as (
    select
        answers.*,
        greatest(answers.captured_at, bounds.period_start) as span_start,
        least(
            coalesce(
                lead(answers.captured_at) over (partition by answers.project_id order by answers.captured_at),
                bounds.observed_end
            ),
            answers.captured_at + bounds.max_gap,
            bounds.observed_end
        ) as span_end
    from answers
    cross join bounds
),

-- A region without any figure answered nothing.
region_spans as (
    select distinct
        spans.project_id,
        figures.region,
        spans.span_start,
        spans.span_end
    from spans
    inner join staging.syseleven_usage_values as figures
        on
            figures.x_connection = $connection
            and figures.x_receipt = spans.x_receipt
            and figures.project_id = spans.project_id
    where spans.span_start < spans.span_end and figures.value is not null and figures.is_documented
),

projects as (
    select project_id from configured_projects
    union
    select project_id from spans
    where span_start < span_end
),

project_regions as (
    select
        projects.project_id,
        configured_regions.region
    from projects
    cross join configured_regions
    union
    select
        projects.project_id,
        coalesce(region_spans.region, '') as region
    from projects
    left join region_spans on region_spans.project_id = projects.project_id
    where not exists (select 1 from configured_regions)
),

day_seconds as (
    select
        days.day,
        sum(date_diff(
            'second',
            greatest(region_spans.span_start, days.day),
            least(region_spans.span_end, days.day + interval 1 day)
        )) as seconds
    from region_spans
    inner join project_regions using (project_id, region)
    inner join days
        on greatest(region_spans.span_start, days.day) < least(region_spans.span_end, days.day + interval 1 day)
    group by days.day
),

captures as (
    select distinct
        date_trunc('day', x_captured_at) as day,
        project_id
    from staging.syseleven_quota_values
    where
        x_connection = $connection
        and x_captured_at >= $period_start
        and x_captured_at < $period_end
        and value is not null
        and is_documented
),

quota_projects as (
    select project_id from configured_projects
    union
    select project_id from captures
),

covered as (
    select
        'usage' as dataset,
        'usage' as feeds,
        'hours' as unit,
        days.day,
        24 * (select count(*) from project_regions) as expected,
        -- seconds / 3600 in integers, rounded at the 12th decimal; ninths have no ties
        cast(
            (coalesce(day_seconds.seconds, 0) * cast(1000000000000 as hugeint) + 1800) // 3600 as decimal(38, 0)
        ) * cast(0.000000000001 as decimal(12, 12)) as received,
        (select count(*) from project_regions) || ' regions of ' || (select count(*) from projects) || ' projects' as note
    from days
    left join day_seconds on day_seconds.day = days.day
    union all
    select
        'quota' as dataset,
        'quotas' as feeds,
        'captures' as unit,
        days.day,
        (select count(*) from quota_projects) as expected,
        count(captures.project_id) as received,
        (select count(*) from quota_projects) || ' projects' as note
    from days
    left join captures on captures.day = days.day
    group by days.day
)

select
    $connection as connection,
    'syseleven' as provider,
    dataset,
    $billing_period as billing_period,
    cast(day as date) as date,
    feeds,
    unit,
    expected,
    received,
    false as is_backfillable,
    note
from covered
