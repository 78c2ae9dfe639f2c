-- The staging rows that facts.usage of oCore is made of, counted per raw file. Grain: sub account, raw file.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
select
    answers.dataset,
    'ocore_usage_items' as staging_table,
    items.project_id as sub_account_id,
    answers.receipt,
    answers.sha256,
    count(*) as row_count
from staging.ocore_usage_items as items
inner join landing.units_answers as answers on items.x_answer = answers.answer
where
    answers.connection = $connection
    and answers.provider = 'ocore'
    and answers.dataset = 'usage'
    and answers.period = $billing_period
    and items.x_connection = $connection
    and items.x_period = $billing_period
    and items.period_type = 'hourly'
    and items.period_start_at >= $period_start
    and items.period_start_at < $period_end
group by answers.dataset, items.project_id, answers.receipt, answers.sha256
