-- The samples next to a moment, in unix seconds; null where there is none. One row.
-- Parameters: $connection, $at (unix seconds).
select
    max(timestamp) filter (where timestamp <= $at) as sampled_before,
    min(timestamp) filter (where timestamp > $at) as sampled_after
from staging.openscaler_live
where x_connection = $connection
