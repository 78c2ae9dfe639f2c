-- The staging rows that facts.usage of oCore is made of, counted per raw file. Grain: sub account, raw file.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
with counted as (
    select
        project_id as sub_account_id,
        x_answer,
        count(*) as row_count
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and x_period = $billing_period
        and period_type = 'hourly'
        and period_start_at >= $period_start
        and period_start_at < $period_end
    group by project_id, x_answer
)

select
    'usage' as dataset,
    'ocore_usage_items' as staging_table,
    counted.sub_account_id,
    answers.receipt,
    answers.sha256,
    cast(sum(counted.row_count) as bigint) as row_count
from counted
inner join landing.units_answers as answers
    on
        answers.connection = $connection
        and answers.provider = 'ocore'
        and answers.dataset = 'usage'
        and answers.period = $billing_period
        and counted.x_answer = answers.answer
group by counted.sub_account_id, answers.receipt, answers.sha256
