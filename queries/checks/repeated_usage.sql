-- Usage that facts hold twice: the same meter of the same resource over periods that overlap.
-- Parameters: $billing_period.
select
    connection,
    sub_account_id,
    region,
    resource_id,
    meter,
    charge_period_start,
    lead(charge_period_start) over periods as next_charge_period_start
from facts.usage
where billing_period = $billing_period
window
    periods as (
        partition by connection, dataset, sub_account_id, region, resource_id, meter
        order by charge_period_start, charge_period_end
    )
qualify lead(charge_period_start) over periods < charge_period_end
order by connection, sub_account_id, region, resource_id, meter, charge_period_start
