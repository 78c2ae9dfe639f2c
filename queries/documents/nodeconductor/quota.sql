-- Quotas of all that is selected together, as the month last asked: sums over projects, each once. One row.
-- One unlimited project (below zero) makes a limit unlimited, which is -1: it is never added. A quota that no project
-- has is null. A customer has the projects that name it, a group those that either list puts into it.
-- Parameters: $connection, $billing_period, $aggregate, $uuid (null: all).
with newest as (
    select receipt
    from landing.receipts
    where
        connection = $connection
        and provider = 'nodeconductor'
        and dataset = 'quota'
        and period = $billing_period
        and outcome = 'staged'
    -- one that failed in part lacks projects
    order by error is null desc, fetched_at desc, receipt desc
    limit 1
),

projects as (
    select quotas.*
    from staging.nodeconductor_quotas as quotas
    inner join newest on quotas.x_receipt = newest.receipt
    where
        quotas.x_connection = $connection
        and quotas.x_period = $billing_period
        and quotas.aggregate = 'project'
    qualify row_number() over (partition by quotas.uuid order by quotas.x_captured_at desc) = 1
),

listed as (
    select
        aggregate,
        uuid,
        unnest(
            try_cast(
                json_extract(document, case aggregate when 'project' then '$.project_groups' else '$.projects' end)
                as json[]
            )
        ) as other
    from staging.nodeconductor_aggregates
    where
        x_connection = $connection
        and x_period = $billing_period
        and aggregate in ('project', 'project_group')
),

-- an object in a list has a url that ends in its uuid, and not always a uuid
linked as (
    select
        aggregate,
        uuid,
        lower(replace(coalesce(other ->> '$.uuid', regexp_extract(other ->> '$.url', '([^/]+)/*$', 1)), '-', '')) as other
    from listed
),

members as (
    select
        'customer' as aggregate,
        customer_uuid as uuid,
        uuid as project
    from projects
    union
    select
        'project' as aggregate,
        uuid,
        uuid as project
    from projects
    union
    select
        'project_group' as aggregate,
        case aggregate when 'project' then other else uuid end as uuid,
        case aggregate when 'project' then uuid else other end as project
    from linked
),

selected as (
    select projects.*
    from projects
    semi join members
        on
            projects.uuid = members.project
            and members.aggregate = $aggregate
            and (cast($uuid as varchar) is null or members.uuid = $uuid)
)

select
    case when bool_or(vcpu < 0) then -1 else sum(vcpu) end as vcpu,
    case when bool_or(ram < 0) then -1 else sum(ram) end as ram,
    case when bool_or(storage < 0) then -1 else sum(storage) end as storage,
    case when bool_or(max_instances < 0) then -1 else sum(max_instances) end as max_instances,
    sum(vcpu_usage) as vcpu_usage,
    sum(ram_usage) as ram_usage,
    sum(storage_usage) as storage_usage,
    sum(max_instances_usage) as max_instances_usage
from selected
