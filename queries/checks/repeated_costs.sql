-- Costs that facts hold twice: the same resource in the same charge period. Parameters: $billing_period.
select connection, resource_id, workload, workload_type, sub_account_id, charge_period_start, count(*) as charges
from facts.costs
where billing_period = $billing_period
group by connection, resource_id, workload, workload_type, sub_account_id, charge_period_start
having count(*) > 1
order by connection, resource_id, workload, workload_type, sub_account_id, charge_period_start
