-- The rows of prices.csv and commitments.csv that hold in a month. Grain: billing period, line of a book.
create table if not exists pricing.prices (
    billing_period varchar not null,
    provider varchar not null,
    connection varchar not null, -- '' in this and the next two: any
    sub_account_id varchar not null,
    region varchar not null,
    meter varchar not null,
    pricing_unit varchar not null,
    list_unit_price decimal(38, 12) not null,
    billing_currency varchar not null,
    valid_from date not null,
    valid_to date, -- exclusive; null: until further notice
    source varchar not null,
    price_source varchar not null, -- prices.csv line 7, commitments.csv line 2
    specificity integer not null, -- how many of connection, sub account and region are named
    price_digits bigint not null, -- list_unit_price = price_digits / price_divisor, both whole
    price_divisor bigint not null,
    from_quantity decimal(38, 12) not null, -- of the month's running quantity; above 0 in a tier
    is_tiered boolean not null, -- some row with the same keys has a tier in the month
    minimum_cost decimal(38, 12), -- what the month costs at least; null: no minimum
    committed_quantity decimal(38, 12) -- a level: units an hour; null in prices.csv
)
