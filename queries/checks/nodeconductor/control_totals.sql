-- Control: what NodeConductor says a customer used against the sum of the customer's projects, over the hours for
-- which both are known. Grain: customer. Only of storage: the server's memory of several instances is no true sum, so that
-- a difference there is the server's, and is told by notices.sql. Parameters: $connection, $billing_period.
with listed as (
    select
        aggregate,
        uuid,
        any_value(name order by page, position) as name,
        any_value(customer_uuid order by page, position) as customer_uuid
    from staging.nodeconductor_aggregates
    where x_connection = $connection and x_period = $billing_period
    group by aggregate, uuid
),

hours as (
    select
        aggregate,
        uuid,
        item,
        from_epoch,
        value
    from staging.nodeconductor_usage_points
    where
        x_connection = $connection
        and x_period = $billing_period
        and item = 'storage'
        and is_asked
        and value is not null
        and to_epoch - from_epoch = 3600
    qualify row_number() over (
        partition by aggregate, uuid, item, from_epoch
        order by series_position, position
    ) = 1
),

project_hours as (
    select
        listed.customer_uuid,
        hours.item,
        hours.from_epoch,
        sum(hours.value) as value
    from hours
    inner join listed on hours.uuid = listed.uuid and listed.aggregate = 'project'
    where hours.aggregate = 'project'
    group by listed.customer_uuid, hours.item, hours.from_epoch
),

totals as (
    select
        hours.uuid,
        hours.item,
        cast(sum(hours.value) * 0.0009765625 as decimal(38, 12)) as source_total,
        cast(sum(project_hours.value) * 0.0009765625 as decimal(38, 12)) as our_total
    from hours
    inner join project_hours
        on
            hours.uuid = project_hours.customer_uuid
            and hours.item = project_hours.item
            and hours.from_epoch = project_hours.from_epoch
    where hours.aggregate = 'customer'
    group by hours.uuid, hours.item
)

select
    $connection as connection,
    $billing_period as billing_period,
    totals.item || ' of customer ' || coalesce(listed.name, '') || ' (' || totals.uuid || ')' as control,
    totals.source_total,
    totals.our_total,
    'GiB-hour' as unit,
    -- sums of doubles differ from sums of decimals far behind the point
    cast(
        case
            when abs(totals.source_total - totals.our_total) <= 0.000001 then 0
            else totals.source_total - totals.our_total
        end as decimal(38, 12)
    ) as difference
from totals
left join listed on totals.uuid = listed.uuid and listed.aggregate = 'customer'
order by totals.item, listed.name, totals.uuid
