-- Minimums that a month's charges do not reach, or that were charged where the month costs more.
-- One row per price row and sub account that differs. Parameters: $billing_period.
with owed as (
    select price_source, connection, sub_account_id, list_cost
    from marts.book_graded_charges
    where billing_period = $billing_period and cost_basis = 'minimum'
),

costs as (
    select
        minimums.price_source,
        charges.connection,
        charges.sub_account_id,
        any_value(minimums.minimum_cost) as minimum_cost,
        sum(charges.list_cost) filter (
            where charges.billing_currency = minimums.billing_currency and charges.cost_basis = 'price_book'
        ) as list_cost
    from pricing.prices as minimums
    inner join pricing.prices as prices
        on
            prices.billing_period = $billing_period
            and prices.committed_quantity is null
            and prices.provider = minimums.provider
            and prices.connection = minimums.connection
            and prices.sub_account_id = minimums.sub_account_id
            and prices.region = minimums.region
            and prices.meter = minimums.meter
    inner join marts.charges as charges
        on charges.billing_period = $billing_period and charges.price_source = prices.price_source
    where
        minimums.billing_period = $billing_period
        and minimums.minimum_cost is not null
        and not exists (
            select 1
            from pricing.prices as later
            where
                later.billing_period = $billing_period
                and later.minimum_cost is not null
                and later.provider = minimums.provider
                and later.connection = minimums.connection
                and later.sub_account_id = minimums.sub_account_id
                and later.region = minimums.region
                and later.meter = minimums.meter
                and later.valid_from > minimums.valid_from
        )
    group by minimums.price_source, charges.connection, charges.sub_account_id
)

select
    price_source,
    connection,
    sub_account_id,
    costs.minimum_cost as source_total,
    coalesce(costs.list_cost, 0) + coalesce(owed.list_cost, 0) as our_total
from costs
full join owed using (price_source, connection, sub_account_id)
where
    costs.minimum_cost is null
    or coalesce(costs.list_cost, 0) + coalesce(owed.list_cost, 0) < costs.minimum_cost
    or (owed.list_cost is not null and coalesce(costs.list_cost, 0) + owed.list_cost > costs.minimum_cost)
order by price_source, connection, sub_account_id
