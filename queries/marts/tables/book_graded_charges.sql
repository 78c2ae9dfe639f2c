-- The charges whose price depends on more than their day: usage that tiers or commitments split (in the place of its
-- rows in marts.book_charges), what of a commitment was not used, and what is owed to a month's minimum.
-- Grain: as in marts.book_charges, and price row.
create table if not exists marts.book_graded_charges (
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
    consumed_quantity decimal(38, 12), -- null: nothing was used for this charge
    pricing_quantity decimal(38, 12), -- null for a minimum
    pricing_unit varchar not null,
    list_unit_price decimal(38, 12), -- null without a price, and for a minimum
    list_cost decimal(38, 12),
    effective_cost decimal(38, 12),
    billing_currency varchar,
    pricing_category varchar not null, -- committed, unknown
    cost_basis varchar, -- price_book, commitment, minimum; null without a price
    price_source varchar,
    basis varchar not null, -- metered, averaged, sampled; contracted: owed without usage
    commitment_discount_status varchar not null, -- FOCUS: Used, Unused; '' without a commitment
    from_quantity decimal(38, 12) -- of the tier; null where no running quantity decides
)
