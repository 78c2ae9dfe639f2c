-- NodeConductor alerts: one row per answered severity. An answer without alerts has no row; its raw file is listed
-- in landing.raw_files.
create table if not exists staging.nodeconductor_alerts (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    aggregate varchar not null,
    uuid varchar not null, -- '' for all that the caller may see
    asked_from bigint not null, -- unix seconds, both bounds inclusive
    asked_to bigint not null,
    position bigint not null, -- in the answered order, from 0
    severity varchar not null, -- as answered: its case differs between releases
    alert_count bigint not null
)
