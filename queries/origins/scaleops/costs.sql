-- The staging rows that facts.costs of ScaleOps is made of, counted per raw file. Grain: sub account, raw file.
-- A workload that was answered twice in a window counts once in the facts, and is counted as often as it stands here.
-- Parameters: $connection, $billing_period.
select
    answers.dataset,
    'scaleops_workloads' as staging_table,
    workloads.cluster_name || '/' || workloads.namespace as sub_account_id,
    answers.receipt,
    answers.sha256,
    count(*) as row_count
from staging.scaleops_workloads as workloads
inner join landing.units_answers as answers on workloads.x_answer = answers.answer
where
    answers.connection = $connection
    and answers.provider = 'scaleops'
    and answers.dataset = 'workloads'
    and answers.period = $billing_period
    and workloads.x_connection = $connection
    and workloads.x_period = $billing_period
    and workloads.is_asked_window
group by answers.dataset, workloads.cluster_name || '/' || workloads.namespace, answers.receipt, answers.sha256
