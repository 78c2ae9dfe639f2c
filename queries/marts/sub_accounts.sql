-- The sub accounts that a month's facts name, each under its last known name.
-- Grain: connection, sub account. Parameters: $billing_period.
with named as (
    select
        connection,
        provider,
        sub_account_id,
        sub_account_name,
        max(charge_period_start) as named_at
    from facts.usage
    where billing_period = $billing_period
    group by connection, provider, sub_account_id, sub_account_name
    union all
    select
        connection,
        provider,
        sub_account_id,
        sub_account_name,
        max(charge_period_start) as named_at
    from facts.costs
    where billing_period = $billing_period
    group by connection, provider, sub_account_id, sub_account_name
    union all
    select
        connection,
        provider,
        sub_account_id,
        sub_account_name,
        max(captured_at) as named_at
    from facts.quotas
    where billing_period = $billing_period
    group by connection, provider, sub_account_id, sub_account_name
)

select
    connection,
    min(provider) as provider,
    sub_account_id,
    max({'is_named': sub_account_name <> '', 'at': named_at, 'name': sub_account_name}).name as sub_account_name
from named
group by connection, sub_account_id
order by connection, sub_account_id
