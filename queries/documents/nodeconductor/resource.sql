-- What each cloud held when the month last asked it, in the document's order of fields. Grain: cloud, position in its
-- answer. Parameters: $connection, $billing_period.
select
    auth_url,
    free_disk_gb,
    free_ram_mb,
    memory_mb,
    memory_mb_used,
    memory_quota,
    storage_quota,
    vcpu_quota,
    vcpus,
    vcpus_used
from staging.nodeconductor_resources
where x_connection = $connection and x_period = $billing_period
qualify dense_rank() over (partition by auth_url order by x_captured_at desc, x_receipt desc) = 1
order by auth_url, position
