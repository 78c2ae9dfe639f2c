-- What projects cost before any adjustment: the list cost, and where a provider states its own cost that one. Usage
-- without a price has none. Grain: project, connection, currency, UTC day. Parameters: $billing_period, $projects.
select
    project,
    connection,
    billing_currency,
    cast(charge_period_start as date) as day,
    cast(sum(coalesce(list_cost, effective_cost)) as decimal(38, 12)) as cost
from marts.charges
where
    billing_period = $billing_period
    and charge_category = 'Usage'
    and effective_cost is not null
    and list_contains($projects, project)
group by project, connection, billing_currency, cast(charge_period_start as date)
order by project, connection, billing_currency, day
