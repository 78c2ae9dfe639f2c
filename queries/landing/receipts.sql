-- One row per fetch of a unit (connection, provider, dataset, period), landed or failed, in the order of `fetched_at`.
-- Rebuilt from the receipts beside the raw files.
create table if not exists landing.receipts (
    receipt varchar not null,
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    period varchar not null,
    outcome varchar not null, -- landed, failed, unreadable
    fetched_at timestamp not null,
    error varchar,
    row_count bigint,
    notes varchar[] not null
)
