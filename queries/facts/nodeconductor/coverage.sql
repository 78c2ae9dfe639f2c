-- facts.coverage for NodeConductor.
-- usage: an hour of a project's memory or storage is covered when it has a value. Expected are 24 hours a day for each
--   project and item since the project was created; 24 in all while nothing was fetched, and when there is nothing
--   to measure (no project yet), which is covered once it was asked. A series without any datapoint has nothing
--   to measure either, unless a quota capture of the month saw instances in the project: then it is missing.
-- creation_time, alert: a day that was asked and answered is covered.
-- quota, customer, resource: one capture a day; a day without one can never be had again.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $auth_url_count.
with days as (
    select unnest(generate_series($period_start, $period_end - interval 1 day, interval 1 day)) as day
),

answered as (
    select
        units.dataset,
        max(units.fetched_at) as fetched_at,
        max(try_cast(files.asked['to'] as bigint) - coalesce(try_cast(files.asked['offset'] as bigint), 0)) as to_epoch
    from landing.units as units
    left join landing.raw_files as files
        on
            units.connection = files.connection
            and units.dataset = files.dataset
            and units.period = files.period
            and units.receipt = files.receipt
    where
        units.connection = $connection
        and units.provider = 'nodeconductor'
        and units.period = $billing_period
        and units.receipt is not null
    group by units.dataset
),

projects as (
    select
        uuid,
        min(created_at) as created_at
    from staging.nodeconductor_aggregates
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project'
    group by uuid
),

inhabited as (
    select distinct uuid
    from staging.nodeconductor_quotas
    where
        x_connection = $connection
        and x_period = $billing_period
        and aggregate = 'project'
        and max_instances_usage > 0
),

unmeasured as (
    select
        uuid,
        item
    from staging.nodeconductor_usage_series
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project' and is_asked
    group by uuid, item
    having max(point_count) = 0
),

measured as (
    select
        projects.uuid,
        items.item,
        projects.created_at
    from projects
    cross join (select unnest(['memory', 'storage']) as item) as items
    left join inhabited on projects.uuid = inhabited.uuid
    left join unmeasured on projects.uuid = unmeasured.uuid and items.item = unmeasured.item
    where unmeasured.uuid is null or inhabited.uuid is not null
),

hours_received as (
    select
        days.day,
        points.uuid,
        points.item,
        sum(
            date_diff(
                'second',
                greatest(points.from_at, days.day),
                least(points.to_at, days.day + interval 1 day)
            )
        ) // 3600 as hours
    from staging.nodeconductor_usage_points as points
    inner join days on points.from_at < days.day + interval 1 day and points.to_at > days.day
    where
        points.x_connection = $connection
        and points.x_period = $billing_period
        and points.aggregate = 'project'
        and points.is_asked
        and points.value is not null
        -- what usage.sql does not count was not seen
        and points.from_at >= $period_start
        and points.to_at <= $period_end
        and points.to_at > points.from_at
    group by days.day, points.uuid, points.item
),

hours_expected as (
    select
        days.day,
        measured.uuid,
        measured.item,
        greatest(0, 24 - greatest(0, coalesce(date_diff('hour', days.day, measured.created_at), 0))) as hours
    from days
    cross join measured
),

usage_days as (
    select
        hours_expected.day,
        sum(hours_expected.hours) as expected,
        sum(least(hours_expected.hours, coalesce(hours_received.hours, 0))) as received
    from hours_expected
    left join hours_received
        on
            hours_expected.day = hours_received.day
            and hours_expected.uuid = hours_received.uuid
            and hours_expected.item = hours_received.item
    group by hours_expected.day
),

usage_coverage as (
    select
        'usage' as dataset,
        days.day,
        'usage' as feeds,
        'hours' as unit,
        case when usage_days.expected > 0 then usage_days.expected else 24 end as expected,
        case
            when usage_days.expected > 0 then usage_days.received
            else greatest(0, least(24, coalesce(date_diff('hour', days.day, answered.fetched_at), 0)))
        end as received,
        true as is_backfillable,
        case
            when answered.fetched_at is not null and coalesce(usage_days.expected, 0) = 0
                then 'no project had anything to measure'
            else ''
        end as note
    from days
    left join usage_days on days.day = usage_days.day
    left join answered on answered.dataset = 'usage'
),

history_coverage as (
    select
        datasets.dataset,
        days.day,
        'estate' as feeds,
        'days' as unit,
        1 as expected,
        -- the last second of an alert's window is part of it
        case when answered.to_epoch + 1 >= epoch(days.day + interval 1 day) then 1 else 0 end as received,
        true as is_backfillable,
        '' as note
    from days
    cross join (select unnest(['creation_time', 'alert']) as dataset) as datasets
    left join answered on datasets.dataset = answered.dataset
),

captures as (
    select
        files.dataset,
        cast(files.captured_at as date) as date
    from landing.raw_files as files
    semi join landing.receipts as receipts
        on files.receipt = receipts.receipt and receipts.provider = 'nodeconductor'
    where
        files.connection = $connection
        and files.dataset in ('quota', 'customer', 'resource')
        and files.captured_at >= $period_start
        and files.captured_at < $period_end
    group by files.dataset, cast(files.captured_at as date)
),

capture_coverage as (
    select
        datasets.dataset,
        days.day,
        case when datasets.dataset = 'quota' then 'quotas' else 'estate' end as feeds,
        'captures' as unit,
        case when datasets.dataset = 'resource' and $auth_url_count = 0 then 0 else 1 end as expected,
        case
            when datasets.dataset = 'resource' and $auth_url_count = 0 then 0
            when captures.date is not null then 1
            else 0
        end as received,
        false as is_backfillable,
        case when datasets.dataset = 'resource' and $auth_url_count = 0 then 'no auth_urls configured' else '' end as note
    from days
    cross join (select unnest(['quota', 'customer', 'resource']) as dataset) as datasets
    left join captures on datasets.dataset = captures.dataset and cast(days.day as date) = captures.date
),

coverage as (
    select * from usage_coverage
    union all
    select * from history_coverage
    union all
    select * from capture_coverage
)

select
    $connection as connection,
    'nodeconductor' as provider,
    dataset,
    $billing_period as billing_period,
    cast(day as date) as date,
    feeds,
    unit,
    cast(expected as decimal(38, 12)) as expected,
    cast(received as decimal(38, 12)) as received,
    is_backfillable,
    note
from coverage
