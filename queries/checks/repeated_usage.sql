-- Usage that facts hold twice: the same meter of the same resource over periods that overlap. Parameters: $billing_period.
-- Hashes are put in order first, and only what shares one is looked at: ordering six texts a row takes three times as long.
with hashed as (
    select
        hash(connection, dataset, sub_account_id, region, resource_id, meter) as hash,
        charge_period_start,
        charge_period_end
    from facts.usage
    where billing_period = $billing_period
),

overlapping as (
    select hash
    from hashed
    window periods as (partition by hash order by charge_period_start, charge_period_end)
    qualify lead(charge_period_start) over periods < charge_period_end
)

select
    connection,
    sub_account_id,
    region,
    resource_id,
    meter,
    charge_period_start,
    lead(charge_period_start) over periods as next_charge_period_start
from facts.usage
where
    billing_period = $billing_period
    and hash(connection, dataset, sub_account_id, region, resource_id, meter) in (
        select overlapping.hash
        from overlapping
    )
window
    periods as (
        partition by connection, dataset, sub_account_id, region, resource_id, meter
        order by charge_period_start, charge_period_end
    )
qualify lead(charge_period_start) over periods < charge_period_end
order by connection, sub_account_id, region, resource_id, meter, charge_period_start
