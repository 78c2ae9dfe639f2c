-- A month's charges without days and resources: small enough for every summary to start from.
-- Grain: sub account, project, region, meter, workload, price, pricing category, cost basis, basis, commitment status.
-- In no order: putting a hundred thousand rows into one takes a tenth of all. Parameters: $billing_period.
-- What follows from the grain (names, units, the price) is any value of its group.
-- Charges with and without a cost are never in one row (cost_basis is null without), so sums hide no unknown.
-- Costs of providers, of which there are most, are added up by a number of where they stand and their workload's name,
-- and get all else afterwards: ten million of them by eight texts take more memory than a warehouse has.
with labelled as (
    -- labels that say the same as their sub account would part its rows
    select
        labelled.connection,
        labelled.sub_account_id,
        labelled.labels,
        labelled.project
    from pricing.labelled_projects as labelled
    inner join pricing.accounts as accounts using (billing_period, connection, sub_account_id)
    where labelled.billing_period = $billing_period and labelled.project <> accounts.project
),

assigned as not materialized (
    select
        costs.*,
        labelled.project
    from facts.costs as costs
    left join labelled
        on
            labelled.connection = costs.connection
            and labelled.sub_account_id = costs.sub_account_id
            and labelled.labels = costs.labels
    where costs.billing_period = $billing_period
),

places as materialized (
    select
        row_number() over () as place,
        *
    from (
        select distinct
            connection,
            sub_account_id,
            project,
            cluster,
            namespace,
            workload_type,
            billing_currency
        from assigned
    )
),

costs as (
    select
        places.place,
        assigned.workload,
        pricing.category_code(assigned.spot_hours, assigned.on_demand_hours) as category_code,
        assigned.effective_cost is not null as has_cost,
        sum(assigned.effective_cost) as effective_cost,
        sum(assigned.spot_hours) as spot_hours,
        sum(assigned.on_demand_hours) as on_demand_hours,
        sum(assigned.savings_available) as savings_available,
        count(*) as charges
    from assigned
    inner join places
        on
            places.connection = assigned.connection
            and places.sub_account_id = assigned.sub_account_id
            and places.project is not distinct from assigned.project
            and places.cluster = assigned.cluster
            and places.namespace = assigned.namespace
            and places.workload_type = assigned.workload_type
            and places.billing_currency = assigned.billing_currency
    group by all
)

select
    accounts.provider,
    places.connection,
    places.sub_account_id,
    accounts.sub_account_name,
    coalesce(places.project, accounts.project) as project,
    '' as region,
    places.cluster,
    places.namespace,
    costs.workload,
    places.workload_type,
    '' as meter,
    '' as unit,
    '' as pricing_unit,
    cast(null as decimal(38, 12)) as list_unit_price,
    cast(null as varchar) as price_source,
    places.billing_currency,
    '' as adjustment,
    '' as allocation,
    pricing.category_name(costs.category_code) as pricing_category,
    case when costs.has_cost then 'provider' end as cost_basis,
    'provider' as basis,
    cast(null as decimal(38, 12)) as consumed_quantity,
    cast(null as decimal(38, 12)) as pricing_quantity,
    cast(null as decimal(38, 12)) as list_cost,
    cast(costs.effective_cost as decimal(38, 12)) as effective_cost,
    cast(costs.spot_hours as decimal(38, 12)) as spot_hours,
    cast(costs.on_demand_hours as decimal(38, 12)) as on_demand_hours,
    cast(costs.savings_available as decimal(38, 12)) as savings_available,
    '' as commitment_discount_status,
    costs.charges
from costs
inner join places using (place)
inner join pricing.accounts as accounts
    on
        accounts.billing_period = $billing_period
        and accounts.connection = places.connection
        and accounts.sub_account_id = places.sub_account_id
union all
select
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
where billing_period = $billing_period and basis <> 'provider'
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
