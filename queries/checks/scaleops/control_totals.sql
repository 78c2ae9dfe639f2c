-- Control: what ScaleOps says the month cost in groups against the sum of its workloads, over the days on which both
-- reports were answered as asked. One row for the days that agree, and one for each day that does not.
--  Parameters: $connection, $billing_period, $currency.
with groups as (
    select
        windows.asked_from,
        coalesce(sum(aggregated.total_cost), 0) as total_cost
    from staging.scaleops_aggregated_windows as windows
    left join staging.scaleops_aggregated as aggregated
        on
            windows.x_connection = aggregated.x_connection
            and windows.x_period = aggregated.x_period
            and windows.asked_from = aggregated.asked_from
    where windows.x_connection = $connection and windows.x_period = $billing_period and windows.is_asked_window
    group by windows.asked_from
),

workloads as (
    select
        windows.asked_from,
        coalesce(sum(costs.effective_cost), 0) as total_cost
    from staging.scaleops_workload_windows as windows
    left join facts.costs as costs
        on
            windows.x_connection = costs.connection
            and windows.x_period = costs.billing_period
            and windows.asked_from = costs.charge_period_start
    where windows.x_connection = $connection and windows.x_period = $billing_period and windows.is_asked_window
    group by windows.asked_from
),

compared as (
    select
        groups.asked_from,
        groups.total_cost as source_total,
        workloads.total_cost as our_total,
        -- sums of doubles differ from sums of decimals far behind the point
        abs(groups.total_cost - workloads.total_cost) <= 0.000001 as is_equal
    from groups
    inner join workloads on groups.asked_from = workloads.asked_from
)

select
    $connection as connection,
    $billing_period as billing_period,
    case
        when is_equal then 'cost of ' || count(*) || ' windows, in groups'
        else 'cost of ' || strftime(min(asked_from), '%Y-%m-%d') || ', in groups'
    end as control,
    cast(sum(source_total) as decimal(38, 12)) as source_total,
    cast(sum(our_total) as decimal(38, 12)) as our_total,
    $currency as unit,
    cast(case when is_equal then 0 else sum(source_total) - sum(our_total) end as decimal(38, 12)) as difference
from compared
group by is_equal, if(is_equal, null, asked_from)
order by is_equal, control
