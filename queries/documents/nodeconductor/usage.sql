-- A series of $count segments of $step seconds from $start for each of some objects of an aggregate.
-- Grain: object; rows are not sorted. Hours are read of any month. Storage is the last
-- value of a segment, cpu and memory are the mean over the seconds that have a value: of a single value itself, else
-- rounded to the millionth, which is a byte of a MiB. A segment without a value is 0, as the document shows it. An
-- object whose newest series is empty has no datapoints: nothing there is measured.
-- Parameters: $connection, $billing_period, $aggregate, $item, $uuids, $start, $step, $count.
with objects as (
    select unnest(cast($uuids as varchar[])) as uuid
),

newest_series as (
    select
        uuid,
        arg_max(point_count, x_period) as point_count
    from staging.nodeconductor_usage_series
    where
        x_connection = $connection
        and x_period <= $billing_period
        and aggregate = $aggregate
        and item = $item
        and is_asked
    group by uuid
),

points as (
    select
        uuid,
        x_period,
        series_position,
        position,
        from_epoch,
        to_epoch,
        value
    from staging.nodeconductor_usage_points
    semi join objects using (uuid)
    where
        x_connection = $connection
        and aggregate = $aggregate
        and item = $item
        and is_asked
        and value is not null
        and to_epoch > from_epoch
        and to_epoch > $start
        and from_epoch < cast($start as bigint) + cast($step as bigint) * $count
),

-- telling points apart by their times takes a third of the whole, and hardly any object needs it: only one with two
-- series in the months that are read (a month's series may reach into the next one's), or with a time twice in one
repeated_objects as (
    select uuid
    from staging.nodeconductor_usage_series
    where
        x_connection = $connection
        and x_period in (select x_period from points)
        and aggregate = $aggregate
        and item = $item
        and is_asked
    group by uuid
    having count(*) > 1 or not bool_and(are_points_distinct)
),

hours as (
    select points.*
    from points
    anti join repeated_objects on points.uuid = repeated_objects.uuid
    union all
    select points.*
    from points
    semi join repeated_objects on points.uuid = repeated_objects.uuid
    qualify row_number() over (
        partition by points.uuid, points.from_epoch
        order by points.x_period, points.series_position, points.position
    ) = 1
),

segments as (
    select
        unnest(range(cast($count as bigint))) as segment,
        cast($start as bigint) + segment * cast($step as bigint) as from_epoch,
        from_epoch + cast($step as bigint) as to_epoch
),

parts as (
    select
        hours.uuid,
        segments.segment,
        hours.from_epoch,
        hours.value,
        least(hours.to_epoch, segments.to_epoch) - greatest(hours.from_epoch, segments.from_epoch) as seconds
    from segments
    inner join hours on hours.from_epoch < segments.to_epoch and hours.to_epoch > segments.from_epoch
    -- a segment of no length lies within an hour and holds nothing of it
    where segments.to_epoch > segments.from_epoch
),

sums as (
    select
        uuid,
        segment,
        count(*) as part_count,
        arg_max(value, from_epoch) as last_value,
        sum(value * seconds) as weighted,
        sum(seconds) as seconds
    from parts
    group by uuid, segment
),

-- not a CASE: in its branches the divisions that half_even repeats are done again each time
measured as (
    select
        uuid,
        segment,
        last_value as value
    from sums
    where $item = 'storage' or part_count = 1
    union all
    select
        uuid,
        segment,
        cast(
            cast(
                pricing.half_even(pricing.trillionths(weighted), cast(seconds as hugeint) * 1000000) as decimal(38, 0)
            ) * 0.000001 as decimal(38, 12)
        ) as value
    from sums
    where $item <> 'storage' and part_count > 1
)

select
    objects.uuid,
    case
        when max(newest_series.point_count) > 0 or count(measured.value) > 0 then list(
            {
                'to': segments.to_epoch,
                'from': segments.from_epoch,
                'value': coalesce(measured.value, cast(0 as decimal(38, 12)))
            }
            order by segments.segment
        )
        else []
    end as datapoints
from objects
cross join segments
left join newest_series on objects.uuid = newest_series.uuid
left join measured on objects.uuid = measured.uuid and segments.segment = measured.segment
group by objects.uuid
