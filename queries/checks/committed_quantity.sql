-- Commitments that are not charged whole on each UTC day of their validity: used and not used are 24 times the level.
-- One row per row of commitments.csv and day that differs. Parameters: $billing_period.
with owed as (
    select
        price_source,
        unnest(generate_series(
            greatest(cast(valid_from as timestamp), cast($billing_period || '-01' as timestamp)),
            least(
                coalesce(cast(valid_to as timestamp), cast('9999-12-31' as timestamp)),
                cast($billing_period || '-01' as timestamp) + interval 1 month
            ) - interval 1 day,
            interval 1 day
        )) as day,
        24 * committed_quantity as committed_quantity
    from pricing.prices
    where billing_period = $billing_period and committed_quantity is not null
),

charged as (
    select price_source, charge_period_start as day, sum(pricing_quantity) as committed_quantity
    from marts.charges
    where billing_period = $billing_period and cost_basis = 'commitment'
    group by price_source, charge_period_start
)

select
    price_source,
    day,
    owed.committed_quantity as source_total,
    charged.committed_quantity as our_total
from owed
full join charged using (price_source, day)
where owed.committed_quantity is distinct from charged.committed_quantity
order by price_source, day
