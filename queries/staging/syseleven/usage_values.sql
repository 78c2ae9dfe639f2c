-- SysEleven current use (current_usage): one row per region, field and type, in the order of the answer.
-- Values: cores, MiB, GiB, bytes, counts: levels, never summed over time.
-- Fields that were not answered have no row. Without a figure: resource '' is a region that answered nothing,
-- a field with type '' and a null value an empty list or object.
create table if not exists staging.syseleven_usage_values (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null, -- when it was answered; the body has no time
    project_id varchar not null,
    api_version varchar not null, -- v1, v2, v3
    position bigint not null, -- of the row in the answer
    region varchar not null,
    resource varchar not null, -- the dotted field as answered, e.g. compute.cores
    type varchar not null, -- kind of object storage or name of a flavor, else ''
    value decimal(38, 12),
    is_documented boolean not null,
    unknown_fields varchar not null -- JSON text, '' when there are none; 'null' for a region that was null
)
