-- Usage and costs that lie outside of their billing period, or end before they start. Parameters: $billing_period.
with facts_of_month as (
    select 'usage' as fact, connection, sub_account_id, charge_period_start, charge_period_end
    from facts.usage
    where billing_period = $billing_period
    union all
    select 'costs' as fact, connection, sub_account_id, charge_period_start, charge_period_end
    from facts.costs
    where billing_period = $billing_period
)

select fact, connection, sub_account_id, charge_period_start, charge_period_end
from facts_of_month
where
    charge_period_start < cast($billing_period || '-01' as timestamp)
    or charge_period_end > cast($billing_period || '-01' as timestamp) + interval 1 month
    or charge_period_end <= charge_period_start
order by fact, connection, sub_account_id, charge_period_start
