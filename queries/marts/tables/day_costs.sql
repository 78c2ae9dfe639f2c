-- What each UTC day of a month cost when its charges were made last, so that whatever asks about days or months reads
-- some rows a day and not the charges. Used nothing, owed nothing: usage of 0 without a price is in none of them.
-- Grain: billing period, UTC day, connection, project, currency, cost basis, whether there is a cost.
create table if not exists marts.day_costs (
    billing_period varchar not null,
    date date not null,
    provider varchar not null,
    connection varchar not null,
    project varchar not null,
    billing_currency varchar, -- null: not known, as in marts.charges, like the next
    cost_basis varchar,
    effective_cost decimal(38, 12) -- null: not known, which is not zero
)
