-- Percentages of adjustments.csv that are not the percentage of what the steps before them left, rounded half to even at
-- the 12th decimal: discounts of the cost, markups of that less the discounts, taxes and credits of that in turn.
-- One row per charge that differs. Parameters: $billing_period.
with costs as (
    select
        project,
        connection,
        billing_currency,
        cast(charge_period_start as date) as day,
        0 as step,
        coalesce(list_cost, effective_cost) as cost
    from marts.charges
    where
        billing_period = $billing_period
        and charge_category = 'Usage'
        and effective_cost is not null
        and project in (select project from marts.adjustment_charges where billing_period = $billing_period)
    union all
    select
        project,
        connection,
        billing_currency,
        cast(charge_period_start as date) as day,
        list_position(['discount', 'markup', 'tax', 'credit'], category) as step,
        effective_cost as cost
    from marts.adjustment_charges
    where billing_period = $billing_period
),

bases as (
    select
        charges.price_source,
        charges.project,
        charges.connection,
        charges.billing_currency,
        cast(charges.charge_period_start as date) as day,
        charges.adjustment_percent,
        charges.base_cost,
        charges.effective_cost,
        cast(coalesce(sum(costs.cost), 0) as decimal(38, 12)) as our_base
    from marts.adjustment_charges as charges
    left join costs
        on
            costs.project = charges.project
            and costs.connection = charges.connection
            and costs.billing_currency = charges.billing_currency
            and costs.day = cast(charges.charge_period_start as date)
            and costs.step < list_position(['discount', 'markup', 'tax', 'credit'], charges.category)
    where charges.billing_period = $billing_period and charges.adjustment_percent is not null
    group by all
)

select
    price_source,
    project,
    connection,
    billing_currency,
    day,
    our_base,
    base_cost,
    effective_cost
from bases
where
    our_base is distinct from base_cost
    or pricing.trillionths(abs(effective_cost)) <> pricing.times_price(
        pricing.trillionths(abs(base_cost)), pricing.trillionths(adjustment_percent), cast(100000000000000 as hugeint)
    )
order by price_source, project, connection, billing_currency, day
