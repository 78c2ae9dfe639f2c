-- The windows that alerts were counted for, of any month, and what was counted. Grain: window. Both bounds are unix
-- seconds and included; an answer without alerts has an empty list.
-- Parameters: $connection, $aggregate, $uuid ('': all).
with windows as (
    select
        files.receipt,
        try_cast(files.asked['from'] as bigint) as asked_from,
        try_cast(files.asked['to'] as bigint) as asked_to
    from landing.raw_files as files
    semi join landing.units as units
        on
            files.connection = units.connection
            and files.dataset = units.dataset
            and files.period = units.period
            and files.receipt = units.receipt
            and units.provider = 'nodeconductor'
    where
        files.connection = $connection
        and files.dataset = 'alert'
        and files.kind = 'alert'
        and files.asked['aggregate'] = $aggregate
        and coalesce(files.asked['uuid'], '') = $uuid
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
        and alerts.aggregate = $aggregate
        and alerts.uuid = $uuid
        and windows.receipt = alerts.x_receipt
        and windows.asked_from = alerts.asked_from
        and windows.asked_to = alerts.asked_to
group by windows.receipt, windows.asked_from, windows.asked_to
order by windows.asked_from, windows.asked_to desc
