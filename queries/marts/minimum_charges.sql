-- What is owed to the minimums of prices.csv: where a month's charges at the keys of a price row cost less than its
-- minimum_cost, the difference is a charge. Of several rows with a minimum and the same keys the month's last one
-- counts, whole. Each sub account with usage at these keys owes its own; one that the row names owes it without usage.
-- Grain: price row, sub account. Parameters: $billing_period.
with minimums as (
    select *
    from pricing.prices
    where billing_period = $billing_period and minimum_cost is not null
    qualify row_number() over (
        partition by provider, connection, sub_account_id, region, meter order by valid_from desc
    ) = 1
),

charges as (
    select connection, sub_account_id, price_source, billing_currency, list_cost
    from marts.book_charges
    where billing_period = $billing_period and not is_graded and price_source is not null
    union all
    select connection, sub_account_id, price_source, billing_currency, list_cost
    from marts.book_graded_charges
    where billing_period = $billing_period and cost_basis = 'price_book'
),

-- the sub accounts that usage met, also where a commitment covered all of it
met as (
    select distinct charges.connection, charges.sub_account_id, charges.price_source
    from marts.book_charges as charges
    where charges.billing_period = $billing_period and charges.price_source is not null
),

owing as (
    select minimums.price_source, met.connection, met.sub_account_id
    from minimums
    inner join pricing.prices as prices
        on
            prices.billing_period = $billing_period
            and prices.committed_quantity is null
            and prices.provider = minimums.provider
            and prices.connection = minimums.connection
            and prices.sub_account_id = minimums.sub_account_id
            and prices.region = minimums.region
            and prices.meter = minimums.meter
    inner join met on met.price_source = prices.price_source
    union
    select price_source, connection, sub_account_id
    from minimums
    where connection <> '' and sub_account_id <> ''
),

costs as (
    select
        minimums.price_source,
        charges.connection,
        charges.sub_account_id,
        cast(sum(charges.list_cost) as decimal(38, 12)) as list_cost
    from minimums
    inner join pricing.prices as prices
        on
            prices.billing_period = $billing_period
            and prices.committed_quantity is null
            and prices.provider = minimums.provider
            and prices.connection = minimums.connection
            and prices.sub_account_id = minimums.sub_account_id
            and prices.region = minimums.region
            and prices.meter = minimums.meter
    inner join charges
        on charges.price_source = prices.price_source and charges.billing_currency = minimums.billing_currency
    group by minimums.price_source, charges.connection, charges.sub_account_id
)

select
    $billing_period as billing_period,
    greatest(cast(minimums.valid_from as timestamp), cast($billing_period || '-01' as timestamp))
        as charge_period_start,
    least(
        coalesce(cast(minimums.valid_to as timestamp), cast('9999-12-31' as timestamp)),
        cast($billing_period || '-01' as timestamp) + interval 1 month
    ) as charge_period_end,
    accounts.provider,
    owing.connection,
    owing.sub_account_id,
    accounts.sub_account_name,
    accounts.project,
    minimums.region,
    '' as resource_id,
    'minimum' as resource_name,
    minimums.meter,
    minimums.pricing_unit as unit,
    cast(null as decimal(38, 12)) as consumed_quantity,
    cast(null as decimal(38, 12)) as pricing_quantity,
    minimums.pricing_unit,
    cast(null as decimal(38, 12)) as list_unit_price,
    minimums.minimum_cost - coalesce(costs.list_cost, 0) as list_cost,
    minimums.minimum_cost - coalesce(costs.list_cost, 0) as effective_cost,
    minimums.billing_currency,
    'unknown' as pricing_category,
    'minimum' as cost_basis,
    minimums.price_source,
    'contracted' as basis,
    '' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from owing
inner join minimums on minimums.price_source = owing.price_source
inner join pricing.accounts as accounts
    on
        accounts.billing_period = $billing_period
        and accounts.connection = owing.connection
        and accounts.sub_account_id = owing.sub_account_id
left join costs
    on
        costs.price_source = owing.price_source
        and costs.connection = owing.connection
        and costs.sub_account_id = owing.sub_account_id
where minimums.minimum_cost > coalesce(costs.list_cost, 0)
