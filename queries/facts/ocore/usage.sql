-- facts.usage from oCore's hourly items. Grain: project, meter, hour.
-- Parameters: $connection, $billing_period, $period_start, $period_end,
-- $gib_numerator / $gib_denominator (GiB in the provider's GB; whole numbers, so that the 12th decimal is right).
with items as (
    select
        project_id,
        project_name,
        period_start_at as period_start,
        cpu_core_hours,
        cast((pricing.trillionths(ram_gb_hours) * $gib_numerator + $gib_denominator // 2)
            // $gib_denominator as decimal(38, 0)) * cast(0.000000000001 as decimal(12, 12)) as memory_gib_hours,
        cast((pricing.trillionths(disk_gb_hours) * $gib_numerator + $gib_denominator // 2)
            // $gib_denominator as decimal(38, 0)) * cast(0.000000000001 as decimal(12, 12)) as storage_gib_hours,
        bandwidth_in_bytes,
        bandwidth_out_bytes,
        instance_hours
    from staging.ocore_usage_items
    where x_connection = $connection and x_period = $billing_period and period_type = 'hourly'
),

metered as (
    unpivot items
    on
        cpu_core_hours as core_hours,
        memory_gib_hours,
        storage_gib_hours,
        bandwidth_in_bytes as network_in_bytes,
        bandwidth_out_bytes as network_out_bytes,
        instance_hours
    into name meter value consumed_quantity
)

select
    $connection as connection,
    'ocore' as provider,
    'usage' as dataset,
    $billing_period as billing_period,
    project_id as sub_account_id,
    project_name as sub_account_name,
    '' as region,
    '' as resource_id,
    '' as resource_name,
    meter,
    period_start as charge_period_start,
    period_start + interval 1 hour as charge_period_end,
    consumed_quantity,
    'metered' as basis
from metered
-- an unreadable start is null, noted when it was staged, and not counted
where period_start >= $period_start and period_start < $period_end
