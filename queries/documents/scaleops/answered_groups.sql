-- The groups of one window of the aggregated report as answered, in the order of the document's fields.
-- Grain: group,
-- with its place in the answer; rows are not sorted. Parameters: $connection, $start, $end.
select
    amount_of_workloads,
    annotations,
    cluster_name,
    hourly_cost,
    id,
    labels,
    namespace,
    on_demand_hours,
    on_demand_percent,
    owner_cpu_request,
    owner_gpu_request,
    owner_labels,
    owner_memory_request,
    replicas,
    savings_available,
    savings_available_with_replicas,
    services,
    spot_hours,
    spot_percent,
    total_cost,
    workload_name,
    workload_type,
    position
from staging.scaleops_aggregated
where
    x_connection = $connection
    and is_asked_window
    and asked_from = $start
    and asked_to = $end
