-- facts.usage for SysEleven, integrated over samples: a project's state holds until the project's next sample, at most
-- $max_gap_seconds; what lies beyond is a gap. Grain: project, region, meter, UTC day.
-- A sample says nothing about a region or component that it lacks: no row, neither zero nor what was before.
-- A sample shortly before the month carries into it, so samples are read by their time, not by x_period.
-- Quantities are integer arithmetic (levels in millionths, times in seconds) divided once at the end: a decimal
-- division would go through a double. Rounded half to even at the 12th decimal.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $observed_until, $max_gap_seconds.
with bounds as (
    select
        cast($period_start as timestamp) as period_start,
        cast(least($period_end, date_trunc('second', cast($observed_until as timestamp))) as timestamp) as observed_end,
        to_seconds(cast($max_gap_seconds as bigint)) as max_gap
),

-- One answer per project and second: the same answer twice counts once.
answers as (
    select
        answers.x_receipt,
        answers.project_id,
        answers.api_version,
        answers.asked_filter,
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

days as (
    select unnest(generate_series(period_start, observed_end, interval 1 day)) as day
    from bounds
),

day_spans as (
    select
        spans.x_receipt,
        spans.project_id,
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

figures as (
    select
        spans.x_receipt,
        spans.project_id,
        spans.api_version,
        spans.asked_filter,
        figures.region,
        figures.resource,
        figures.type,
        figures.value
    from spans
    inner join staging.syseleven_usage_values as figures
        on
            figures.x_connection = $connection
            and figures.x_receipt = spans.x_receipt
            and figures.project_id = spans.project_id
),

-- The three versions of the API mean the same, except for load balancers: version 1 knows Neutron's only. Both kinds
-- make the total, so without one of the components it is unknown; a region without Neutron does not name them.
region_figures as (
    select
        x_receipt,
        project_id,
        region,
        max(value) filter (where resource = 'compute.cores') as cores,
        max(value) filter (where resource = 'compute.ram_mb') as memory_mib,
        max(value) filter (where resource = 'compute.instances') as instances,
        max(value) filter (where resource = 'volume.space_gb') as volumes_gib,
        case
            when bool_or(resource = 'objectstorage')
                then coalesce(sum(value) filter (where resource = 'objectstorage'), 0)
            else max(value) filter (where resource = 's3.space_bytes')
        end as object_storage_bytes,
        max(value) filter (where resource = 'network.floatingips') as floating_ips,
        case
            when any_value(api_version) = 'v1'
                then max(value) filter (where resource = 'network.loadbalancers')
            when
                any_value(asked_filter) = ''
                or list_contains(string_split(any_value(asked_filter), ','), 'network.lb')
                then max(value) filter (where resource = 'loadbalancer.loadbalancers')
                    + coalesce(max(value) filter (where resource = 'network.loadbalancers'), 0)
        end as load_balancers
    from figures
    group by
        x_receipt,
        project_id,
        region
),

levels as (
    select
        x_receipt,
        project_id,
        region,
        unnest([
            {meter: 'core_hours', level: cast(cores as decimal(38, 12)), per_unit: 1},
            {meter: 'memory_gib_hours', level: memory_mib, per_unit: 1024},
            {meter: 'instance_hours', level: instances, per_unit: 1},
            {meter: 'storage_gib_hours', level: volumes_gib, per_unit: 1},
            {meter: 'object_storage_gib_hours', level: object_storage_bytes, per_unit: 1073741824},
            {meter: 'floating_ip_hours', level: floating_ips, per_unit: 1},
            {meter: 'load_balancer_hours', level: load_balancers, per_unit: 1}
        ], recursive := true)
    from region_figures
    union all
    select
        x_receipt,
        project_id,
        region,
        'flavor:' || type || '_hours' as meter,
        value as level,
        1 as per_unit
    from figures
    where resource = 'compute.flavors' and type <> ''
),

totals as (
    select
        day_spans.day,
        levels.project_id,
        levels.region,
        levels.meter,
        sum(cast(levels.level * 1000000 as hugeint) * cast(day_spans.seconds as hugeint)) as numerator,
        cast(3600000000 as hugeint) * cast(any_value(levels.per_unit) as hugeint) as denominator
    from levels
    inner join day_spans using (x_receipt, project_id)
    where levels.level is not null
    group by
        day_spans.day,
        levels.project_id,
        levels.region,
        levels.meter
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
    'syseleven' as provider,
    'usage' as dataset,
    $billing_period as billing_period,
    project_id as sub_account_id,
    project_id as sub_account_name, -- the API names no project
    region,
    '' as resource_id,
    '' as resource_name,
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
