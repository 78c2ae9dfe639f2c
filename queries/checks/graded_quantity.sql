-- Usage that tiers or commitments price and whose parts do not add up to it, to the last digit.
-- One row per charge that differs. Parameters: $billing_period.
with parts as (
    select
        connection,
        sub_account_id,
        region,
        resource_id,
        meter,
        basis,
        charge_period_start,
        sum(consumed_quantity) as consumed_quantity,
        sum(pricing_quantity) as pricing_quantity
    from marts.book_graded_charges
    where billing_period = $billing_period and basis <> 'contracted'
    group by connection, sub_account_id, region, resource_id, meter, basis, charge_period_start
),

wholes as (
    select *
    from marts.book_charges
    where billing_period = $billing_period and is_graded
)

select
    connection,
    sub_account_id,
    region,
    resource_id,
    meter,
    basis,
    charge_period_start,
    wholes.pricing_quantity as source_total,
    parts.pricing_quantity as our_total
from wholes
full join parts using (connection, sub_account_id, region, resource_id, meter, basis, charge_period_start)
where
    wholes.pricing_quantity is distinct from parts.pricing_quantity
    or wholes.consumed_quantity is distinct from parts.consumed_quantity
order by connection, sub_account_id, region, resource_id, meter, basis, charge_period_start
