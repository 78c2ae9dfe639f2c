-- The window [$start, $end) of the aggregated report, when the provider was asked exactly this: the same window,
-- clusters and grouping. One row or none. Parameters: $connection, $start, $end, $group_labels, $group_annotations,
-- $is_multi_cluster, and what the connection asks for: $group_by_labels, $group_by_annotations, $multi_cluster.
select
    asked_from,
    asked_to,
    start_time,
    end_time,
    coalesce(clusters, '[]') as clusters
from staging.scaleops_aggregated_windows
where
    x_connection = $connection
    and is_asked_window
    and asked_from = $start
    and asked_to = $end
    and cast($group_labels as varchar[]) = cast($group_by_labels as varchar[])
    and cast($group_annotations as varchar[]) = cast($group_by_annotations as varchar[])
    and cast($is_multi_cluster as boolean) = cast($multi_cluster as boolean)
