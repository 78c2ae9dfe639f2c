-- The charges that rows of adjustments.csv make: discounts, markups, taxes and credits. They have no list cost: that
-- stays what it was. Grain: row of the book, connection, currency, UTC day (an amount: one day of the month).
create table if not exists marts.adjustment_charges (
    billing_period varchar not null,
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    provider varchar not null,
    connection varchar not null,
    project varchar not null,
    category varchar not null, -- discount, markup, tax, credit
    charge_category varchar not null, -- FOCUS: Adjustment, Tax, Credit
    adjustment varchar not null, -- 10 % discount
    adjustment_percent decimal(38, 12), -- null for an amount
    base_cost decimal(38, 12), -- what the percentage was taken of
    effective_cost decimal(38, 12) not null, -- below zero: a discount or a credit
    billing_currency varchar not null,
    price_source varchar not null -- adjustments.csv line 3
)
