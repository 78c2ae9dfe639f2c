-- What is known before anything is asked. One row: the end of the month's last window that was answered as asked
-- (null without one), and the connection's own choices.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $cluster, $multi_cluster, $window_zone,
-- $savings_add_up.
select
    max(asked_to) as seen_until,
    cast($period_start as timestamp) as period_start,
    cast($cluster as varchar) as cluster,
    cast($multi_cluster as boolean) as multi_cluster,
    cast($window_zone as varchar) as window_zone,
    cast($savings_add_up as boolean) as savings_add_up
from staging.scaleops_workload_windows
where
    x_connection = $connection
    and x_period = $billing_period
    and is_asked_window
    and asked_to <= $period_end
