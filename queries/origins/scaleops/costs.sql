-- The staging rows that facts.costs of ScaleOps is made of, counted per raw file. Grain: sub account, raw file.
-- A workload that was answered twice in a window counts once in the facts, and is counted as often as it stands here.
-- Parameters: $connection, $billing_period.
select
    'workloads' as dataset,
    'scaleops_workloads' as staging_table,
    cluster_name || '/' || namespace as sub_account_id,
    x_receipt as receipt,
    x_raw_sha256 as sha256,
    count(*) as row_count
from staging.scaleops_workloads
where x_connection = $connection and x_period = $billing_period and is_asked_window
group by cluster_name || '/' || namespace, x_receipt, x_raw_sha256
