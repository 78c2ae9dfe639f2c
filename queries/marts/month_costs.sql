-- What a month costs. Grain: currency. Parameters: $billing_period.
select
    billing_period,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.charges
where billing_period = $billing_period and effective_cost is not null
group by billing_period, billing_currency
