-- What each UTC day cost. Grain: day, connection, currency. Parameters: $billing_period.
select
    date,
    connection,
    provider,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.day_costs
where billing_period = $billing_period and effective_cost is not null
group by date, connection, provider, billing_currency
order by date, connection, billing_currency
