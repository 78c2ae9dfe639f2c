-- oCore usage totals: the control sums that come with the items, one row per answer. Every field is
-- optional: for several projects the document leaves open what the words in it mean.
create table if not exists staging.ocore_usage_totals (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    project_id varchar,
    project_name varchar,
    period_start varchar,
    period_type varchar,
    cpu_core_hours decimal(38, 12),
    ram_gb_hours decimal(38, 12),
    disk_gb_hours decimal(38, 12),
    bandwidth_in_bytes decimal(38, 12),
    bandwidth_out_bytes decimal(38, 12),
    instance_hours decimal(38, 12),
    instance_count decimal(38, 12), -- a level: never summed over time
    unknown_fields varchar not null -- JSON text, '' when there are none
)
