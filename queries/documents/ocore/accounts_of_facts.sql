-- The sub accounts that the usage of a connection names, each with its newest name. Grain: sub account.
-- Parameters: $connection.
select
    sub_account_id as project_id,
    arg_max(sub_account_name, charge_period_start) as project_name
from facts.usage
where connection = $connection
group by sub_account_id
order by sub_account_id
