-- NodeConductor's customers, project groups and projects, as listed. An object may stand on two pages when others
-- were created meanwhile: readers take each uuid once. A project may be in several groups.
create table if not exists staging.nodeconductor_aggregates (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    aggregate varchar not null, -- customer, project_group, project
    page bigint not null,
    position bigint not null, -- on the page, from 0
    uuid varchar not null,
    name varchar not null, -- not unique
    customer_uuid varchar not null,
    customer_name varchar not null,
    created varchar, -- as answered; null where the list has none
    created_at timestamp, -- the same in UTC
    document varchar not null -- the whole object as JSON text
)
