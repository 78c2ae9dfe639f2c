-- What each UTC day of the months up to this one cost. An amount of adjustments.csv, or what is owed to a minimum, is in
-- none of them: it stands on one day, which it would make unlike the others; what allocation.csv spreads adds up to 0.
-- Grain: day, connection, currency. Parameters: $first_period, $billing_period.
with costs as (
    select
        date,
        connection,
        billing_currency,
        effective_cost
    from marts.day_costs
    where
        billing_period >= $first_period
        and billing_period <= $billing_period
        and effective_cost is not null
        and cost_basis not in ('adjustment', 'allocation', 'minimum')
    union all
    select
        cast(charge_period_start as date) as date,
        connection,
        billing_currency,
        effective_cost
    from marts.adjustment_charges
    where
        billing_period >= $first_period
        and billing_period <= $billing_period
        and adjustment_percent is not null
)

select
    date,
    connection,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from costs
group by date, connection, billing_currency
order by date, connection, billing_currency
