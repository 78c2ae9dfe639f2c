-- A project's charges of a month without their days and resources, to be followed by hand: quantity x price = cost.
-- Every day is rounded at the 12th decimal before it is added; `charges` says how many there are.
-- Grain: connection, sub account, region, meter, price row, category, cost basis, commitment status, currency, basis.
-- Parameters: $billing_period, $project, $first_day, $end_day (exclusive).
select
    connection,
    sub_account_id,
    any_value(sub_account_name) as sub_account_name,
    region,
    meter,
    case when cost_basis = 'adjustment' then any_value(resource_name) else '' end as adjustment, -- 10 % discount
    case when cost_basis = 'allocation' then resource_name else '' end as allocation, -- share of platform
    charge_category,
    cost_basis,
    commitment_discount_status,
    basis,
    cast(min(charge_period_start) as date) as first_day,
    cast(max(charge_period_start) as date) as last_day,
    count(*) as charges,
    cast(sum(pricing_quantity) as decimal(38, 12)) as pricing_quantity,
    any_value(pricing_unit) as pricing_unit,
    list_unit_price,
    price_source,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    billing_currency
from marts.charges
where
    billing_period = $billing_period
    and project = $project
    and charge_period_start >= $first_day
    and charge_period_start < $end_day
group by
    connection,
    sub_account_id,
    region,
    meter,
    charge_category,
    cost_basis,
    allocation,
    commitment_discount_status,
    basis,
    list_unit_price,
    price_source,
    billing_currency,
    effective_cost is null
order by
    connection,
    cost_basis is not distinct from 'allocation',
    charge_category <> 'Usage',
    sub_account_id,
    region,
    meter,
    charge_category,
    coalesce(cost_basis, '') = 'minimum',
    length(price_source),
    price_source,
    commitment_discount_status desc, -- Used, Unused
    billing_currency,
    allocation,
    basis,
    effective_cost is null
