"""NodeConductor's documented JSON: its six statistics, answered from what was staged.

"Now" is the end of what the month saw. Series are read of any month; lists, quotas and levels are those of the
month asked for, as it last saw them.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from tallybook.contract import Document, Parameter, Reader
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.nodeconductor import across, alerts, reference
from tallybook.providers.nodeconductor.plan import ITEMS
from tallybook.providers.nodeconductor.segments import DAY, HOUR, instant, segments, whole_days

_AGGREGATES = ("customer", "project", "project_group")
_QUERIES = "documents/nodeconductor"
_AT_ONCE = 500  # objects whose points of a month are told apart in memory


def build_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """A series for each object of the aggregate; none for a uuid that is not listed, as the server answers."""
    known = _known(reader, "usage")
    _refuse_uncollected(known, "aggregate", given["aggregate"])
    cut = segments(given, now=_now(known, period), span=HOUR)
    asked = {"aggregate": given["aggregate"], "item": given["item"], **cut}
    objects = reader.frame(f"{_QUERIES}/objects", aggregate=given["aggregate"], uuid=_uuid(given))
    uuids = objects["uuid"].to_list()
    some = (uuids[start : start + _AT_ONCE] for start in range(0, len(uuids), _AT_ONCE))
    series = {
        uuid: points for each in some for uuid, points in reader.frame(f"{_QUERIES}/usage", uuids=each, **asked).rows()
    }
    listed = objects.sort("page", "position").select("uuid", "name").iter_rows()
    return [{"name": name, "datapoints": series[uuid]} for uuid, name in listed]


def build_customer(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """What each customer had; an abbreviation only where the server answered one."""
    rows = reader.frame(f"{_QUERIES}/customer").sort("position").drop("position").to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def build_resource(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """A cloud as one object, as the document shows it; a list only when the server answered several."""
    clouds = reader.frame(f"{_QUERIES}/resource").partition_by("auth_url", as_dict=True, include_key=False)
    cloud = clouds.get((given["auth_url"],))
    if cloud is None:
        allowed = ", ".join(sorted(str(url) for (url,) in clouds)) or "none: no cloud was asked in that month"
        raise UsageError(f"auth_url={given['auth_url']!r}: clouds seen in {period}: {allowed}")
    rows = cloud.to_dicts()
    return rows[0] if len(rows) == 1 else rows


def build_creation_time(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """How many objects of a type were created in each segment."""
    known = _known(reader, "creation_time")
    _refuse_uncollected(known, "type", given["type"])
    now = _now(known, period)
    cut = segments(given, now=now, span=30 * DAY)
    counts = reader.frame(f"{_QUERIES}/creation_time", type=given["type"], seen_until=now, **cut)
    return counts.sort("from", "to").to_dicts()


def build_quota(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """Quotas of all that is selected together; {} when nothing is, or nothing was captured."""
    quota = _quota(reader, aggregate=given["aggregate"], uuid=_uuid(given))
    missing = [name for name, value in quota.items() if value is None]
    if missing and len(missing) < len(quota):
        raise UsageError(
            f"quota {given['aggregate']}: the answers of {period} lack {', '.join(missing)}, without which the "
            "document would not be whole; other selections may have all"
        )
    return {} if missing else quota


def build_alert(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """How many alerts of each severity; both bounds are included. None for a uuid that is not listed."""
    now, uuid = _now(_known(reader, "alert"), period), _uuid(given) or ""
    end = instant("to", given, default=now - 1)
    start = instant("from", given, default=now - DAY)
    _refuse_unasked(reader, period, given["aggregate"])
    windows = reader.frame(f"{_QUERIES}/alert", aggregate=given["aggregate"], uuid=uuid).to_dicts()
    return alerts.count(windows, start=start, end=end)


def standard_usage(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """Each item per project and day, over the whole days that the month saw."""
    known = _known(reader, "usage")
    days = whole_days(known)
    return [{"aggregate": "project", "item": item, **days} for item in ITEMS] if days else []


def standard_creation_time(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """Each type that is asked for per day."""
    known = _known(reader, "creation_time")
    days = whole_days(known)
    return [{"type": kind, **days} for kind in _AGGREGATES if kind in known["aggregates"]] if days else []


def standard_customer(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """The customers, when they were captured."""
    return () if _known(reader, "customer")["seen_until"] is None else ({},)


def standard_resource(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """Each cloud that was captured."""
    return [{"auth_url": url} for url in reader.frame(f"{_QUERIES}/resource")["auth_url"].unique().sort()]


def standard_quota(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """All quotas together, when they were captured as the document has them."""
    return () if None in _quota(reader, aggregate="customer", uuid=None).values() else ({},)


def standard_alert(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """The alerts of the month, as far as it was seen."""
    known = _known(reader, "alert")
    windows = reader.frame(f"{_QUERIES}/alert", aggregate="customer", uuid="")
    month = [row for row in windows.to_dicts() if row["asked_from"] == known["month_start"]]
    return [{"from": row["asked_from"], "to": row["asked_to"]} for row in month[:1]]


def _known(reader: Reader, dataset: str) -> dict[str, Any]:
    return reader.frame(f"{_QUERIES}/known", dataset=dataset).row(0, named=True)


def _now(known: Mapping[str, Any], period: BillingPeriod) -> int:
    seen_until: int | None = known["seen_until"]
    return int(period.end.timestamp()) if seen_until is None else seen_until


def _quota(reader: Reader, *, aggregate: str, uuid: str | None) -> dict[str, Any]:
    return reader.frame(f"{_QUERIES}/quota", aggregate=aggregate, uuid=uuid).row(0, named=True)


def _uuid(given: Mapping[str, Any]) -> str | None:
    text = given["uuid"]
    if text is None:
        return None
    try:
        return UUID(text).hex
    except ValueError:
        raise UsageError(f"uuid={text!r}: give 32 hexadecimal digits, with or without dashes") from None


def _refuse_uncollected(known: Mapping[str, Any], name: str, value: str) -> None:
    if value not in known["aggregates"]:
        raise UsageError(
            f"{name}={value}: the connection does not ask for it (aggregates); allowed are "
            f"{', '.join(sorted(known['aggregates']))}"
        )


def _refuse_unasked(reader: Reader, period: BillingPeriod, aggregate: str) -> None:
    asked = reader.frame(f"{_QUERIES}/alert_aggregates")["aggregate"].to_list()
    if asked and aggregate not in asked:
        raise UsageError(
            f"aggregate={aggregate}: alerts of {period} were collected for {', '.join(asked)} only; add it to the "
            "connection's aggregates where it is missing, and collect the month again"
        )


_AGGREGATE = Parameter(
    "aggregate", kind="choice", default="customer", choices=_AGGREGATES, help="what the figures are put together for"
)
_UUID = Parameter("uuid", help="only this object: 32 hexadecimal digits", default_rule="all")
_NOW = "now: the month's end or the last whole hour that was collected"
_DATAPOINTS = Parameter("datapoints", kind="integer", default=6, help="how many segments of equal whole seconds")


def _bounds(span: str, *, to: str = "not included") -> tuple[Parameter, Parameter]:
    return (
        Parameter("from", kind="integer", help="unix seconds", default_rule=f"now - {span}"),
        Parameter("to", kind="integer", help=f"unix seconds, {to}", default_rule=_NOW),
    )


DOCUMENTS: tuple[Document, ...] = (
    Document(
        name="usage",
        parameters=(
            _AGGREGATE,
            _UUID,
            Parameter(
                "item",
                kind="choice",
                choices=ITEMS,
                is_required=True,
                help="cpu in percent, memory or storage in MiB",
            ),
            *_bounds("1 hour"),
            _DATAPOINTS,
        ),
        build=build_usage,
        datasets=("usage",),
        reference=reference.USAGE,
        across=across.USAGE,
        standard=standard_usage,
    ),
    Document(
        name="customer",
        parameters=(),
        build=build_customer,
        datasets=("customer",),
        reference=reference.CUSTOMER,
        across=across.CUSTOMER,
        standard=standard_customer,
    ),
    Document(
        name="resource",
        parameters=(Parameter("auth_url", is_required=True, help="the cloud's URL, exactly as it was configured"),),
        build=build_resource,
        datasets=("resource",),
        reference=reference.RESOURCE,
        across=across.RESOURCE,
        standard=standard_resource,
    ),
    Document(
        name="creation-time",
        parameters=(
            Parameter("type", kind="choice", choices=_AGGREGATES, is_required=True, help="what was created"),
            *_bounds("30 days"),
            _DATAPOINTS,
        ),
        build=build_creation_time,
        datasets=("creation_time",),
        reference=reference.CREATION_TIME,
        across=across.CREATION_TIME,
        standard=standard_creation_time,
    ),
    Document(
        name="quota",
        parameters=(_AGGREGATE, _UUID),
        build=build_quota,
        datasets=("quota",),
        reference=reference.QUOTA,
        across=across.QUOTA,
        standard=standard_quota,
    ),
    Document(
        name="alert",
        parameters=(*_bounds("1 day", to="included"), _AGGREGATE, _UUID),
        build=build_alert,
        datasets=("alert",),
        reference=reference.ALERT,
        across=across.ALERT,
        standard=standard_alert,
    ),
)
