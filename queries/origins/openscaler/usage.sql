-- The staging rows that facts.usage of OpenScaler is made of, counted per raw file. Grain: staging table, raw file.
-- As in the facts, the last sample before the month is one of them when it reaches into it.
-- Parameters: $connection, $period_start, $period_end, $observed_until, $max_gap_seconds.
with bounds as (
    select
        cast($period_start as timestamp) as period_start,
        cast(least($period_end, date_trunc('second', cast($observed_until as timestamp))) as timestamp) as observed_end,
        to_seconds(cast($max_gap_seconds as bigint)) as max_gap
),

snapshots as (
    select
        live.x_receipt,
        live.x_raw_sha256,
        live.x_captured_at
    from staging.openscaler_live as live
    cross join bounds
    where
        live.x_connection = $connection
        and live.x_captured_at >= bounds.period_start - bounds.max_gap
        and live.x_captured_at < bounds.observed_end
    qualify row_number() over (partition by live.x_captured_at order by live.x_receipt, live.x_raw_sha256) = 1
),

spans as (
    select
        snapshots.*,
        coalesce(lead(snapshots.x_captured_at) over (order by snapshots.x_captured_at), bounds.observed_end) as next_at
    from snapshots
    cross join bounds
),

counting as (
    select spans.x_receipt, spans.x_raw_sha256, spans.x_captured_at
    from spans
    cross join bounds
    where least(spans.next_at, spans.x_captured_at + bounds.max_gap) > bounds.period_start
)

select
    'live' as dataset,
    'openscaler_live' as staging_table,
    'account' as sub_account_id,
    x_receipt as receipt,
    x_raw_sha256 as sha256,
    count(*) as row_count
from counting
group by x_receipt, x_raw_sha256
union all
select
    'live' as dataset,
    'openscaler_live_vms' as staging_table,
    'account' as sub_account_id,
    vms.x_receipt as receipt,
    vms.x_raw_sha256 as sha256,
    count(*) as row_count
from staging.openscaler_live_vms as vms
inner join counting
    on
        vms.x_receipt = counting.x_receipt
        and vms.x_raw_sha256 = counting.x_raw_sha256
        and vms.x_captured_at = counting.x_captured_at
where vms.x_connection = $connection
group by vms.x_receipt, vms.x_raw_sha256
