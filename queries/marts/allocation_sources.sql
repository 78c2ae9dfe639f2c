-- Where the costs come from that rules gave to a project in a month. Grain: rule, source project, connection, currency.
-- Parameters: $billing_period, $project.
select
    sources.price_source,
    sources.rule,
    sources.project,
    sources.connection,
    sources.source_cost,
    sources.effective_cost,
    sources.billing_currency,
    cast(sources.charge_period_start as date) as first_day,
    cast(sources.charge_period_end as date) as end_day -- exclusive
from marts.allocation_charges as sources
semi join (
    select rule, charge_period_start, connection, billing_currency
    from marts.allocation_charges
    where billing_period = $billing_period and project = $project and role = 'target'
) as given using (rule, charge_period_start, connection, billing_currency)
where sources.billing_period = $billing_period and sources.role = 'source'
order by sources.rule, sources.charge_period_start, sources.connection, sources.billing_currency, sources.project
