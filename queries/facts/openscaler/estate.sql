-- facts.estate for OpenScaler: machines and networks as the last snapshot of each UTC day shows them. All are levels:
-- percents, bytes, and rates in bytes per second, which are no volumes. A vm_id and a vpc_id may be equal, so networks
-- are `vpc-<id>`. Grain: resource, measure, day. Parameters: $connection, $billing_period, $period_start, $period_end.
with last_snapshots as (
    select
        x_receipt,
        x_raw_sha256,
        x_captured_at,
        block_storage_allocation,
        block_storage_capacity,
        block_storage_read,
        block_storage_write
    from staging.openscaler_live
    where x_connection = $connection and x_captured_at >= $period_start and x_captured_at < $period_end
    qualify row_number() over (
        partition by date_trunc('day', x_captured_at)
        order by x_captured_at desc, x_receipt asc, x_raw_sha256 asc
    ) = 1
),

vms as (
    select vms.*
    from staging.openscaler_live_vms as vms
    inner join last_snapshots using (x_receipt, x_raw_sha256, x_captured_at)
    where vms.x_connection = $connection
),

vpcs as (
    select vpcs.*
    from staging.openscaler_live_vpcs as vpcs
    inner join last_snapshots using (x_receipt, x_raw_sha256, x_captured_at)
    where vpcs.x_connection = $connection
),

measured as (
    unpivot (
        select
            x_captured_at,
            region,
            cast(vm_id as varchar) as resource_id,
            name as resource_name,
            cpu as cpu_pct,
            memory_used as memory_used_bytes,
            memory_total as memory_total_bytes,
            disk_allocation as disk_allocation_bytes,
            disk_capacity as disk_capacity_bytes,
            disk_usage as disk_usage_pct,
            disk_read as disk_read_bytes_per_second,
            disk_write as disk_write_bytes_per_second,
            network_rx as network_rx_bytes_per_second,
            network_tx as network_tx_bytes_per_second
        from vms
    )
    on columns(* exclude (x_captured_at, region, resource_id, resource_name))
    into name measure value quantity
    union all by name
    unpivot (
        select
            x_captured_at,
            '' as region,
            'vpc-' || cast(vpc_id as varchar) as resource_id,
            '' as resource_name,
            network_rx as network_rx_bytes_per_second,
            network_tx as network_tx_bytes_per_second
        from vpcs
    )
    on columns(* exclude (x_captured_at, region, resource_id, resource_name))
    into name measure value quantity
    union all by name
    unpivot (
        select
            x_captured_at,
            '' as region,
            'block_storage' as resource_id,
            'block_storage' as resource_name,
            block_storage_allocation as block_storage_allocation_bytes,
            block_storage_capacity as block_storage_capacity_bytes,
            block_storage_read as block_storage_read_bytes_per_second,
            block_storage_write as block_storage_write_bytes_per_second
        from last_snapshots
    )
    on columns(* exclude (x_captured_at, region, resource_id, resource_name))
    into name measure value quantity
),

levels as (
    select
        x_captured_at,
        region,
        resource_id,
        resource_name,
        measure,
        case
            when measure like '%\_pct' escape '\' then 'percent'
            when measure like '%\_per\_second' escape '\' then 'byte/s'
            else 'byte'
        end as unit,
        quantity,
        '' as label
    from measured
    union all
    select
        x_captured_at,
        region,
        cast(vm_id as varchar) as resource_id,
        name as resource_name,
        'state' as measure,
        '' as unit,
        null as quantity,
        state as label
    from vms
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
    measure,
    unit,
    quantity,
    label,
    x_captured_at as captured_at
from levels
