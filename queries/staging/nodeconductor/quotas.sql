-- NodeConductor quotas of one aggregate at one time, with the documented names. Null: not answered.
-- Below zero is unlimited, but sums of several projects hide it.
create table if not exists staging.nodeconductor_quotas (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null,
    aggregate varchar not null, -- customer, project_group, project
    uuid varchar not null,
    name varchar not null,
    customer_uuid varchar not null,
    customer_name varchar not null,
    vcpu decimal(38, 12),
    ram decimal(38, 12), -- MiB
    storage decimal(38, 12), -- MiB
    max_instances decimal(38, 12),
    vcpu_usage decimal(38, 12),
    ram_usage decimal(38, 12), -- MiB
    storage_usage decimal(38, 12), -- MiB
    max_instances_usage decimal(38, 12),
    unknown_fields varchar not null -- JSON text, '' when there are none
)
