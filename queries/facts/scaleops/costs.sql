-- facts.costs from ScaleOps' workload report. Grain: workload, asked window (one UTC day).
-- Only windows that were answered as asked count. A workload answered again under the same id (compared without
-- regard to case) counts once, the first; one without an id is told apart by its names.
-- Parameters: $connection, $billing_period, $currency (the answers name none), $savings_add_up (whether the
-- savings of the windows add up; they are left out when they are a monthly figure in each window).
with counted as (
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
        count(*) > count(distinct nullif(lower(id), '')) as may_repeat
    from counted
    group by asked_from
),

workloads as (
    select counted.*
    from counted
    inner join windows on counted.asked_from = windows.asked_from and not windows.may_repeat
    union all
    select counted.*
    from counted
    inner join windows on counted.asked_from = windows.asked_from and windows.may_repeat
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
),

label_documents as (
    select distinct owner_labels
    from workloads
),

label_pairs as (
    select
        owner_labels,
        unnest(cast(cast(owner_labels as json) as json[])) as pair,
        unnest(range(cast(json_array_length(owner_labels) as bigint))) as pair_position
    from label_documents
),

-- a key may repeat: the last one wins
label_keys as (
    select
        owner_labels,
        pair ->> '$.key' as label_key,
        arg_max(pair ->> '$.value', pair_position) as label_value
    from label_pairs
    group by owner_labels, pair ->> '$.key'
),

label_maps as (
    select
        owner_labels,
        map(list(label_key order by label_key), list(label_value order by label_key)) as labels
    from label_keys
    group by owner_labels
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
    coalesce(label_maps.labels, cast(map() as map(varchar, varchar))) as labels,
    workloads.asked_from as charge_period_start,
    workloads.asked_to as charge_period_end,
    $currency as billing_currency,
    workloads.total_cost as effective_cost,
    workloads.spot_hours,
    workloads.on_demand_hours,
    case when $savings_add_up then workloads.savings_available end as savings_available
from workloads
left join label_maps on workloads.owner_labels = label_maps.owner_labels
