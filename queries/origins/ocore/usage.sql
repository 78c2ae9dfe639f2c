-- The staging rows that facts.usage of oCore is made of, counted per raw file. Grain: sub account, raw file.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
select
    'usage' as dataset,
    'ocore_usage_items' as staging_table,
    project_id as sub_account_id,
    x_receipt as receipt,
    x_raw_sha256 as sha256,
    count(*) as row_count
from staging.ocore_usage_items
where
    x_connection = $connection
    and x_period = $billing_period
    and period_type = 'hourly'
    and period_start_at >= $period_start
    and period_start_at < $period_end
group by project_id, x_receipt, x_raw_sha256
