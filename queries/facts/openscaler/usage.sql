-- facts.usage for OpenScaler, integrated over samples: a state holds until the next sample of the connection, at most
-- $max_gap_seconds; what lies beyond is a gap. Grain: resource, region, meter, UTC day.
-- A sample shortly before the month carries into it, so samples are read by their time, not by x_period.
-- The document names one state, 'running'; checks/openscaler/notices.sql tells the others.
-- Quantities are integer arithmetic (levels in millionths, times in seconds) divided once at the end: a decimal
-- division would go through a double. Rounded half to even at the 12th decimal.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $observed_until, $max_gap_seconds.
with bounds as (
    select
        cast($period_start as timestamp) as period_start,
        cast(least($period_end, date_trunc('second', cast($observed_until as timestamp))) as timestamp) as observed_end,
        to_seconds(cast($max_gap_seconds as bigint)) as max_gap
),

-- The same timestamp on two polls is a stale answer: it counts once.
snapshots as (
    select
        live.x_receipt,
        live.x_raw_sha256,
        live.x_captured_at as captured_at,
        live.block_storage_capacity
    from staging.openscaler_live as live
    cross join bounds
    where
        live.x_connection = $connection
        and live.x_captured_at >= bounds.period_start - bounds.max_gap
        and live.x_captured_at < bounds.observed_end
    qualify row_number() over (partition by live.x_captured_at order by live.x_receipt, live.x_raw_sha256) = 1
),

spans as (
    select
        snapshots.*,
        greatest(snapshots.captured_at, bounds.period_start) as span_start,
        least(
            coalesce(lead(snapshots.captured_at) over (order by snapshots.captured_at), bounds.observed_end),
            snapshots.captured_at + bounds.max_gap,
            bounds.observed_end
        ) as span_end
    from snapshots
    cross join bounds
),

days as (
    select unnest(generate_series(period_start, observed_end, interval 1 day)) as day
    from bounds
),

day_spans as (
    select
        spans.x_receipt,
        spans.x_raw_sha256,
        spans.captured_at,
        spans.block_storage_capacity,
        days.day,
        date_diff(
            'second',
            greatest(spans.span_start, days.day),
            least(spans.span_end, days.day + interval 1 day)
        ) as seconds
    from spans
    inner join days
        on greatest(spans.span_start, days.day) < least(spans.span_end, days.day + interval 1 day)
),

vm_spans as (
    select
        day_spans.day,
        day_spans.seconds,
        day_spans.captured_at,
        vms.region,
        cast(vms.vm_id as varchar) as resource_id,
        vms.name as resource_name,
        lower(vms.state) = 'running' as is_running,
        vms.memory_total,
        vms.disk_capacity
    from day_spans
    inner join staging.openscaler_live_vms as vms
        on
            vms.x_connection = $connection
            and vms.x_receipt = day_spans.x_receipt
            and vms.x_raw_sha256 = day_spans.x_raw_sha256
            and vms.x_captured_at = day_spans.captured_at
),

levels as (
    select
        day,
        seconds,
        captured_at,
        region,
        resource_id,
        resource_name,
        'instance_hours' as meter,
        1 as level,
        1 as per_unit
    from vm_spans
    where is_running
    union all
    select
        day,
        seconds,
        captured_at,
        region,
        resource_id,
        resource_name,
        'memory_gib_hours' as meter,
        memory_total as level,
        1073741824 as per_unit
    from vm_spans
    where is_running and memory_total is not null
    union all
    -- A disk is there whether its machine runs or not.
    select
        day,
        seconds,
        captured_at,
        region,
        resource_id,
        resource_name,
        'storage_gib_hours' as meter,
        disk_capacity as level,
        1073741824 as per_unit
    from vm_spans
    where disk_capacity is not null
    union all
    select
        day,
        seconds,
        captured_at,
        '' as region,
        'block_storage' as resource_id,
        'block_storage' as resource_name,
        'storage_gib_hours' as meter,
        block_storage_capacity as level,
        1073741824 as per_unit
    from day_spans
    where block_storage_capacity is not null
),

totals as (
    select
        day,
        region,
        resource_id,
        meter,
        arg_max(resource_name, captured_at) as resource_name,
        sum(cast(level * 1000000 as hugeint) * cast(seconds as hugeint)) as numerator,
        cast(3600000000 as hugeint) * cast(any_value(per_unit) as hugeint) as denominator
    from levels
    group by
        day,
        region,
        resource_id,
        meter
),

quotients as (
    select
        *,
        (numerator // denominator) * cast(1000000000000 as hugeint)
        + ((numerator % denominator) * cast(1000000000000 as hugeint)) // denominator as picos,
        ((numerator % denominator) * cast(1000000000000 as hugeint)) % denominator as remainder
    from totals
)

select
    $connection as connection,
    'openscaler' as provider,
    'live' as dataset,
    $billing_period as billing_period,
    'account' as sub_account_id,
    $connection as sub_account_name,
    region,
    resource_id,
    resource_name,
    meter,
    day as charge_period_start,
    day + interval 1 day as charge_period_end,
    cast(
        picos + case
            when remainder * 2 > denominator or (remainder * 2 = denominator and picos % 2 = 1) then 1
            else 0
        end as decimal(38, 0)
    ) * cast(0.000000000001 as decimal(12, 12)) as consumed_quantity,
    'sampled' as basis
from quotients
