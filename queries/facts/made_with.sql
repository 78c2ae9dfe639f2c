-- What the long facts were computed with beside staged rows, by its hash: their query and its parameters.
-- Grain: connection, month, fact.
create table if not exists facts.made_with (
    connection varchar not null,
    provider varchar not null,
    billing_period varchar not null,
    fact varchar not null, -- usage or costs
    sha256 varchar not null
)
