-- The charges of all months that have some: usage priced by the price book, the costs that providers state, what
-- adjustments.csv makes of both, and what allocation.csv spreads of all that, at no sub account. price_source is the row
-- of the book that made a charge.
-- Grain of usage: connection, sub account, region, resource, meter, basis, UTC day, and price row where tiers and
-- commitments split a day. Of costs: as in facts.costs. cost_basis says what made a cost: the price book, a commitment,
-- a minimum, a provider, an adjustment, an allocation. from_quantity is that of a tier, null where no running quantity
-- decides.
-- Costs are not copied: writing a million of them again takes longer than everything else together.
-- '' in cluster, namespace, workload and workload_type for usage, in region, meter and units for costs. Null is not
-- known, which is not zero: cost, currency and cost_basis of usage without a price, quantities and list_cost of costs.
create or replace view marts.charges as
select
    billing_period,
    charge_period_start,
    charge_period_end,
    provider,
    connection,
    sub_account_id,
    sub_account_name,
    project,
    region,
    resource_id,
    resource_name,
    '' as cluster,
    '' as namespace,
    '' as workload,
    '' as workload_type,
    meter,
    unit,
    consumed_quantity,
    pricing_quantity,
    pricing_unit,
    list_unit_price,
    list_cost,
    effective_cost,
    billing_currency,
    'Usage' as charge_category,
    'unknown' as pricing_category,
    case when price_source is not null then 'price_book' end as cost_basis,
    price_source,
    basis,
    cast(null as decimal(38, 12)) as spot_hours,
    cast(null as decimal(38, 12)) as on_demand_hours,
    cast(null as decimal(38, 12)) as savings_available,
    '' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from marts.book_charges
where not is_graded
union all
select
    billing_period,
    charge_period_start,
    charge_period_end,
    provider,
    connection,
    sub_account_id,
    sub_account_name,
    project,
    region,
    resource_id,
    resource_name,
    '' as cluster,
    '' as namespace,
    '' as workload,
    '' as workload_type,
    meter,
    unit,
    consumed_quantity,
    pricing_quantity,
    pricing_unit,
    list_unit_price,
    list_cost,
    effective_cost,
    billing_currency,
    'Usage' as charge_category,
    pricing_category,
    cost_basis,
    price_source,
    basis,
    cast(null as decimal(38, 12)) as spot_hours,
    cast(null as decimal(38, 12)) as on_demand_hours,
    cast(null as decimal(38, 12)) as savings_available,
    commitment_discount_status,
    from_quantity
from marts.book_graded_charges
union all
select
    costs.billing_period,
    costs.charge_period_start,
    costs.charge_period_end,
    costs.provider,
    costs.connection,
    costs.sub_account_id,
    accounts.sub_account_name,
    coalesce(labelled.project, accounts.project) as project,
    '' as region,
    costs.resource_id,
    costs.workload as resource_name,
    costs.cluster,
    costs.namespace,
    costs.workload,
    costs.workload_type,
    '' as meter,
    '' as unit,
    cast(null as decimal(38, 12)) as consumed_quantity,
    cast(null as decimal(38, 12)) as pricing_quantity,
    '' as pricing_unit,
    cast(null as decimal(38, 12)) as list_unit_price,
    cast(null as decimal(38, 12)) as list_cost,
    costs.effective_cost,
    costs.billing_currency,
    'Usage' as charge_category,
    pricing.category_name(pricing.category_code(costs.spot_hours, costs.on_demand_hours)) as pricing_category,
    case when costs.effective_cost is not null then 'provider' end as cost_basis,
    cast(null as varchar) as price_source,
    'provider' as basis,
    costs.spot_hours,
    costs.on_demand_hours,
    costs.savings_available,
    '' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from facts.costs as costs
inner join pricing.accounts as accounts
    on
        accounts.billing_period = costs.billing_period
        and accounts.connection = costs.connection
        and accounts.sub_account_id = costs.sub_account_id
left join pricing.labelled_projects as labelled
    on
        labelled.billing_period = costs.billing_period
        and labelled.connection = costs.connection
        and labelled.sub_account_id = costs.sub_account_id
        and labelled.labels = costs.labels
union all
select
    billing_period,
    charge_period_start,
    charge_period_end,
    provider,
    connection,
    '' as sub_account_id,
    '' as sub_account_name,
    project,
    '' as region,
    project || ': ' || adjustment as resource_id, -- tells two of a day apart, and the same from month to month
    adjustment as resource_name,
    '' as cluster,
    '' as namespace,
    '' as workload,
    '' as workload_type,
    '' as meter,
    '' as unit,
    cast(null as decimal(38, 12)) as consumed_quantity,
    cast(null as decimal(38, 12)) as pricing_quantity,
    '' as pricing_unit,
    cast(null as decimal(38, 12)) as list_unit_price,
    cast(null as decimal(38, 12)) as list_cost,
    effective_cost,
    billing_currency,
    charge_category,
    'unknown' as pricing_category,
    'adjustment' as cost_basis,
    price_source,
    'adjusted' as basis,
    cast(null as decimal(38, 12)) as spot_hours,
    cast(null as decimal(38, 12)) as on_demand_hours,
    cast(null as decimal(38, 12)) as savings_available,
    '' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from marts.adjustment_charges
union all
select
    billing_period,
    charge_period_start,
    charge_period_end,
    provider,
    connection,
    '' as sub_account_id,
    '' as sub_account_name,
    project,
    '' as region,
    project || ': ' || role || ' of ' || rule as resource_id, -- tells two of a day apart, and the same from month to month
    case when role = 'source' then 'spread by ' || rule else 'share of ' || rule end as resource_name,
    '' as cluster,
    '' as namespace,
    '' as workload,
    '' as workload_type,
    '' as meter,
    '' as unit,
    cast(null as decimal(38, 12)) as consumed_quantity,
    cast(null as decimal(38, 12)) as pricing_quantity,
    '' as pricing_unit,
    cast(null as decimal(38, 12)) as list_unit_price,
    cast(null as decimal(38, 12)) as list_cost,
    effective_cost,
    billing_currency,
    'Adjustment' as charge_category,
    'unknown' as pricing_category,
    'allocation' as cost_basis,
    price_source,
    'allocated' as basis,
    cast(null as decimal(38, 12)) as spot_hours,
    cast(null as decimal(38, 12)) as on_demand_hours,
    cast(null as decimal(38, 12)) as savings_available,
    '' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from marts.allocation_charges
where effective_cost <> 0
