-- Notices: states that the provider's document does not name (it names only 'running'), with the machines that had
-- them in the month's samples. Whether such a machine runs is not known; it must not count as nothing unseen.
-- 'running' in another case counts as running, as in facts/openscaler/usage.sql. Ten states are told one by one.
-- Grain: state. Parameters: $connection, $period_start, $period_end, $max_gap_seconds.
with seen as (
    select
        state,
        vm_id,
        lower(state) = 'running' as is_running
    from staging.openscaler_live_vms
    where
        x_connection = $connection
        and x_captured_at >= cast($period_start as timestamp) - to_seconds(cast($max_gap_seconds as bigint))
        and x_captured_at < $period_end
        and state <> 'running'
),

ranked as (
    select
        state,
        row_number() over (order by count(distinct vm_id) desc, state asc) as place
    from seen
    group by state
),

told as (
    select
        least(ranked.place, 11) as place,
        seen.is_running,
        count(distinct seen.state) as states,
        count(distinct seen.vm_id) as machines,
        min(left(seen.state, 40)) as state
    from seen
    inner join ranked on ranked.state = seen.state
    group by least(ranked.place, 11), seen.is_running
)

select
    $connection as connection,
    case when place <= 10 then 'state ''' || state || '''' else states || ' other states' end
    || ' of ' || machines || case when machines = 1 then ' machine' else ' machines' end
    || case when place <= 10 then ' is' else ' are' end
    || ' not in the document: counted as '
    || case when is_running then 'running' else 'not running, without instance hours and memory' end as notice
from told
order by place, is_running
