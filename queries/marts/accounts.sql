-- The month's sub accounts and the projects that they belong to, also by the labels of some of their costs.
-- Grain: connection, sub account, project. Parameters: $billing_period.
select
    connection,
    provider,
    sub_account_id,
    sub_account_name,
    project,
    cost_center,
    owner,
    is_mapped
from pricing.accounts
where billing_period = $billing_period
union
select
    labelled.connection,
    accounts.provider,
    labelled.sub_account_id,
    accounts.sub_account_name,
    labelled.project,
    labelled.cost_center,
    labelled.owner,
    true as is_mapped
from pricing.labelled_projects as labelled
inner join pricing.accounts as accounts using (billing_period, connection, sub_account_id)
where labelled.billing_period = $billing_period
order by connection, sub_account_id, project
