-- What each month cost when its charges were made last, so that a trend over a year reads a row a month and not its
-- charges. Grain: billing period, currency.
create table if not exists marts.month_costs (
    billing_period varchar not null,
    billing_currency varchar not null,
    effective_cost decimal(38, 12) not null
)
