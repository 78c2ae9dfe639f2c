-- What may be asked for: configured projects and regions, and those that any answer of the connection has.
-- Grain: kind (project, region), name. Parameters: $connection, $project_ids, $regions.
select
    'project' as kind,
    unnest(cast($project_ids as varchar[])) as name
union
select
    'region' as kind,
    unnest(cast($regions as varchar[])) as name
union
select
    'project' as kind,
    project_id as name
from staging.syseleven_usage_answers
where x_connection = $connection
union
select
    'project' as kind,
    project_id as name
from staging.syseleven_quota_answers
where x_connection = $connection
union
select
    'region' as kind,
    region as name
from staging.syseleven_usage_values
where x_connection = $connection
union
select
    'region' as kind,
    region as name
from staging.syseleven_quota_values
where x_connection = $connection
order by kind, name
