-- Limits of all that is selected together and what is used of them, from the quota facts of any provider: sums over the
-- regions of each sub account on its last day with a capture. MiB where a size is meant, -1 where one is unlimited,
-- null where one is not known. Grain: kind of limit; no row without a capture.
-- Parameters: $connection, $billing_period, $uuid (a sub account; null: all), $kinds and $resources (side by side:
-- which resource limits cores, memory, storage or instances).
with captured as (
    select
        sub_account_id,
        region,
        resource,
        is_unlimited,
        limit_quantity,
        used_quantity,
        case
            when unit in ('core', 'count', 'MiB') then 1
            when unit = 'GiB' then 1024
        end as factor
    from facts.quotas
    where
        connection = $connection
        and billing_period = $billing_period
        and (cast($uuid as varchar) is null or sub_account_id = $uuid)
    qualify dense_rank() over (partition by sub_account_id order by cast(captured_at as date) desc) = 1
),

kinds as (
    select
        unnest(cast($kinds as varchar[])) as kind,
        unnest(cast($resources as varchar[])) as resource
),

places as (
    select distinct
        sub_account_id,
        region
    from captured
),

levels as (
    select
        kinds.kind,
        captured.limit_quantity * captured.factor as quota,
        captured.used_quantity * captured.factor as used,
        coalesce(captured.is_unlimited, false) as is_unlimited
    from kinds
    cross join places
    left join captured
        on
            kinds.resource = captured.resource
            and places.sub_account_id = captured.sub_account_id
            and places.region = captured.region
)

select
    kind,
    case
        when bool_or(quota is null and not is_unlimited) then null
        when bool_or(is_unlimited) then -1
        else sum(quota)
    end as quota,
    case when bool_or(used is null) then null else sum(used) end as used
from levels
group by kind
