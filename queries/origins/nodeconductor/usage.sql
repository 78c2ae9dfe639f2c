-- The staging rows that facts.usage of NodeConductor is made of, counted per raw file. Grain: sub account, raw file.
-- Parameters: $connection, $billing_period, $period_start, $period_end.
with hours as (
    select
        uuid,
        x_answer
    from staging.nodeconductor_usage_points
    where
        x_connection = $connection
        and x_period = $billing_period
        and aggregate = 'project'
        and item in ('memory', 'storage')
        and is_asked
        and value is not null
        and from_at >= $period_start
        and to_at <= $period_end
        and to_at > from_at
    qualify row_number() over (partition by uuid, item, from_at order by series_position, position) = 1
)

select
    answers.dataset,
    'nodeconductor_usage_points' as staging_table,
    hours.uuid as sub_account_id,
    answers.receipt,
    answers.sha256,
    count(*) as row_count
from hours
inner join landing.units_answers as answers on hours.x_answer = answers.answer
where
    answers.connection = $connection
    and answers.provider = 'nodeconductor'
    and answers.dataset = 'usage'
    and answers.period = $billing_period
group by answers.dataset, hours.uuid, answers.receipt, answers.sha256
