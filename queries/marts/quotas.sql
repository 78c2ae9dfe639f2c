-- Limits and their use as seen on each day, with the project of their sub account.
-- Grain: connection, sub account, region, resource, day. Parameters: $billing_period.
select
    quotas.connection,
    quotas.provider,
    quotas.dataset,
    quotas.sub_account_id,
    accounts.sub_account_name,
    accounts.project,
    quotas.region,
    quotas.resource,
    quotas.unit,
    quotas.limit_quantity,
    quotas.is_unlimited,
    quotas.used_quantity,
    quotas.captured_at
from facts.quotas as quotas
inner join pricing.accounts as accounts
    on
        accounts.billing_period = quotas.billing_period
        and accounts.connection = quotas.connection
        and accounts.sub_account_id = quotas.sub_account_id
where quotas.billing_period = $billing_period
order by quotas.connection, quotas.sub_account_id, quotas.region, quotas.resource, quotas.captured_at
