-- Costs of providers that are not in the charges to the last digit, or charges that are missing or doubled.
-- One row per connection and currency that differs. Parameters: $billing_period.
with in_facts as (
    select connection, billing_currency, count(*) as charges, sum(effective_cost) as effective_cost
    from facts.costs
    where billing_period = $billing_period
    group by connection, billing_currency
),

in_charges as (
    select connection, billing_currency, count(*) as charges, sum(effective_cost) as effective_cost
    from marts.charges
    where billing_period = $billing_period and basis = 'provider'
    group by connection, billing_currency
)

select
    connection,
    billing_currency,
    in_facts.effective_cost as source_total,
    in_charges.effective_cost as our_total
from in_facts
full join in_charges using (connection, billing_currency)
where
    in_facts.effective_cost is distinct from in_charges.effective_cost
    or in_facts.charges is distinct from in_charges.charges
order by connection, billing_currency
