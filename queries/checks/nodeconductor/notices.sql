-- Notices: customers whose memory is another than that of their projects, over the hours for which both are known. No
-- control, since the server's memory of several instances is no true sum: of each moment it takes one of them.
-- Grain: one row, or none. Parameters: $connection, $billing_period.
with listed as (
    select
        uuid,
        any_value(customer_uuid order by page, position) as customer_uuid
    from staging.nodeconductor_aggregates
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project'
    group by uuid
),

hours as (
    select
        aggregate,
        uuid,
        from_epoch,
        value
    from staging.nodeconductor_usage_points
    where
        x_connection = $connection
        and x_period = $billing_period
        and item = 'memory'
        and is_asked
        and value is not null
        and to_epoch - from_epoch = 3600
    qualify row_number() over (
        partition by aggregate, uuid, from_epoch
        order by series_position, position
    ) = 1
),

project_hours as (
    select
        listed.customer_uuid,
        hours.from_epoch,
        sum(hours.value) as value
    from hours
    inner join listed on hours.uuid = listed.uuid
    where hours.aggregate = 'project'
    group by listed.customer_uuid, hours.from_epoch
),

customers as (
    select
        hours.uuid,
        cast(sum(hours.value) * 0.0009765625 as decimal(38, 3)) as theirs,
        cast(sum(project_hours.value) * 0.0009765625 as decimal(38, 3)) as ours
    from hours
    inner join project_hours
        on hours.uuid = project_hours.customer_uuid and hours.from_epoch = project_hours.from_epoch
    where hours.aggregate = 'customer'
    group by hours.uuid
    having abs(sum(hours.value) - sum(project_hours.value)) > 0.001
)

select
    $connection as connection,
    'memory of ' || count(*) || case when count(*) = 1 then ' customer is' else ' customers is' end
    || ' another than that of its projects, which count: ' || sum(theirs) || ' GiB-hours against ' || sum(ours)
    || '; the server adds up the memory of several instances wrongly' as notice
from customers
having count(*) > 0
