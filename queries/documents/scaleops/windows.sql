-- The windows of the workload report, of any month, that overlap [$start, $end) and were answered as asked.
-- Grain: window. `clusters` is a list as JSON text: as answered, or the names in the rows where it was null.
-- Parameters: $connection, $start, $end.
with windows as (
    select
        asked_from,
        asked_to,
        start_time,
        end_time,
        clusters
    from staging.scaleops_workload_windows
    where
        x_connection = $connection
        and is_asked_window
        and asked_from < $end
        and asked_to > $start
),

named as (
    select
        workloads.asked_from,
        to_json(list(distinct workloads.cluster_name order by workloads.cluster_name)) as clusters
    from staging.scaleops_workloads as workloads
    semi join windows on workloads.asked_from = windows.asked_from and windows.clusters is null
    where workloads.x_connection = $connection and workloads.is_asked_window
    group by workloads.asked_from
)

select
    windows.asked_from,
    windows.asked_to,
    windows.start_time,
    windows.end_time,
    coalesce(windows.clusters, named.clusters, '[]') as clusters
from windows
left join named on windows.asked_from = named.asked_from
order by windows.asked_from
