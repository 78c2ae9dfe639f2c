-- How many objects of a type were created in each of $count segments of $step seconds from $start. Grain: segment;
-- rows are not sorted. Objects whose list tells when they were created count at that second; others are known by the
-- server's count of an hour (of a day, in answers from before hours were asked), and count where it begins. An hour
-- counts as the server counted it where its list tells fewer or more.
-- Parameters: $connection, $billing_period, $type, $seen_until, $start, $step, $count.
with listed as (
    select
        uuid,
        cast(epoch(min(created_at)) as bigint) as created
    from staging.nodeconductor_aggregates
    where
        x_connection = $connection
        and x_period = $billing_period
        and aggregate = $type
        and created_at is not null
    group by uuid
    having created <= $seen_until
),

counted as (
    select
        cast(epoch(from_at) as bigint) as from_epoch,
        cast(epoch(to_at) as bigint) as to_epoch,
        value
    from staging.nodeconductor_creation_times
    where
        x_connection = $connection
        and type = $type
        and to_at > from_at
    qualify row_number() over (partition by from_at order by x_period, position) = 1
),

compared as (
    select
        counted.from_epoch,
        counted.to_epoch,
        counted.value,
        count(listed.uuid) = counted.value as is_listed
    from counted
    left join listed on listed.created >= counted.from_epoch and listed.created < counted.to_epoch
    group by counted.from_epoch, counted.to_epoch, counted.value
),

creations as (
    select
        from_epoch as created,
        value
    from compared
    where not is_listed
    union all
    select
        listed.created,
        1 as value
    from listed
    anti join (select * from compared where not is_listed) as unlisted
        on listed.created >= unlisted.from_epoch and listed.created < unlisted.to_epoch
),

segments as (
    select
        unnest(range(cast($count as bigint))) as segment,
        cast($start as bigint) + segment * cast($step as bigint) as from_epoch,
        from_epoch + cast($step as bigint) as to_epoch
)

select
    segments.to_epoch as "to",
    segments.from_epoch as "from",
    cast(coalesce(sum(creations.value), 0) as bigint) as value
from segments
left join creations on creations.created >= segments.from_epoch and creations.created < segments.to_epoch
group by segments.segment, segments.from_epoch, segments.to_epoch
