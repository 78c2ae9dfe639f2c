-- What each workload cost in [$start, $end), and how it was described in its newest window there. Grain: workload
-- ($by_labels: workload and what labels and annotations its windows had, which may change); rows are not sorted.
-- Counted are whole windows of any month that were answered as asked. A workload answered again in a window under the
-- same id (in any case) counts once, the first; one without an id is told apart by its names.
-- hourly_cost and replicas are rates: here the sum of row_count of them, to make means from.
-- Parameters: $connection, $start, $end, $by_labels.
with answered as not materialized (
    select
        *,
        rowid as row_number,
        case
            when id = '' then concat_ws(chr(0), cluster_name, namespace, workload_type, workload_name)
            else lower(id)
        end as workload_key,
        cast(date_diff('day', timestamp '1970-01-01', asked_from) as integer) as epoch_day
    from staging.scaleops_workloads
    where
        x_connection = $connection
        and is_asked_window
        and asked_from >= $start
        and asked_to <= $end
),

-- more rows than days: checked with a bit for each day, since a window function over all rows takes ten times as long
repeated as (
    select workload_key
    from answered
    group by workload_key, epoch_day // 60
    having count(*) > bit_count(bit_or(cast(1 as bigint) << epoch_day % 60))
),

again as (
    select answered.row_number
    from answered
    semi join repeated on answered.workload_key = repeated.workload_key
    qualify row_number() over (partition by answered.asked_from, answered.workload_key order by answered.position) > 1
),

sums as (
    select
        workload_key,
        arg_max(row_number, asked_from) as newest_row,
        count(*) as row_count,
        sum(hourly_cost) as hourly_cost,
        sum(total_cost) as total_cost,
        sum(on_demand_hours) as on_demand_hours,
        sum(spot_hours) as spot_hours,
        sum(replicas) as replicas,
        sum(savings_available) as savings_available,
        sum(savings_available_with_replicas) as savings_available_with_replicas
    from answered
    anti join again on answered.row_number = again.row_number
    group by workload_key, case when $by_labels then {'owner': owner_labels, 'own': labels, 'annotations': annotations} end
)

-- the newest rows are looked up by their number, so that no texts of older windows are read
select
    sums.* exclude (newest_row),
    newest.asked_from as newest_from,
    newest.amount_of_workloads,
    newest.annotations,
    newest.cluster_name,
    newest.id,
    newest.labels,
    newest.namespace,
    newest.on_demand_percent,
    newest.owner_cpu_request,
    newest.owner_gpu_request,
    newest.owner_labels,
    newest.owner_memory_request,
    newest.savings_available as newest_savings_available,
    newest.savings_available_with_replicas as newest_savings_available_with_replicas,
    newest.services,
    newest.spot_percent,
    newest.workload_name,
    newest.workload_type
from sums
inner join staging.scaleops_workloads as newest on sums.newest_row = newest.rowid
