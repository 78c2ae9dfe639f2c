-- Charges from a month's usage: quantities per UTC day (of their start), with the most specific price row that holds
-- on that day. Without a price, cost and currency are null. What tiers or a commitment price besides is marked is_graded,
-- and stands here at the price of the first tier; queries/marts/book_graded_charges.sql splits it.
-- Grain: connection, sub account, region, resource, meter, basis, day. Parameters: $billing_period.
-- pricing_quantity = consumed_quantity / units_per_pricing_unit and list_cost = pricing_quantity * list_unit_price,
-- each rounded half-even at the 12th decimal, in whole trillionths.
with days as (
    select
        connection,
        sub_account_id,
        region,
        resource_id,
        meter,
        basis,
        date_trunc('day', charge_period_start) as day,
        max({'at': charge_period_start, 'name': resource_name}).name as resource_name,
        sum(consumed_quantity) as consumed_quantity
    from facts.usage
    where billing_period = $billing_period
    group by connection, sub_account_id, region, resource_id, meter, basis, date_trunc('day', charge_period_start)
),

price_keys as (
    select distinct
        accounts.provider,
        days.connection,
        days.sub_account_id,
        days.region,
        days.meter,
        days.day
    from days
    inner join pricing.accounts as accounts
        on
            accounts.billing_period = $billing_period
            and accounts.connection = days.connection
            and accounts.sub_account_id = days.sub_account_id
),

applied_prices as (
    select
        price_keys.connection,
        price_keys.sub_account_id,
        price_keys.region,
        price_keys.meter,
        price_keys.day,
        prices.list_unit_price,
        prices.billing_currency,
        prices.price_source,
        prices.price_digits,
        prices.price_divisor,
        prices.is_tiered
    from price_keys
    inner join pricing.prices as prices
        on
            prices.billing_period = $billing_period
            and prices.committed_quantity is null
            and prices.provider = price_keys.provider
            and prices.meter = price_keys.meter
            and prices.connection in ('', price_keys.connection)
            and prices.sub_account_id in ('', price_keys.sub_account_id)
            and prices.region in ('', price_keys.region)
            and prices.valid_from <= price_keys.day
            and (prices.valid_to is null or price_keys.day < prices.valid_to)
    qualify row_number() over (
        partition by
            price_keys.connection,
            price_keys.sub_account_id,
            price_keys.region,
            price_keys.meter,
            price_keys.day
        order by prices.specificity desc, prices.from_quantity asc, prices.price_source asc
    ) = 1
),

committed_keys as (
    select distinct
        price_keys.connection,
        price_keys.sub_account_id,
        price_keys.region,
        price_keys.meter,
        price_keys.day
    from price_keys
    inner join pricing.prices as prices
        on
            prices.billing_period = $billing_period
            and prices.committed_quantity is not null
            and prices.connection = price_keys.connection
            and prices.sub_account_id = price_keys.sub_account_id
            and prices.meter = price_keys.meter
            and prices.region in ('', price_keys.region)
            and prices.valid_from <= price_keys.day
            and (prices.valid_to is null or price_keys.day < prices.valid_to)
),

priced as (
    select
        days.*,
        applied_prices.list_unit_price,
        applied_prices.billing_currency,
        applied_prices.price_source,
        applied_prices.price_digits,
        applied_prices.price_divisor,
        coalesce(applied_prices.is_tiered, false) or committed_keys.connection is not null as is_graded,
        meters.unit,
        meters.pricing_unit,
        pricing.half_even(
            pricing.trillionths(days.consumed_quantity), cast(meters.units_per_pricing_unit as hugeint)
        ) as pricing_trillionths
    from days
    inner join pricing.meters as meters
        on meters.billing_period = $billing_period and meters.meter = days.meter
    left join applied_prices
        on
            applied_prices.connection = days.connection
            and applied_prices.sub_account_id = days.sub_account_id
            and applied_prices.region = days.region
            and applied_prices.meter = days.meter
            and applied_prices.day = days.day
    left join committed_keys
        on
            committed_keys.connection = days.connection
            and committed_keys.sub_account_id = days.sub_account_id
            and committed_keys.region = days.region
            and committed_keys.meter = days.meter
            and committed_keys.day = days.day
),

-- a step of its own: the arithmetic names its operands many times
checked as (
    select
        priced.* exclude (pricing_trillionths),
        pricing.affordable(
            pricing_trillionths,
            list_unit_price,
            connection || ' ' || meter || ' of ' || sub_account_id || ' on ' || cast(day as date),
            price_source
        ) as pricing_trillionths
    from priced
),

costed as (
    select
        checked.*,
        pricing.from_trillionths(pricing_trillionths) as pricing_quantity,
        pricing.from_trillionths(
            pricing.times_price(pricing_trillionths, cast(price_digits as hugeint), cast(price_divisor as hugeint))
        ) as list_cost
    from checked
)

select
    $billing_period as billing_period,
    costed.day as charge_period_start,
    costed.day + interval 1 day as charge_period_end,
    accounts.provider,
    costed.connection,
    costed.sub_account_id,
    accounts.sub_account_name,
    accounts.project,
    costed.region,
    costed.resource_id,
    costed.resource_name,
    costed.meter,
    costed.unit,
    costed.consumed_quantity,
    costed.pricing_quantity,
    costed.pricing_unit,
    costed.list_unit_price,
    costed.list_cost,
    costed.list_cost as effective_cost,
    costed.billing_currency,
    costed.price_source,
    costed.basis,
    costed.is_graded
from costed
inner join pricing.accounts as accounts
    on
        accounts.billing_period = $billing_period
        and accounts.connection = costed.connection
        and accounts.sub_account_id = costed.sub_account_id
