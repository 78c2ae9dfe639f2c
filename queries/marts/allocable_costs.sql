-- What projects cost before anything is spread, adjustments among it (at no sub account).
-- Grain: project, connection, currency, sub account, UTC day. Parameters: $billing_period.
select
    project,
    connection,
    billing_currency,
    sub_account_id,
    cast(charge_period_start as date) as day,
    cast(sum(effective_cost) as decimal(38, 12)) as cost
from marts.charges
where billing_period = $billing_period and effective_cost is not null and cost_basis <> 'allocation'
group by project, connection, billing_currency, sub_account_id, cast(charge_period_start as date)
order by project, connection, billing_currency, sub_account_id, day
