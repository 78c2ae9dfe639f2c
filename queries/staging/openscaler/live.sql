-- OpenScaler live stats: one row per snapshot, the account's aggregates. Figures are null where the answer has null.
create table if not exists staging.openscaler_live (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null, -- the snapshot's own timestamp
    timestamp bigint not null, -- unix seconds
    step bigint not null, -- seconds
    cpu decimal(38, 18), -- percent, the mean over machines
    memory_used decimal(38, 12), -- bytes
    memory_total decimal(38, 12), -- bytes
    disk_read decimal(38, 18), -- bytes per second, a rate
    disk_write decimal(38, 18), -- bytes per second
    disk_allocation decimal(38, 12), -- bytes
    disk_capacity decimal(38, 12), -- bytes
    disk_usage decimal(38, 18), -- percent
    block_storage_read decimal(38, 18), -- bytes per second
    block_storage_write decimal(38, 18), -- bytes per second
    block_storage_allocation decimal(38, 12), -- bytes
    block_storage_capacity decimal(38, 12), -- bytes
    block_storage_usage decimal(38, 18), -- as answered: the documented example is twice allocation / capacity
    network_rx decimal(38, 18), -- bytes per second, the sum over VPCs
    network_tx decimal(38, 18), -- bytes per second, the sum over VPCs
    unknown_fields varchar not null -- JSON text, those of the object data below that name, '' when there are none
)
