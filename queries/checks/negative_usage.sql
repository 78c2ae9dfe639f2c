-- Usage below zero, which no meter can count. Parameters: $billing_period.
select connection, sub_account_id, region, resource_id, meter, charge_period_start, consumed_quantity
from facts.usage
where billing_period = $billing_period and consumed_quantity < 0
order by connection, sub_account_id, region, resource_id, meter, charge_period_start
