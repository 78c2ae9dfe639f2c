-- The windows that alerts were counted for, of any month, and what was counted. Grain: window. Both bounds are unix
-- seconds and included; an answer without alerts has an empty list.
-- Parameters: $connection, $aggregate, $uuid ('': all).
with windows as (
    select
        period,
        answer,
        try_cast(asked['from'] as bigint) as asked_from,
        try_cast(asked['to'] as bigint) as asked_to
    from landing.units_answers
    where
        connection = $connection
        and provider = 'nodeconductor'
        and dataset = 'alert'
        and kind = 'alert'
        and asked['aggregate'] = $aggregate
        and coalesce(asked['uuid'], '') = $uuid
)

select
    windows.asked_from,
    windows.asked_to,
    coalesce(
        list({'severity': alerts.severity, 'alert_count': alerts.alert_count} order by alerts.position)
        filter (where alerts.severity is not null),
        []
    ) as counts
from windows
left join staging.nodeconductor_alerts as alerts
    on
        alerts.x_connection = $connection
        and windows.period = alerts.x_period
        and windows.answer = alerts.x_answer
group by windows.period, windows.answer, windows.asked_from, windows.asked_to
order by windows.asked_from, windows.asked_to desc
