-- Usage per sub account and bucket from the facts of any provider, with the names and the order of the document: sums
-- over regions and resources, null where a meter has no row. What begins in [$start, $end) counts, of any month.
-- Instances are a level that usage does not hold. A GB is a GiB.
-- Parameters: $connection, $start, $end, $unit (hour, day, month), $period, $project_id (null: all).
with used as (
    select
        *,
        date_trunc($unit, charge_period_start) as bucket_start
    from facts.usage
    where
        connection = $connection
        and charge_period_start >= $start
        and charge_period_start < $end
        and (cast($project_id as varchar) is null or sub_account_id = $project_id)
)

select
    sum(consumed_quantity) filter (where meter = 'network_in_bytes') as "bandwidthInBytes",
    sum(consumed_quantity) filter (where meter = 'network_out_bytes') as "bandwidthOutBytes",
    sum(consumed_quantity) filter (where meter = 'core_hours') as "cpuCoreHours",
    sum(consumed_quantity) filter (where meter = 'storage_gib_hours') as "diskGbHours",
    sum(consumed_quantity) filter (where meter = 'instance_hours') as "instanceHours",
    strftime(bucket_start, '%Y-%m-%dT%H:%M:%SZ') as "periodStart",
    cast($period as varchar) as "periodType",
    sub_account_id as "projectId",
    arg_max(sub_account_name, charge_period_start) as "projectName",
    sum(consumed_quantity) filter (where meter = 'memory_gib_hours') as "ramGbHours"
from used
group by bucket_start, sub_account_id
order by bucket_start, sub_account_id
