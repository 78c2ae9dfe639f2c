-- facts.estate from NodeConductor: levels, the last of each day. Grain: sub account, resource, measure, label, day.
-- cpu: the last hour that has a value (its time is the hour's start), since a mean over hours is no level.
-- customers have no uuid: one is given where exactly one listed customer has the name.
-- creations: how many objects of a type were created on a day (its time is the day's start), of the hours or days that
-- were asked.
-- alerts: of the month so far, which is the longest window from its start, per customer and ('') of all that is
-- visible; other windows are parts of it, and projects and groups are parts of customers. Severities in lower case, a
-- documented one that is missing is 0. Parameters: $connection, $billing_period, $period_start, $period_end.
with listed as (
    select
        aggregate,
        uuid,
        any_value(name order by page, position) as name,
        any_value(customer_name order by page, position) as customer_name
    from staging.nodeconductor_aggregates
    where x_connection = $connection and x_period = $billing_period
    group by aggregate, uuid
),

named_customers as (
    select
        name,
        any_value(uuid) as uuid
    from listed
    where aggregate = 'customer'
    group by name
    having count(*) = 1
),

cpu as (
    select
        'usage' as dataset,
        points.uuid as sub_account_id,
        coalesce(listed.customer_name || ' / ' || listed.name, points.uuid) as sub_account_name,
        '' as resource_id,
        '' as resource_name,
        'cpu_pct' as measure,
        'percent' as unit,
        points.value as quantity,
        '' as label,
        points.from_at as captured_at
    from staging.nodeconductor_usage_points as points
    left join listed on points.uuid = listed.uuid and listed.aggregate = 'project'
    where
        points.x_connection = $connection
        and points.x_period = $billing_period
        and points.aggregate = 'project'
        and points.item = 'cpu'
        and points.is_asked
        and points.value is not null
        and points.from_at >= $period_start
        and points.to_at <= $period_end
    qualify row_number() over (
        partition by points.uuid, cast(points.from_at as date)
        order by points.from_at desc, points.position
    ) = 1
),

customers_of_day as (
    select
        position,
        name,
        count(*) over (partition by x_raw_sha256, x_captured_at, name) as namesakes,
        unnest([
            {'measure': 'projects', 'quantity': projects},
            {'measure': 'project_groups', 'quantity': project_groups},
            {'measure': 'instances', 'quantity': instances}
        ]) as level,
        x_captured_at
    from staging.nodeconductor_customers
    where x_connection = $connection and x_period = $billing_period
    qualify dense_rank() over (
        partition by cast(x_captured_at as date)
        order by x_captured_at desc, x_receipt desc
    ) = 1
),

customers as (
    select
        'customer' as dataset,
        case when customers_of_day.namesakes = 1 then coalesce(named_customers.uuid, '') else '' end as sub_account_id,
        customers_of_day.name as sub_account_name,
        -- two customers of one name stay two rows
        case when customers_of_day.namesakes = 1 then '' else '#' || customers_of_day.position end as resource_id,
        '' as resource_name,
        customers_of_day.level.measure,
        'count' as unit,
        cast(customers_of_day.level.quantity as decimal(38, 12)) as quantity,
        '' as label,
        customers_of_day.x_captured_at as captured_at
    from customers_of_day
    left join named_customers on customers_of_day.name = named_customers.name
),

resources as (
    select
        'resource' as dataset,
        '' as sub_account_id,
        '' as sub_account_name,
        auth_url || case when position > 0 then '#' || position else '' end as resource_id,
        auth_url as resource_name,
        unnest([
            {'measure': 'vcpus', 'unit': 'core', 'quantity': vcpus},
            {'measure': 'vcpus_used', 'unit': 'core', 'quantity': vcpus_used},
            {'measure': 'vcpu_quota', 'unit': 'core', 'quantity': vcpu_quota},
            {'measure': 'memory_mb', 'unit': 'MiB', 'quantity': memory_mb},
            {'measure': 'memory_mb_used', 'unit': 'MiB', 'quantity': memory_mb_used},
            {'measure': 'free_ram_mb', 'unit': 'MiB', 'quantity': free_ram_mb},
            {'measure': 'memory_quota', 'unit': 'MiB', 'quantity': memory_quota},
            {'measure': 'free_disk_gb', 'unit': 'GiB', 'quantity': free_disk_gb},
            {'measure': 'storage_quota', 'unit': 'MiB', 'quantity': storage_quota}
        ]) as level,
        x_captured_at as captured_at
    from staging.nodeconductor_resources
    where x_connection = $connection and x_period = $billing_period
    qualify row_number() over (
        partition by auth_url, position, cast(x_captured_at as date)
        order by x_captured_at desc
    ) = 1
),

created as (
    select
        type,
        date_trunc('day', from_at) as day,
        value
    from staging.nodeconductor_creation_times
    where
        x_connection = $connection
        and x_period = $billing_period
        and from_at >= $period_start
        and to_at <= $period_end
        and to_at > from_at
    qualify row_number() over (partition by type, from_at order by position) = 1
),

creations as (
    select
        'creation_time' as dataset,
        '' as sub_account_id,
        '' as sub_account_name,
        '' as resource_id,
        '' as resource_name,
        type || 's_created' as measure,
        'count' as unit,
        cast(sum(value) as decimal(38, 12)) as quantity,
        '' as label,
        day as captured_at
    from created
    group by type, day
),

alert_answers as (
    select
        answer,
        captured_at,
        coalesce(asked['uuid'], '') as uuid
    from landing.units_answers
    where
        connection = $connection
        and provider = 'nodeconductor'
        and dataset = 'alert'
        and period = $billing_period
        and kind = 'alert'
        and asked['aggregate'] = 'customer'
        and try_cast(asked['from'] as bigint) = epoch(cast($period_start as timestamp))
    qualify row_number() over (partition by asked['uuid'] order by try_cast(asked['to'] as bigint) desc) = 1
),

alert_counts as (
    select
        alert_answers.uuid,
        lower(alerts.severity) as severity,
        sum(alerts.alert_count) as alert_count
    from alert_answers
    inner join staging.nodeconductor_alerts as alerts
        on alerts.x_answer = alert_answers.answer
    where alerts.x_connection = $connection and alerts.x_period = $billing_period
    group by alert_answers.uuid, lower(alerts.severity)
),

severities as (
    select unnest(['debug', 'info', 'warning', 'error']) as severity
    union
    select severity from alert_counts
),

alerts as (
    select
        'alert' as dataset,
        alert_answers.uuid as sub_account_id,
        coalesce(listed.name, '') as sub_account_name,
        '' as resource_id,
        '' as resource_name,
        'alerts' as measure,
        'count' as unit,
        cast(coalesce(alert_counts.alert_count, 0) as decimal(38, 12)) as quantity,
        severities.severity as label,
        alert_answers.captured_at
    from alert_answers
    cross join severities
    left join alert_counts
        on alert_answers.uuid = alert_counts.uuid and severities.severity = alert_counts.severity
    left join listed on alert_answers.uuid = listed.uuid and listed.aggregate = 'customer'
),

levels as (
    select * from cpu
    union all by name
    select * from customers
    union all by name
    select * exclude (level), level.measure as measure, level.unit as unit, level.quantity as quantity, '' as label
    from resources
    union all by name
    select * from creations
    union all by name
    select * from alerts
)

select
    $connection as connection,
    'nodeconductor' as provider,
    dataset,
    $billing_period as billing_period,
    sub_account_id,
    sub_account_name,
    '' as region,
    resource_id,
    resource_name,
    measure,
    unit,
    quantity,
    label,
    captured_at
from levels
