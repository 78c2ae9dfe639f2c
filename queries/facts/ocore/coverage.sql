-- facts.coverage for oCore: an hour that was asked for and answered is covered, rows or not, since a project
-- without instances has no row. Of usage each configured project is expected, or the whole organisation ('') where none
-- is; an answer for the whole organisation holds every project. A month with items of another length than an hour, or
-- of no time, was not seen: what of it the counted ones hold is not known.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $project_ids ('' alone: all).
with days as (
    select unnest(generate_series($period_start, $period_end - interval 1 day, interval 1 day)) as day
),

expected as (
    select
        'usage' as dataset,
        'usage' as feeds,
        unnest(cast($project_ids as varchar[])) as project_id
    union all
    select
        'totals' as dataset,
        'control' as feeds,
        '' as project_id
),

answers as (
    select
        dataset,
        coalesce(asked['project_id'], '') as project_id,
        max(cast(asked['end_date'] as timestamp)) as answered_to
    from landing.units_answers
    where connection = $connection and provider = 'ocore' and period = $billing_period
    group by dataset, coalesce(asked['project_id'], '')
),

answered as (
    select
        expected.dataset,
        expected.feeds,
        expected.project_id,
        max(answers.answered_to) as answered_to
    from expected
    left join answers
        on expected.dataset = answers.dataset and answers.project_id in (expected.project_id, '')
    group by expected.dataset, expected.feeds, expected.project_id
),

uncounted as (
    select count(*) as items
    from staging.ocore_usage_items
    where
        x_connection = $connection
        and x_period = $billing_period
        and (period_type <> 'hourly' or period_start_at is null)
)

select
    $connection as connection,
    'ocore' as provider,
    answered.dataset,
    $billing_period as billing_period,
    cast(days.day as date) as date,
    answered.feeds,
    'hours' as unit,
    24 * count(*) as expected,
    sum(
        case
            when answered.feeds = 'usage' and uncounted.items > 0 then 0
            else greatest(0, least(24, coalesce(date_diff('hour', days.day, answered.answered_to), 0)))
        end
    ) as received,
    true as is_backfillable,
    case
        when answered.feeds = 'usage' and any_value(uncounted.items) > 0
            then any_value(uncounted.items) || ' items are of no hour that could be counted'
        when count(answered.answered_to) between 1 and count(*) - 1
            then count(answered.answered_to) || ' of ' || count(*) || ' projects '
                || if(count(answered.answered_to) = 1, 'was', 'were') || ' asked'
        else ''
    end as note
from days
cross join answered
cross join uncounted
group by days.day, answered.dataset, answered.feeds
