-- Whether workloads of [$start, $end) tell their annotations: the document's own example has null. One row.
-- Parameters: $connection, $start, $end.
select
    count(*) as row_count,
    count(annotations) as annotated_count
from staging.scaleops_workloads
where
    x_connection = $connection
    and is_asked_window
    and asked_from >= $start
    and asked_to <= $end
