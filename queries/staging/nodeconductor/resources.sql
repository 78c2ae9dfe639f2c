-- NodeConductor resources: capacity of one cloud at one time.
create table if not exists staging.nodeconductor_resources (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null,
    auth_url varchar not null,
    position bigint not null, -- 0, unless a list was answered
    vcpus_used decimal(38, 12) not null,
    vcpu_quota decimal(38, 12) not null,
    vcpus decimal(38, 12) not null,
    free_ram_mb decimal(38, 12) not null, -- MiB
    memory_mb_used decimal(38, 12) not null, -- MiB
    memory_quota decimal(38, 12) not null, -- MiB
    memory_mb decimal(38, 12) not null, -- MiB
    free_disk_gb decimal(38, 12) not null, -- GiB
    storage_quota decimal(38, 12) not null, -- MiB
    unknown_fields varchar not null -- JSON text, '' when there are none
)
