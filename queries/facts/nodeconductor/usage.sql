-- facts.usage from NodeConductor's project series. Grain: project, meter, segment (one hour).
-- Customers and project groups overlap with projects and are left out. cpu is a percentage and gives no quantity.
-- GiB-hours are MiB x seconds / (1024 x 3600). A whole hour is exact; another length is rounded at the 12th decimal,
-- in whole numbers because a division of decimals would be a double.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
with projects as (
    select
        uuid,
        any_value(name order by page, position) as name,
        any_value(customer_name order by page, position) as customer_name
    from staging.nodeconductor_aggregates
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project'
    group by uuid
),

-- telling points apart by their times costs more than all the rest, and hardly any series needs it
repeated_series as (
    select
        uuid,
        item
    from staging.nodeconductor_usage_series
    where x_connection = $connection and x_period = $billing_period and aggregate = 'project' and is_asked
    group by uuid, item
    having count(*) > 1 or not bool_and(are_points_distinct)
),

points as (
    select
        uuid,
        item,
        series_position,
        position,
        from_at,
        to_at,
        to_epoch - from_epoch as seconds,
        value
    from staging.nodeconductor_usage_points
    where
        x_connection = $connection
        and x_period = $billing_period
        and aggregate = 'project'
        and item in ('memory', 'storage')
        and is_asked
        and value is not null
        and from_at >= $period_start
        and to_at <= $period_end
        and to_at > from_at
),

hours as (
    select points.*
    from points
    anti join repeated_series on points.uuid = repeated_series.uuid and points.item = repeated_series.item
    union all
    select points.*
    from points
    semi join repeated_series on points.uuid = repeated_series.uuid and points.item = repeated_series.item
    qualify row_number() over (
        partition by points.uuid, points.item, points.from_at
        order by points.series_position, points.position
    ) = 1
)

select
    $connection as connection,
    'nodeconductor' as provider,
    'usage' as dataset,
    $billing_period as billing_period,
    hours.uuid as sub_account_id,
    coalesce(projects.customer_name || ' / ' || projects.name, hours.uuid) as sub_account_name,
    '' as region,
    '' as resource_id,
    '' as resource_name,
    hours.item || '_gib_hours' as meter,
    hours.from_at as charge_period_start,
    hours.to_at as charge_period_end,
    case
        when hours.seconds = 3600 then pricing.gib_of_mib(hours.value)
        else cast(
            cast(
                (cast(hours.value * 1000000000000 as hugeint) * hours.seconds * 2 + 3686400) // 7372800
                as decimal(38, 0)
            ) * 0.000000000001
            as decimal(38, 12)
        )
    end as consumed_quantity,
    'averaged' as basis
from hours
left join projects on hours.uuid = projects.uuid
