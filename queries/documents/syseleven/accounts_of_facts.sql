-- The sub accounts that the quota facts of a connection name. Grain: sub account. Parameters: $connection.
select distinct sub_account_id
from facts.quotas
where connection = $connection
order by sub_account_id
