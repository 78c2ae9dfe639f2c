-- Control: oCore's own totals, which come with the items and have documented fields, against what was counted of those
-- (hourly ones inside the month). Rows that were not counted, or never came, show as a difference. Sums of rounded
-- figures may part by a millionth; that counts as equal.
-- Grain: quantity. Parameters: $connection, $billing_period, $period_start, $period_end.
with counted as (
    select
        sum(cpu_core_hours) as cpu_core_hours,
        sum(ram_gb_hours) as ram_gb_hours,
        sum(disk_gb_hours) as disk_gb_hours,
        sum(bandwidth_in_bytes) as bandwidth_in_bytes,
        sum(bandwidth_out_bytes) as bandwidth_out_bytes,
        sum(instance_hours) as instance_hours
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and x_period = $billing_period
        and period_type = 'hourly'
        and period_start_at >= $period_start
        and period_start_at < $period_end
),

stated as (
    select
        sum(cpu_core_hours) as cpu_core_hours,
        sum(ram_gb_hours) as ram_gb_hours,
        sum(disk_gb_hours) as disk_gb_hours,
        sum(bandwidth_in_bytes) as bandwidth_in_bytes,
        sum(bandwidth_out_bytes) as bandwidth_out_bytes,
        sum(instance_hours) as instance_hours
    from staging.ocore_usage_totals
    where x_connection = $connection and x_period = $billing_period
),

compared as (
    select
        unnest(['core hours', 'RAM GB-hours', 'disk GB-hours', 'bytes in', 'bytes out', 'instance hours']) as control,
        unnest(['core-hour', 'GB-hour', 'GB-hour', 'byte', 'byte', 'hour']) as unit,
        unnest([
            stated.cpu_core_hours,
            stated.ram_gb_hours,
            stated.disk_gb_hours,
            stated.bandwidth_in_bytes,
            stated.bandwidth_out_bytes,
            stated.instance_hours
        ]) as source_total,
        unnest([
            coalesce(counted.cpu_core_hours, 0),
            coalesce(counted.ram_gb_hours, 0),
            coalesce(counted.disk_gb_hours, 0),
            coalesce(counted.bandwidth_in_bytes, 0),
            coalesce(counted.bandwidth_out_bytes, 0),
            coalesce(counted.instance_hours, 0)
        ]) as our_total
    from stated
    cross join counted
)

select
    $connection as connection,
    $billing_period as billing_period,
    control,
    cast(source_total as decimal(38, 12)) as source_total,
    cast(our_total as decimal(38, 12)) as our_total,
    unit,
    cast(
        case when abs(source_total - our_total) <= 0.000001 then 0 else source_total - our_total end
        as decimal(38, 12)
    ) as difference
from compared
where source_total is not null
order by control
