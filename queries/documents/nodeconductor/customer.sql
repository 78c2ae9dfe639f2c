-- What the customers had when the month last asked, in the document's order of fields.
-- Grain: customer, with its place in the answer; rows are not sorted. Parameters: $connection, $billing_period.
with newest as (
    select receipt
    from landing.receipts
    where
        connection = $connection
        and provider = 'nodeconductor'
        and dataset = 'customer'
        and period = $billing_period
        and outcome = 'staged'
    order by fetched_at desc, receipt desc
    limit 1
)

select
    customers.instances,
    customers.project_groups,
    customers.name,
    customers.projects,
    customers.abbreviation,
    customers.position
from staging.nodeconductor_customers as customers
inner join newest on customers.x_receipt = newest.receipt
where customers.x_connection = $connection and customers.x_period = $billing_period
