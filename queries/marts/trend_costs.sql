-- What the months up to this one cost; the charges of each of them must stand (marts.charged_months).
-- Grain: month, currency. Parameters: $first_period, $billing_period ('2026-10').
select
    billing_period,
    billing_currency,
    effective_cost
from marts.month_costs
where billing_period >= $first_period and billing_period <= $billing_period
order by billing_period, billing_currency
