-- Notices: hours that were asked for and have no item of any project, after the first hour that has one. Such an hour had
-- no instances, or the answer is not whole and does not say so: the document tells neither.
-- Grain: one row, or none. Parameters: $connection, $billing_period, $period_start, $period_end.
with used as (
    select distinct date_trunc('hour', period_start_at) as hour
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and x_period = $billing_period
        and period_type = 'hourly'
        and period_start_at >= $period_start
        and period_start_at < $period_end
),

answered as (
    select max(cast(asked['end_date'] as timestamp)) as answered_to
    from landing.units_answers
    where connection = $connection and provider = 'ocore' and dataset = 'usage' and period = $billing_period
),

hours as (
    select unnest(generate_series(min(used.hour), any_value(answered.answered_to) - interval 1 hour, interval 1 hour)) as hour
    from used
    cross join answered
),

unused as (
    select hours.hour
    from hours
    anti join used on hours.hour = used.hour
)

select
    $connection as connection,
    'no project has usage in ' || count(*) || if(count(*) = 1, ' hour', ' hours')
    || ' after the first one with usage, first ' || strftime(min(hour), '%Y-%m-%d %H:%M')
    || ' UTC: counted as none' as notice
from unused
having count(*) > 0
