-- NodeConductor usage: one row per datapoint. cpu is a percentage, memory and storage are MiB.
create table if not exists staging.nodeconductor_usage_points (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    aggregate varchar not null, -- customer, project_group, project
    uuid varchar not null,
    item varchar not null,
    series_position bigint not null,
    is_asked boolean not null,
    position bigint not null, -- as answered: later servers answer in descending order
    from_epoch bigint not null, -- as answered, unix seconds
    to_epoch bigint not null,
    from_at timestamp, -- the same in UTC; null when no calendar holds it
    to_at timestamp,
    value decimal(38, 12), -- null: the server has none, which is not zero
    unknown_fields varchar not null -- JSON text, '' when there are none
)
