-- Usage per project and bucket, with the names and the order of the document. Hours are counted that begin in
-- [$start, $end), of any month; buckets are UTC and may be cut by the bounds. Core-hours, GB-hours, instance-hours
-- and bytes add up; the instance count is a level: the highest of the hours.
-- Parameters: $connection, $start, $end, $unit (hour, day, month), $period, $project_id (null: all).
with hours as (
    select
        *,
        date_trunc($unit, period_start_at) as bucket_start
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and period_type = 'hourly'
        and period_start_at >= $start
        and period_start_at < $end
        -- what an answer holds beyond its own month is the other month's to say, as in the facts
        and x_period = strftime(period_start_at, '%Y-%m')
        and (cast($project_id as varchar) is null or project_id = $project_id)
)

select
    sum(bandwidth_in_bytes) as "bandwidthInBytes",
    sum(bandwidth_out_bytes) as "bandwidthOutBytes",
    sum(cpu_core_hours) as "cpuCoreHours",
    sum(disk_gb_hours) as "diskGbHours",
    max(instance_count) as "instanceCount",
    sum(instance_hours) as "instanceHours",
    strftime(bucket_start, '%Y-%m-%dT%H:%M:%SZ') as "periodStart",
    cast($period as varchar) as "periodType",
    project_id as "projectId",
    arg_max(project_name, period_start_at) as "projectName",
    sum(ram_gb_hours) as "ramGbHours"
from hours
group by bucket_start, project_id
order by bucket_start, project_id
