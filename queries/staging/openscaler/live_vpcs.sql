-- OpenScaler live stats: one row per network in a snapshot.
create table if not exists staging.openscaler_live_vpcs (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null, -- the snapshot's own timestamp
    position bigint not null, -- in the list of the answer
    vpc_id bigint not null,
    network_rx decimal(38, 18) not null, -- bytes per second
    network_tx decimal(38, 18) not null, -- bytes per second
    unknown_fields varchar not null -- JSON text, '' when there are none
)
