-- How much of some meters projects used. Grain: project, connection, sub account, meter, UTC day.
-- Parameters: $billing_period, $meters.
select
    project,
    connection,
    sub_account_id,
    meter,
    cast(charge_period_start as date) as day,
    cast(sum(consumed_quantity) as decimal(38, 12)) as quantity
from marts.charges
where billing_period = $billing_period and consumed_quantity is not null and list_contains($meters, meter)
group by project, connection, sub_account_id, meter, cast(charge_period_start as date)
order by project, connection, sub_account_id, meter, day
