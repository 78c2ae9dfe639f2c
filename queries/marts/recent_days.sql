-- What each UTC day of the months up to this one cost. Grain: day, connection, currency.
-- Parameters: $first_period, $billing_period.
select
    cast(charge_period_start as date) as date,
    connection,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.charges
where billing_period >= $first_period and billing_period <= $billing_period and effective_cost is not null
group by cast(charge_period_start as date), connection, billing_currency
order by date, connection, billing_currency
