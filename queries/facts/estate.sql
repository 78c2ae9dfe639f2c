-- Levels: what exists, never summed over time. Grain: connection, sub account, resource, measure, day (last seen).
create table if not exists facts.estate (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    billing_period varchar not null,
    sub_account_id varchar not null,
    sub_account_name varchar not null,
    region varchar not null,
    resource_id varchar not null,
    resource_name varchar not null,
    measure varchar not null, -- e.g. instances, vcpus, cpu_pct
    unit varchar not null,
    quantity decimal(38, 12),
    label varchar not null, -- a state or severity where the measure is a word, else ''
    captured_at timestamp not null
)
