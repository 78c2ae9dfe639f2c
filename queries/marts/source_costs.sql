-- What the sources of a month's costs add up to, each counted where it comes from: provider costs in the facts,
-- costs by prices.csv and commitments.csv in the charges that they made, adjustments where they were made.
-- Grain: currency, cost basis. Parameters: $billing_period.
select
    billing_currency,
    'provider' as cost_basis,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from facts.costs
where billing_period = $billing_period and effective_cost is not null
group by billing_currency
union all
select
    billing_currency,
    cost_basis,
    cast(sum(list_cost) as decimal(38, 12)) as effective_cost
from marts.charges
where billing_period = $billing_period and cost_basis in ('price_book', 'commitment', 'minimum')
group by billing_currency, cost_basis
union all
select
    billing_currency,
    'adjustment' as cost_basis,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.adjustment_charges
where billing_period = $billing_period
group by billing_currency
order by billing_currency, cost_basis
