-- facts.estate for SysEleven: what exists per project and region, as the last sample of each UTC day that has figures of
-- the region shows it. Machines and Octavia load balancers per flavor are measures `flavor:<name>` and
-- `load_balancer_flavor:<name>`. Grain: project, region, measure, day.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
with figures as (
    select
        x_receipt,
        x_captured_at,
        date_trunc('day', x_captured_at) as day,
        project_id,
        region,
        resource,
        type,
        value
    from staging.syseleven_usage_values
    where
        x_connection = $connection
        and x_captured_at >= $period_start
        and x_captured_at < $period_end
        and value is not null
        and is_documented
),

last_figures as (
    select *
    from figures
    qualify dense_rank() over (
        partition by project_id, region, day
        order by x_captured_at desc, x_receipt desc
    ) = 1
),

levels as (
    select
        *,
        case
            when resource = 'compute.instances' then 'instances'
            when resource = 'volume.volumes' then 'volumes'
            when resource = 'image.images' then 'images'
            when resource = 'network.floatingips' then 'floating_ips'
            when resource = 'compute.flavors' then 'flavor:' || type
            when resource = 'loadbalancer.flavors' then 'load_balancer_flavor:' || type
        end as measure
    from last_figures
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
    measure,
    'count' as unit,
    value as quantity,
    '' as label,
    x_captured_at as captured_at
from levels
where measure is not null
