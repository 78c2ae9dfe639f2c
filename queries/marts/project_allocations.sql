-- What rules of allocation.csv gave to a project in a month and took of it.
-- Grain: rule, role, connection, currency, in the order of charges. Parameters: $billing_period, $project.
select
    price_source,
    rule,
    kind,
    role,
    connection,
    method,
    meter,
    weight,
    total_weight,
    is_even_instead,
    source_cost,
    effective_cost,
    billing_currency
from marts.allocation_charges
where billing_period = $billing_period and project = $project
order by connection, billing_currency, charge_period_start, rule, role desc
