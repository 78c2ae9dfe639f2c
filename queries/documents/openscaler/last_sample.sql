-- The month's last sample in unix seconds; null without one. One row.
-- Parameters: $connection, $period_start, $period_end.
select max(timestamp) as sampled_at
from staging.openscaler_live
where
    x_connection = $connection
    and x_captured_at >= $period_start
    and x_captured_at < $period_end
