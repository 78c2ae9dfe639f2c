-- Spans of days that hold a month's charges, and those that they are compared with, each of about $span_rows: what is
-- sorted or compared at once, so that memory has a bound whatever the month holds.
-- Grain: span, in order. Parameters: $billing_period, $span_rows.
with days as (
    select
        date_trunc('day', charge_period_start) as day,
        count(*) as charges
    from (
        select charge_period_start
        from marts.charges
        where billing_period = $billing_period
        union all
        select charge_period_start
        from marts.frozen_charges
    )
    group by day
),

placed as (
    select
        day,
        (sum(charges) over (order by day) - charges) // $span_rows as span
    from days
)

select
    cast(min(day) as date) as first_day,
    cast(max(day) + interval 1 day as date) as end_day
from placed
group by span
order by first_day
