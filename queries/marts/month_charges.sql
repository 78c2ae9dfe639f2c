-- A month's charges without days and resources: small enough for every summary to start from.
-- Grain: sub account, project, region, meter, workload, price, pricing category, cost basis, basis, commitment status.
-- Parameters: $billing_period.
-- What follows from the grain (names, units, the price) is any value of its group.
-- Charges with and without a cost are never in one row (cost_basis is null without), so sums hide no unknown.
select
    any_value(billing_period) as billing_period,
    any_value(provider) as provider,
    connection,
    sub_account_id,
    any_value(sub_account_name) as sub_account_name,
    project,
    region,
    cluster,
    namespace,
    workload,
    workload_type,
    meter,
    any_value(unit) as unit,
    any_value(pricing_unit) as pricing_unit,
    any_value(list_unit_price) as list_unit_price,
    price_source,
    billing_currency,
    any_value(charge_category) as charge_category,
    case when cost_basis = 'adjustment' then any_value(resource_name) else '' end as adjustment, -- 10 % discount
    case when cost_basis = 'allocation' then resource_name else '' end as allocation, -- share of platform
    pricing_category,
    cost_basis,
    basis,
    cast(sum(consumed_quantity) as decimal(38, 12)) as consumed_quantity,
    cast(sum(pricing_quantity) as decimal(38, 12)) as pricing_quantity,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(spot_hours) as decimal(38, 12)) as spot_hours,
    cast(sum(on_demand_hours) as decimal(38, 12)) as on_demand_hours,
    cast(sum(savings_available) as decimal(38, 12)) as savings_available,
    commitment_discount_status,
    count(*) as charges
from marts.charges
where billing_period = $billing_period
group by
    connection,
    sub_account_id,
    project,
    region,
    cluster,
    namespace,
    workload,
    workload_type,
    meter,
    price_source,
    billing_currency,
    pricing_category,
    cost_basis,
    allocation,
    basis,
    commitment_discount_status
order by
    connection,
    sub_account_id,
    project,
    region,
    meter,
    cluster,
    namespace,
    workload,
    workload_type,
    price_source,
    billing_currency,
    pricing_category,
    cost_basis,
    allocation,
    basis,
    commitment_discount_status
