-- OpenScaler live stats: one row per machine in a snapshot. Figures are null where the answer has none, which only
-- a machine that does not run may do. Names repeat; vm_id does not.
create table if not exists staging.openscaler_live_vms (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null, -- the snapshot's own timestamp
    position bigint not null, -- in the list of the answer
    vm_id bigint not null,
    name varchar not null,
    state varchar not null,
    region varchar not null,
    created_at varchar not null, -- as answered, without a zone
    created_at_utc timestamp, -- the same read as UTC; null when it is no time
    os varchar not null,
    cpu decimal(38, 18), -- percent
    memory_used decimal(38, 12), -- bytes
    memory_total decimal(38, 12), -- bytes
    disk_read decimal(38, 18), -- bytes per second, a rate
    disk_write decimal(38, 18), -- bytes per second
    disk_allocation decimal(38, 12), -- bytes
    disk_capacity decimal(38, 12), -- bytes
    disk_usage decimal(38, 18), -- percent
    network_rx decimal(38, 18), -- bytes per second
    network_tx decimal(38, 18), -- bytes per second
    unknown_fields varchar not null -- JSON text, '' when there are none
)
