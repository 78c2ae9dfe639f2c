-- A series of $count segments of $step seconds from $start in MiB, from the usage facts of any provider, for the
-- connection as a whole ($aggregate customer) or each sub account that has usage in the month. Memory is the mean over
-- a segment, storage that of the last charge period in it; what overlaps a segment in part counts for that part.
-- GiB-hours x 1024 x 3600 are MiB-seconds; divided in whole numbers, rounded half to even at the millionth. A segment
-- without usage is 0, and what has none at all has no datapoints. Hours are read of any month. Grain: object.
-- Parameters: $connection, $billing_period, $aggregate, $item, $meter, $uuid (null: all), $start, $step, $count.
with objects as (
    select
        case when $aggregate = 'project' then sub_account_id else '' end as object,
        case when $aggregate = 'project' then arg_max(sub_account_name, charge_period_start) else $connection end as name
    from facts.usage
    where
        connection = $connection
        and billing_period = $billing_period
        and (cast($uuid as varchar) is null or sub_account_id = $uuid)
    group by all
),

hours as (
    select
        case when $aggregate = 'project' then sub_account_id else '' end as object,
        cast(epoch(charge_period_start) as bigint) as from_epoch,
        cast(epoch(charge_period_end) as bigint) as to_epoch,
        pricing.trillionths(sum(consumed_quantity)) * 3686400 as mib_seconds
    from facts.usage
    where
        connection = $connection
        and meter = $meter
        and charge_period_end > make_timestamp(cast($start as bigint) * 1000000)
        and charge_period_start < make_timestamp((cast($start as bigint) + cast($step as bigint) * $count) * 1000000)
    group by all
),

segments as (
    select
        unnest(range(cast($count as bigint))) as segment,
        cast($start as bigint) + segment * cast($step as bigint) as from_epoch,
        from_epoch + cast($step as bigint) as to_epoch
),

parts as (
    select
        hours.object,
        segments.segment,
        hours.from_epoch,
        hours.mib_seconds,
        hours.to_epoch - hours.from_epoch as seconds,
        least(hours.to_epoch, segments.to_epoch) - greatest(hours.from_epoch, segments.from_epoch) as shared_seconds
    from segments
    inner join hours on hours.from_epoch < segments.to_epoch and hours.to_epoch > segments.from_epoch
    where segments.to_epoch > segments.from_epoch
),

measured as (
    select
        object,
        segment,
        cast(
            cast(
                case
                    when $item = 'storage'
                        then pricing.half_even(
                            arg_max(mib_seconds, from_epoch), arg_max(seconds, from_epoch) * cast(1000000 as hugeint)
                        )
                    else pricing.half_even(
                        sum(pricing.half_even(mib_seconds * shared_seconds, seconds)), $step * cast(1000000 as hugeint)
                    )
                end as decimal(38, 0)
            ) * 0.000001 as decimal(38, 12)
        ) as value
    from parts
    group by object, segment
)

select
    objects.object as sub_account_id,
    objects.name,
    case
        when count(measured.value) > 0 then list(
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
left join measured on objects.object = measured.object and segments.segment = measured.segment
group by objects.object, objects.name
order by objects.name, objects.object
