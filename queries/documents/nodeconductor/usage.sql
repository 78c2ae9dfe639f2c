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
        and from_epoch < $start + $step * $count
    qualify row_number() over (partition by uuid, from_epoch order by x_period, series_position, position) = 1
),

segments as (
    select
        unnest(range(cast($count as bigint))) as segment,
        cast($start as bigint) + segment * cast($step as bigint) as from_epoch,
        from_epoch + cast($step as bigint) as to_epoch
),

parts as (
    select
        points.uuid,
        segments.segment,
        points.from_epoch,
        points.value,
        least(points.to_epoch, segments.to_epoch) - greatest(points.from_epoch, segments.from_epoch) as seconds
    from segments
    inner join points on points.from_epoch < segments.to_epoch and points.to_epoch > segments.from_epoch
    -- a segment of no length lies within an hour and holds nothing of it
    where segments.to_epoch > segments.from_epoch
),

sums as (
    select
        uuid,
        segment,
        count(*) as part_count,
        arg_max(value, from_epoch) as last_value,
        pricing.trillionths(sum(value * seconds)) as weighted,
        cast(sum(seconds) as hugeint) * 1000000 as divisor
    from parts
    group by uuid, segment
),

measured as (
    select
        uuid,
        segment,
        case
            when $item = 'storage' or part_count = 1 then last_value
            else cast(
                cast(pricing.half_even(weighted, divisor) as decimal(38, 0)) * 0.000001
                as decimal(38, 12)
            )
        end as value
    from sums
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
