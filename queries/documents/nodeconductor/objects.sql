-- The objects of an aggregate that the month lists, each once, with its place in the list.
-- Grain: object; rows are not sorted. Parameters: $connection, $billing_period, $aggregate, $uuid (null: all).
select
    uuid,
    name,
    page,
    position
from staging.nodeconductor_aggregates
where
    x_connection = $connection
    and x_period = $billing_period
    and aggregate = $aggregate
    and (cast($uuid as varchar) is null or uuid = $uuid)
qualify row_number() over (partition by uuid order by page, position) = 1
