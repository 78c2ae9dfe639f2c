-- How far the month was seen by one dataset: unix seconds of its last fetch or of the month's end, whichever is
-- earlier; null when nothing was fetched. And which aggregates the connection asks for. One row.
-- Parameters: $connection, $billing_period, $period_start, $period_end, $dataset, $aggregates.
select
    cast(epoch(cast($period_start as timestamp)) as bigint) as month_start,
    -- least alone would take a missing fetch for a later one
    case
        when max(fetched_at) is not null
            then cast(floor(epoch(least(max(fetched_at), cast($period_end as timestamp)))) as bigint)
    end as seen_until,
    cast($aggregates as varchar[]) as aggregates
from landing.units
where
    connection = $connection
    and period = $billing_period
    and dataset = $dataset
    and receipt is not null
