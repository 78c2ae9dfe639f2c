-- What was expected and what arrived, a row for every UTC day of the month, whether anything arrived or not.
-- Grain: connection, dataset, day. The status is given in queries/marts/coverage.sql, which knows the clock.
create table if not exists facts.coverage (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    billing_period varchar not null,
    date date not null,
    feeds varchar not null, -- usage, costs, quotas, estate, control
    unit varchar not null, -- hours, windows, captures, segments
    expected decimal(38, 12) not null,
    received decimal(38, 12) not null,
    is_backfillable boolean not null, -- false: what is missing can never be asked again
    note varchar not null
)
