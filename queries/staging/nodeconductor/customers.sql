-- NodeConductor customers: counts of what each has at one time, as far as the caller may see it.
create table if not exists staging.nodeconductor_customers (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null,
    position bigint not null, -- in the answered list, from 0
    name varchar not null, -- not unique, and there is no uuid
    abbreviation varchar, -- answered, not documented
    projects bigint not null,
    project_groups bigint not null,
    instances bigint not null,
    unknown_fields varchar not null -- JSON text, '' when there are none
)
