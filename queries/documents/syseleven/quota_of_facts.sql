-- The limits of a sub account by region from the quota facts of any provider, on its last day with a capture in the
-- month: cores, MiB and counts; -1 is unlimited, null is not known. Grain: region, kind of limit.
-- Parameters: $connection, $billing_period, $project_id, $kinds and $resources (side by side: which resource limits
-- cores, memory, storage or instances).
with kinds as (
    select
        unnest(cast($kinds as varchar[])) as kind,
        unnest(cast($resources as varchar[])) as resource
),

captured as (
    select
        region,
        resource,
        unit,
        is_unlimited,
        limit_quantity
    from facts.quotas
    where connection = $connection and billing_period = $billing_period and sub_account_id = $project_id
    qualify dense_rank() over (order by cast(captured_at as date) desc) = 1
)

select
    captured.region,
    kinds.kind,
    case
        when captured.is_unlimited then -1
        when captured.unit in ('core', 'count', 'MiB') then captured.limit_quantity
        when captured.unit = 'GiB' then captured.limit_quantity * 1024
    end as quota
from captured
inner join kinds on captured.resource = kinds.resource
order by captured.region, kinds.kind
