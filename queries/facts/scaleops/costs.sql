-- facts.costs from ScaleOps' workload report. Grain: workload, asked window (one UTC day).
-- Only windows that were answered as asked count. A workload answered again under the same id (compared without
-- regard to case) counts once, the first; one without an id is told apart by its names.
-- Parameters: $connection, $billing_period, $currency (the answers name none), $savings_add_up (whether the
-- savings of the windows add up; they are left out when they are a monthly figure in each window).
with counted as not materialized (
    select
        asked_from,
        asked_to,
        position,
        id,
        cluster_name,
        namespace,
        workload_name,
        workload_type,
        total_cost,
        spot_hours,
        on_demand_hours,
        savings_available,
        coalesce(owner_labels, '[]') as owner_labels
    from staging.scaleops_workloads
    where x_connection = $connection and x_period = $billing_period and is_asked_window
),

-- telling rows apart by their keys costs more than all the rest, and hardly any window needs it
windows as (
    select
        asked_from,
        bool_and(are_ids_distinct) as are_ids_distinct
    from staging.scaleops_workload_windows
    where x_connection = $connection and x_period = $billing_period
    group by asked_from
),

workloads as (
    select counted.*
    from counted
    inner join windows on counted.asked_from = windows.asked_from and windows.are_ids_distinct
    union all
    select counted.*
    from counted
    inner join windows on counted.asked_from = windows.asked_from and not windows.are_ids_distinct
    qualify row_number() over (
        partition by
            counted.asked_from,
            case
                when counted.id = '' then [
                    counted.cluster_name, counted.namespace, counted.workload_type, counted.workload_name
                ]
                else [lower(counted.id)]
            end
        order by counted.position
    ) = 1
)

select
    $connection as connection,
    'scaleops' as provider,
    'workloads' as dataset,
    $billing_period as billing_period,
    workloads.cluster_name || '/' || workloads.namespace as sub_account_id,
    workloads.cluster_name || '/' || workloads.namespace as sub_account_name,
    workloads.cluster_name as cluster,
    workloads.namespace,
    workloads.workload_name as workload,
    workloads.workload_type,
    workloads.id as resource_id,
    workloads.owner_labels as labels,
    workloads.asked_from as charge_period_start,
    workloads.asked_to as charge_period_end,
    $currency as billing_currency,
    workloads.total_cost as effective_cost,
    workloads.spot_hours,
    workloads.on_demand_hours,
    case when $savings_add_up then workloads.savings_available end as savings_available
from workloads
