-- What the months up to this one cost; the charges of each of them must stand (marts.charged_months).
-- Grain: month, currency. Parameters: $first_period, $billing_period ('2026-10').
select
    billing_period,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.day_costs
where billing_period >= $first_period and billing_period <= $billing_period and effective_cost is not null
group by billing_period, billing_currency
order by billing_period, billing_currency
