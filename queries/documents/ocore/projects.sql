-- The projects that any answer of the connection names, each with its newest name; is_used says whether it has
-- items in the month. Grain: project. Parameters: $connection, $billing_period.
with named as (
    select
        project_id,
        project_name,
        period_start_at as named_at,
        x_period = $billing_period as is_used
    from staging.ocore_usage_items
    where x_connection = $connection
    union all
    select
        project_id,
        project_name,
        null as named_at,
        false as is_used
    from staging.ocore_usage_totals
    where x_connection = $connection
    union all
    select
        project_id,
        project_name,
        null as named_at,
        false as is_used
    from staging.ocore_project_totals
    where x_connection = $connection
)

select
    project_id,
    coalesce(arg_max(project_name, named_at), max(project_name), '') as project_name,
    bool_or(is_used) as is_used
from named
where project_id <> ''
group by project_id
order by project_id
