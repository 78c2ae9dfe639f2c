-- The snapshot that holds at a moment, as the facts hold it: the last one, for at most $max_gap_seconds.
-- Of answers with the same timestamp one counts. One row or none.
-- Parameters: $connection, $at (unix seconds), $max_gap_seconds.
select *
from staging.openscaler_live
where
    x_connection = $connection
    and timestamp <= $at
    and timestamp > $at - $max_gap_seconds
order by timestamp desc, x_receipt, x_raw_sha256
limit 1
