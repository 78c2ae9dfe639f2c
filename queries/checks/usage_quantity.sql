-- Usage that is not in the charges to the last digit. One row per connection and meter that differs.
-- Parameters: $billing_period.
with in_facts as (
    select connection, meter, sum(consumed_quantity) as consumed_quantity
    from facts.usage
    where billing_period = $billing_period
    group by connection, meter
),

in_charges as (
    select connection, meter, sum(consumed_quantity) as consumed_quantity
    from marts.charges
    where billing_period = $billing_period and meter <> ''
    group by connection, meter
)

select
    connection,
    meter,
    in_facts.consumed_quantity as source_total,
    in_charges.consumed_quantity as our_total
from in_facts
full join in_charges using (connection, meter)
where in_facts.consumed_quantity is distinct from in_charges.consumed_quantity
order by connection, meter
