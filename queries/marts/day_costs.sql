-- marts.day_costs of a month. Costs of providers are added up before it is looked up whose they are: a month may have
-- millions of them, and a join for each takes longer than their sum. Parameters: $billing_period.
with labelled as (
    select
        labelled.connection,
        labelled.sub_account_id,
        labelled.labels,
        labelled.project
    from pricing.labelled_projects as labelled
    where labelled.billing_period = $billing_period
),

costs as (
    select
        cast(costs.charge_period_start as date) as date,
        costs.connection,
        costs.sub_account_id,
        labelled.project,
        costs.billing_currency,
        costs.effective_cost is not null as has_cost,
        sum(costs.effective_cost) as effective_cost
    from facts.costs as costs
    left join labelled
        on
            labelled.connection = costs.connection
            and labelled.sub_account_id = costs.sub_account_id
            and labelled.labels = costs.labels
    where costs.billing_period = $billing_period
    group by all
),

parts as (
    select
        cast(charge_period_start as date) as date,
        provider,
        connection,
        project,
        billing_currency,
        cost_basis,
        effective_cost
    from marts.charges
    where
        billing_period = $billing_period
        and basis <> 'provider'
        and (effective_cost is not null or consumed_quantity is null or consumed_quantity <> 0)
    union all
    select
        costs.date,
        accounts.provider,
        costs.connection,
        coalesce(costs.project, accounts.project) as project,
        costs.billing_currency,
        case when costs.has_cost then 'provider' end as cost_basis,
        costs.effective_cost
    from costs
    inner join pricing.accounts as accounts
        on
            accounts.billing_period = $billing_period
            and accounts.connection = costs.connection
            and accounts.sub_account_id = costs.sub_account_id
)

select
    $billing_period as billing_period,
    date,
    provider,
    connection,
    project,
    billing_currency,
    cost_basis,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost
from parts
group by date, provider, connection, project, billing_currency, cost_basis, effective_cost is null
