-- facts.quotas for SysEleven: the last limits of each UTC day and the last use of that day beside them.
-- Grain: project, region, resource, day. Resources are the documented fields; object storage is one per type
-- (objectstorage.<type>), matched by type since its order differs between the two answers.
-- -1 is unlimited, 0 allows nothing; use that was not answered that day is null. Limits per user, server or group
-- (key pairs, metadata items, group members) have no use. Parameters: $connection, $billing_period, $period_start, $period_end.
with limits as (
    select
        x_receipt,
        x_captured_at,
        date_trunc('day', x_captured_at) as day,
        project_id,
        region,
        case
            when resource = 'objectstorage' then 'objectstorage.' || type
            when resource = 'network.vpn_ikepolicy' then 'network.vpn_ikepolicies'
            else resource
        end as resource,
        position,
        value
    from staging.syseleven_quota_values
    where
        x_connection = $connection
        and x_captured_at >= $period_start
        and x_captured_at < $period_end
        and value is not null
        and is_documented
),

-- The day's last answer that has the region at all.
region_captures as (
    select distinct
        x_receipt,
        x_captured_at,
        day,
        project_id,
        region
    from limits
    qualify dense_rank() over (
        partition by project_id, region, day
        order by x_captured_at desc, x_receipt desc
    ) = 1
),

last_limits as (
    select limits.*
    from limits
    inner join region_captures using (x_receipt, x_captured_at, day, project_id, region)
    qualify row_number() over (
        partition by limits.project_id, limits.region, limits.resource, limits.day
        order by limits.position
    ) = 1
),

last_used as (
    select
        date_trunc('day', x_captured_at) as day,
        project_id,
        region,
        case
            when resource = 'objectstorage' then 'objectstorage.' || type
            when resource = 'network.vpn_ikepolicy' then 'network.vpn_ikepolicies'
            else resource
        end as resource,
        arg_max(value, (x_captured_at, x_receipt, position)) as value
    from staging.syseleven_usage_values
    where
        x_connection = $connection
        and x_captured_at >= $period_start
        and x_captured_at < $period_end
        and value is not null
        and is_documented
        and resource not in ('compute.flavors', 'loadbalancer.flavors')
    group by all
)

select
    $connection as connection,
    'syseleven' as provider,
    'quota' as dataset,
    $billing_period as billing_period,
    project_id as sub_account_id,
    project_id as sub_account_name, -- the API names no project
    region,
    resource,
    case
        when resource = 'compute.cores' then 'core'
        when resource = 'compute.ram_mb' then 'MiB'
        when resource in ('volume.space_gb', 'volume.backup_gb') then 'GiB'
        when resource = 's3.space_bytes' or starts_with(resource, 'objectstorage.') then 'byte'
        else 'count'
    end as unit,
    nullif(last_limits.value, -1) as limit_quantity,
    last_limits.value = -1 as is_unlimited,
    last_used.value as used_quantity,
    last_limits.x_captured_at as captured_at
from last_limits
left join last_used using (project_id, region, resource, day)
