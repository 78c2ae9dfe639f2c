-- The current state of each unit (connection, provider, dataset, period): what is staged, and what failed since.
create table if not exists landing.units (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    period varchar not null,
    receipt varchar, -- the staged one; null while nothing could be staged
    inputs_sha256 varchar,
    fetched_at timestamp,
    row_count bigint,
    error varchar, -- of the newest fetch, when it failed
    error_at timestamp
)
