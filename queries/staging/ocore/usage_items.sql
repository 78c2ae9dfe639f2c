-- oCore usage: one row per project and hour, as answered. Numbers keep every digit of the answer.
create table if not exists staging.ocore_usage_items (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    project_id varchar not null,
    project_name varchar not null,
    period_start varchar not null, -- as answered; the document promises only a string
    period_start_at timestamp, -- the same as a UTC time; null when it is none
    period_type varchar not null,
    cpu_core_hours decimal(38, 12) not null,
    ram_gb_hours decimal(38, 12) not null,
    disk_gb_hours decimal(38, 12) not null,
    bandwidth_in_bytes decimal(38, 12) not null,
    bandwidth_out_bytes decimal(38, 12) not null,
    instance_hours decimal(38, 12) not null,
    instance_count decimal(38, 12) not null, -- a level: never summed over time
    unknown_fields varchar not null -- JSON text, '' when there are none
)
