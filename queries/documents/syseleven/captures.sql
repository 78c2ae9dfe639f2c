-- The newest answer of each endpoint, project and version in the month. Answers have no time but that of their capture.
-- Parameters: $connection, $period_start, $period_end.
with answers as (
    select
        'quota' as kind,
        *
    from staging.syseleven_quota_answers
    where x_connection = $connection
    union all
    select
        'usage' as kind,
        *
    from staging.syseleven_usage_answers
    where x_connection = $connection
)

select
    kind,
    project_id,
    api_version,
    x_captured_at,
    x_receipt,
    x_raw_sha256
from answers
where
    x_captured_at >= $period_start
    and x_captured_at < $period_end
qualify row_number() over (
    partition by kind, project_id, api_version
    order by x_captured_at desc, x_receipt desc, x_raw_sha256
) = 1
order by project_id, x_captured_at desc, x_receipt desc, api_version desc
