-- In which currencies each connection cost something in the months up to this one, and whether something has no cost.
-- Used nothing, owed nothing: a quantity of 0 needs no price.
-- Grain: month, connection, currency, is_unpriced. Parameters: $first_period, $billing_period.
select distinct
    billing_period,
    connection,
    billing_currency,
    effective_cost is null as is_unpriced
from marts.day_costs
where billing_period >= $first_period and billing_period <= $billing_period
order by billing_period, connection, billing_currency, is_unpriced
