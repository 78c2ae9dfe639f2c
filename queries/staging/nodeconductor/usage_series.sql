-- NodeConductor usage: one row per answered series. A series without datapoints has nothing to measure, or nothing
-- that is monitored.
create table if not exists staging.nodeconductor_usage_series (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    aggregate varchar not null, -- customer, project_group, project
    uuid varchar not null, -- as asked; answers carry names only
    item varchar not null, -- cpu, memory, storage
    position bigint not null, -- in the answered list, from 0
    name varchar not null,
    point_count bigint not null,
    are_points_distinct boolean not null, -- each begins at another time
    is_asked boolean not null, -- false: more series came than the one asked for, and this is not it
    unknown_fields varchar not null -- JSON text, '' when there are none
)
