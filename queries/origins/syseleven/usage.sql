-- The staging rows that facts.usage of SysEleven is made of, counted per raw file. Grain: sub account, raw file.
-- As in the facts, the last sample before the month is one of them when it reaches into it.
-- Parameters: $connection, $period_start, $period_end, $observed_until, $max_gap_seconds.
with bounds as (
    select
        cast($period_start as timestamp) as period_start,
        cast(least($period_end, date_trunc('second', cast($observed_until as timestamp))) as timestamp) as observed_end,
        to_seconds(cast($max_gap_seconds as bigint)) as max_gap
),

answers as (
    select
        answers.project_id,
        answers.x_receipt,
        date_trunc('second', answers.x_captured_at) as captured_at
    from staging.syseleven_usage_answers as answers
    cross join bounds
    where
        answers.x_connection = $connection
        and answers.x_captured_at >= bounds.period_start - bounds.max_gap
        and answers.x_captured_at < bounds.observed_end
    qualify row_number() over (
        partition by answers.project_id, date_trunc('second', answers.x_captured_at)
        order by answers.x_receipt
    ) = 1
),

spans as (
    select
        answers.*,
        coalesce(
            lead(answers.captured_at) over (partition by answers.project_id order by answers.captured_at),
            bounds.observed_end
        ) as next_at
    from answers
    cross join bounds
)

select
    'usage' as dataset,
    'syseleven_usage_values' as staging_table,
    figures.project_id as sub_account_id,
    figures.x_receipt as receipt,
    figures.x_raw_sha256 as sha256,
    count(*) as row_count
from staging.syseleven_usage_values as figures
inner join spans
    on figures.x_receipt = spans.x_receipt and figures.project_id = spans.project_id
cross join bounds
where
    figures.x_connection = $connection
    and least(spans.next_at, spans.captured_at + bounds.max_gap) > bounds.period_start
group by figures.project_id, figures.x_receipt, figures.x_raw_sha256
