-- Notices: flavors that the provider's flavor table does not know, so that the cores of their regions are held against
-- nothing (control_totals.sql). Ten are named.
-- Grain: one row, or none. Parameters: $connection, $period_start, $period_end, $max_gap_seconds.
with others as (
    select
        type,
        row_number() over (order by type) as place
    from staging.syseleven_usage_values
    where
        x_connection = $connection
        and x_captured_at >= cast($period_start as timestamp) - to_seconds(cast($max_gap_seconds as bigint))
        and x_captured_at < $period_end
        and resource = 'compute.flavors'
        and type <> ''
        and not regexp_full_match(type, '[ml][0-9][cr]?\.(tiny|small|medium|large|xlarge|xxlarge|2xlarge|4xlarge)')
    group by type
)

select
    $connection as connection,
    'the flavor table does not know ' || string_agg(left(type, 40), ', ' order by place) filter (where place <= 10)
    || if(count(*) > 10, ' and ' || (count(*) - 10) || ' more', '')
    || ': the cores of their regions are not compared with flavors' as notice
from others
having count(*) > 0
