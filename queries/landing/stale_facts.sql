-- Months of a connection whose facts must be computed again: marked with the staging, cleared with the facts.
create table if not exists landing.stale_facts (
    connection varchar not null,
    provider varchar not null,
    billing_period varchar not null
)
