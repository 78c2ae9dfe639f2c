-- How far the month was seen by one dataset: unix seconds of the end of what it asked for, of its last fetch or of the
-- month, whichever is earliest; null when nothing was fetched. And which aggregates the connection asks for. One row.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $dataset, $aggregates.
with asked as (
    select
        units.fetched_at,
        -- the last second of an alert's window is part of it; levels and lists are asked without times
        make_timestamp(
            (
                try_cast(files.asked['to'] as bigint)
                - coalesce(try_cast(files.asked['offset'] as bigint), 0)
                + case when $dataset = 'alert' then 1 else 0 end
            ) * 1000000
        ) as asked_until
    from landing.units as units
    left join landing.raw_files as files
        on
            units.connection = files.connection
            and units.dataset = files.dataset
            and units.period = files.period
            and units.receipt = files.receipt
    where
        units.connection = $connection
        and units.provider = 'nodeconductor'
        and units.period = $billing_period
        and units.dataset = $dataset
        and units.receipt is not null
)

select
    cast(epoch(cast($period_start as timestamp)) as bigint) as month_start,
    -- least alone would take a missing fetch for a later one
    case
        when max(fetched_at) is not null
            then cast(
                floor(epoch(least(max(fetched_at), max(asked_until), cast($period_end as timestamp))))
                as bigint
            )
    end as seen_until,
    cast($aggregates as varchar[]) as aggregates
from asked
