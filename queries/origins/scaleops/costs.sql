-- The staging rows that facts.costs of ScaleOps is made of, counted per raw file. Grain: sub account, raw file.
-- A workload that was answered twice in a window counts once in the facts, and is counted as often as it stands here.
-- Parameters: $connection, $billing_period.
with counted as (
    select
        cluster_name || '/' || namespace as sub_account_id,
        x_answer,
        count(*) as row_count
    from staging.scaleops_workloads
    where x_connection = $connection and x_period = $billing_period and is_asked_window
    group by cluster_name || '/' || namespace, x_answer
)

select
    'workloads' as dataset,
    'scaleops_workloads' as staging_table,
    counted.sub_account_id,
    answers.receipt,
    answers.sha256,
    cast(sum(counted.row_count) as bigint) as row_count
from counted
inner join landing.units_answers as answers
    on
        answers.connection = $connection
        and answers.provider = 'scaleops'
        and answers.dataset = 'workloads'
        and answers.period = $billing_period
        and counted.x_answer = answers.answer
group by counted.sub_account_id, answers.receipt, answers.sha256
