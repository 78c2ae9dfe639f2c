-- The charges of usage, priced day by day by the price book. The costs that providers state join them in marts.charges.
-- Grain: connection, sub account, region, resource, meter, basis, UTC day.
create table if not exists marts.book_charges (
    billing_period varchar not null,
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    provider varchar not null,
    connection varchar not null,
    sub_account_id varchar not null,
    sub_account_name varchar not null,
    project varchar not null,
    region varchar not null,
    resource_id varchar not null,
    resource_name varchar not null,
    meter varchar not null,
    unit varchar not null,
    consumed_quantity decimal(38, 12) not null,
    pricing_quantity decimal(38, 12) not null,
    pricing_unit varchar not null,
    list_unit_price decimal(38, 12), -- null without a price
    list_cost decimal(38, 12),
    effective_cost decimal(38, 12), -- null: not known, which is not zero
    billing_currency varchar, -- null without a price
    price_source varchar, -- prices.csv line 7
    basis varchar not null, -- metered, averaged, sampled
    is_graded boolean not null -- tiers or a commitment price it: marts.book_graded_charges has it, split
)
