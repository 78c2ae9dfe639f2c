-- The machines of one snapshot, in the order of its answer. Parameters: $connection, $receipt, $raw_sha256.
select *
from staging.openscaler_live_vms
where
    x_connection = $connection
    and x_receipt = $receipt
    and x_raw_sha256 = $raw_sha256
order by position
