-- ScaleOps workload report: one row per workload and answered window. Money is in the connection's currency; the answer
-- names none. Percentages and replicas are levels: never summed.
create table if not exists staging.scaleops_workloads (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    asked_from timestamp not null, -- the asked window, half-open, UTC
    asked_to timestamp not null,
    window_start timestamp, -- the answered window, UTC; null when it cannot be read
    window_end timestamp,
    is_asked_window boolean not null, -- false: another window was answered, which is never counted for the asked one
    position bigint not null, -- in the answered list, from 0
    id varchar not null,
    cluster_name varchar not null,
    namespace varchar not null,
    workload_name varchar not null,
    workload_type varchar not null,
    amount_of_workloads bigint not null,
    hourly_cost decimal(38, 12) not null,
    total_cost decimal(38, 12) not null, -- over the answered window
    on_demand_hours decimal(38, 12) not null,
    spot_hours decimal(38, 12) not null,
    on_demand_percent decimal(38, 12) not null,
    spot_percent decimal(38, 12) not null,
    savings_available decimal(38, 12) not null, -- an alternative to the next one, never added to it
    savings_available_with_replicas decimal(38, 12) not null,
    replicas decimal(38, 12) not null, -- an average
    owner_cpu_request decimal(38, 12) not null, -- cores or millicores: not documented
    owner_memory_request decimal(38, 12) not null,
    owner_gpu_request decimal(38, 12) not null,
    owner_labels varchar, -- JSON text: a list of key and value in its order, keys may repeat
    services varchar, -- JSON text, a list in its order
    annotations varchar, -- JSON text; null in the document's example
    labels varchar, -- JSON text; null in the document's example
    unknown_fields varchar not null -- JSON text, '' when there are none
)
