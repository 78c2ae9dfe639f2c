-- NodeConductor creation counts: one row per type and segment.
create table if not exists staging.nodeconductor_creation_times (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    type varchar not null, -- customer, project, project_group
    position bigint not null,
    from_epoch bigint not null, -- as answered, unix seconds
    to_epoch bigint not null,
    from_at timestamp, -- the same in UTC; null when no calendar holds it
    to_at timestamp,
    value bigint not null,
    unknown_fields varchar not null -- JSON text, '' when there are none
)
