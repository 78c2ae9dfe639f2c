-- Notices: rows of the workload report that contradict themselves. Spot and on-demand percent add up to 100 (give or
-- take a tenth, as they are rounded) or are both 0. Replicas are an average, and whether hours count each of them is not
-- documented: they are no more than the window's hours times that average, or once if it is below one (give or take an
-- hour and a hundredth).
-- Grain: contradiction. Parameters: $connection, $billing_period.
with rows as (
    select
        asked_from,
        cluster_name || '/' || namespace || '/' || workload_name as name,
        spot_percent,
        on_demand_percent,
        spot_hours + on_demand_hours as hours,
        greatest(replicas, 1) * cast(date_diff('hour', asked_from, asked_to) as decimal(18, 0)) as most_hours
    from staging.scaleops_workloads
    where x_connection = $connection and x_period = $billing_period and is_asked_window
),

odd as (
    select
        1 as place,
        'spot and on-demand percent of ' as what,
        ' do not add up to 100' as matter,
        asked_from,
        name,
        'spot ' || cast(spot_percent as double) || ', on-demand ' || cast(on_demand_percent as double) as figures
    from rows
    where
        abs(spot_percent + on_demand_percent - 100) > 0.1
        and (spot_percent <> 0 or on_demand_percent <> 0)
    union all
    select
        2 as place,
        'hours of ' as what,
        ' are more than the replicas can have run' as matter,
        asked_from,
        name,
        cast(hours as double) || ' hours, room for ' || cast(most_hours as double) as figures
    from rows
    where hours > most_hours * 1.01 + 1
)

select
    $connection as connection,
    what || count(*) || case when count(*) = 1 then ' workload and day' else ' workloads and days' end || matter
    || '; the first: ' || left(min({'at': asked_from, 'name': name, 'figures': figures}).name, 120)
    || ' on ' || strftime(min({'at': asked_from, 'name': name, 'figures': figures}).at, '%Y-%m-%d')
    || ' (' || min({'at': asked_from, 'name': name, 'figures': figures}).figures || ')' as notice
from odd
group by place, what, matter
order by place
