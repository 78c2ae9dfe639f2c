-- What each UTC day of the months up to this one cost by project, and by workload ('' for a project's rows).
-- Before adjustments, allocation and minimums: an amount of adjustments.csv, what allocation.csv spreads, and what is owed
-- to a minimum stand on one day, which they would make unlike the others.
-- Grain: day, connection, project, workload, currency. Parameters: $first_period, $billing_period, $least_cost.
-- Of the workloads only those whose charges differ by $least_cost or more (no day of another can be that far from what
-- is usual), and of these the 2,000 per currency that differ most: a hundred thousand of them would be read for ten rows.
-- To differ by so much a workload needs a charge that much above the lowest of all: few have one, and the others are not
-- grouped.
with costs as not materialized (
    select
        connection,
        cluster,
        namespace,
        workload,
        workload_type,
        billing_currency,
        effective_cost
    from facts.costs
    where billing_period >= $first_period and billing_period <= $billing_period
),

dear as (
    select distinct
        connection,
        cluster,
        namespace,
        workload,
        workload_type,
        billing_currency
    from costs
    where effective_cost >= (select min(costs.effective_cost) from costs) + cast($least_cost as decimal(38, 12))
),

spans as (
    select
        connection,
        cluster,
        namespace,
        workload,
        workload_type,
        billing_currency,
        max(effective_cost) - min(effective_cost) as span
    from costs
    semi join dear using (connection, cluster, namespace, workload, workload_type, billing_currency)
    group by connection, cluster, namespace, workload, workload_type, billing_currency
    having span >= cast($least_cost as decimal(38, 12))
),

restless as (
    select *
    from spans
    qualify row_number() over (
        partition by billing_currency
        order by span desc, connection, cluster, namespace, workload, workload_type
    ) <= 2000
)

select
    date,
    connection,
    project,
    '' as cluster,
    '' as namespace,
    '' as workload,
    '' as workload_type,
    billing_currency,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from marts.day_costs
where
    billing_period >= $first_period
    and billing_period <= $billing_period
    and effective_cost is not null
    and cost_basis not in ('adjustment', 'allocation', 'minimum')
group by date, connection, project, billing_currency
union all
select
    cast(costs.charge_period_start as date) as date,
    costs.connection,
    coalesce(labelled.project, accounts.project) as project,
    costs.cluster,
    costs.namespace,
    costs.workload,
    costs.workload_type,
    costs.billing_currency,
    cast(sum(costs.effective_cost) as decimal(38, 12)) as effective_cost
from facts.costs as costs
semi join restless
    on
        costs.workload = restless.workload
        and costs.namespace = restless.namespace
        and costs.cluster = restless.cluster
        and costs.connection = restless.connection
        and costs.workload_type = restless.workload_type
        and costs.billing_currency = restless.billing_currency
inner join pricing.accounts as accounts
    on
        accounts.billing_period = costs.billing_period
        and accounts.connection = costs.connection
        and accounts.sub_account_id = costs.sub_account_id
left join pricing.labelled_projects as labelled
    on
        labelled.billing_period = costs.billing_period
        and labelled.connection = costs.connection
        and labelled.sub_account_id = costs.sub_account_id
        and labelled.labels = costs.labels
where
    costs.billing_period >= $first_period
    and costs.billing_period <= $billing_period
    and costs.effective_cost is not null
group by all
