-- facts.quotas from NodeConductor's quotas per project, the last capture of each day. Grain: project, resource, day.
-- A limit below zero is unlimited. Customers and groups are left out: the server sums -1 into their limits.
-- Parameters: $connection, $billing_period.
with captures as (
    select
        uuid,
        name,
        customer_name,
        x_captured_at,
        unnest([
            {'resource': 'vcpu', 'unit': 'core', 'quota': vcpu, 'used': vcpu_usage},
            {'resource': 'ram', 'unit': 'MiB', 'quota': ram, 'used': ram_usage},
            {'resource': 'storage', 'unit': 'MiB', 'quota': storage, 'used': storage_usage},
            {'resource': 'max_instances', 'unit': 'count', 'quota': max_instances, 'used': max_instances_usage}
        ]) as level
    from staging.nodeconductor_quotas
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project'
),

last_captures as (
    select
        uuid,
        name,
        customer_name,
        x_captured_at,
        level
    from captures
    where level.quota is not null or level.used is not null
    qualify row_number() over (
        partition by uuid, level.resource, cast(x_captured_at as date)
        order by x_captured_at desc
    ) = 1
)

select
    $connection as connection,
    'nodeconductor' as provider,
    'quota' as dataset,
    $billing_period as billing_period,
    uuid as sub_account_id,
    customer_name || ' / ' || name as sub_account_name,
    '' as region,
    level.resource,
    level.unit,
    case when level.quota >= 0 then level.quota end as limit_quantity,
    coalesce(level.quota < 0, false) as is_unlimited,
    level.used as used_quantity,
    x_captured_at as captured_at
from last_captures
