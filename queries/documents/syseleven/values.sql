-- The values of one answer, in its order. Parameters: $connection, $kind (quota, usage), $project_id, $receipt, $raw_sha256.
with answered as (
    select
        'quota' as kind,
        *
    from staging.syseleven_quota_values
    where x_connection = $connection and x_receipt = $receipt
    union all
    select
        'usage' as kind,
        *
    from staging.syseleven_usage_values
    where x_connection = $connection and x_receipt = $receipt
)

select
    region,
    resource,
    type,
    value,
    is_documented,
    unknown_fields
from answered
where
    kind = $kind
    and project_id = $project_id
    and x_raw_sha256 = $raw_sha256
order by position
