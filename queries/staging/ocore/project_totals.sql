-- oCore totals per project from /usage/totals, a control of the items. Every field is optional: the
-- document leaves the content of its rows open.
create table if not exists staging.ocore_project_totals (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
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
