-- Costs that facts hold twice: the same resource in the same charge period. Parameters: $billing_period.
-- Hashes are counted first, and only what shares one is looked at: the keys of ten million costs fit into no memory.
with hashed as (
    select hash(connection, resource_id, workload, workload_type, sub_account_id, charge_period_start) as hash
    from facts.costs
    where billing_period = $billing_period
),

shared as (
    select hash
    from hashed
    group by hash
    having count(*) > 1
)

select connection, resource_id, workload, workload_type, sub_account_id, charge_period_start, count(*) as charges
from facts.costs
where
    billing_period = $billing_period
    and hash(connection, resource_id, workload, workload_type, sub_account_id, charge_period_start) in (
        select shared.hash from shared
    )
group by connection, resource_id, workload, workload_type, sub_account_id, charge_period_start
having count(*) > 1
order by connection, resource_id, workload, workload_type, sub_account_id, charge_period_start
