-- What rows of adjustments.csv made of a project's cost in a month, and what their percentages were taken of.
-- Grain: row of the book, connection, currency, in the order of charges. Parameters: $billing_period, $project.
select
    price_source,
    connection,
    any_value(adjustment) as adjustment,
    cast(sum(base_cost) as decimal(38, 12)) as base_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    billing_currency
from marts.adjustment_charges
where billing_period = $billing_period and project = $project
group by price_source, connection, billing_currency
order by
    connection,
    min(list_position(['discount', 'markup', 'tax', 'credit'], category)),
    price_source,
    billing_currency
