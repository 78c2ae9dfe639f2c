"""oCore's documents, answered from the usage facts of another provider's connection.

A project is a sub account. What is not known is left out and not zero. Usage knows no counts of instances, and items
have these together with bytes or not at all.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars

from tallybook.contract import Across, Facts, Reader, Source
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.ocore.buckets import UNITS, Range, asked_range, report, totals

_METERS = {
    "bandwidthInBytes": "network_in_bytes",
    "bandwidthOutBytes": "network_out_bytes",
    "cpuCoreHours": "core_hours",
    "diskGbHours": "storage_gib_hours",
    "instanceHours": "instance_hours",
    "ramGbHours": "memory_gib_hours",
}
_LEFT_OUT = ("bandwidthInBytes", "bandwidthOutBytes")
_NEEDED = ("cpuCoreHours", "diskGbHours", "instanceHours", "ramGbHours")


def build_project_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """Items of one sub account and their totals; UsageError for one that the facts do not name."""
    project_id = str(given["id"])
    if project_id not in (names := _accounts(reader)):
        raise UsageError(f"id={project_id!r} is no project of {source.name}; known: {', '.join(names) or 'none'}")
    return _report(reader, period, given, source, project_id=project_id)


def build_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """Items of all sub accounts or of one, and their totals."""
    return _report(reader, period, given, source, project_id=given["project_id"] or None)


def build_usage_totals(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """One object per sub account with usage in the range, of what is known of it."""
    span = asked_range(period, given)
    items = _items(reader, span, source, period="monthly", project_id=None)
    rows = totals(items, span, "total", by="projectId").sort("projectId").to_dicts()
    return {"totals": [{name: value for name, value in row.items() if value is not None} for row in rows]}


def _report(
    reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source, *, project_id: str | None
) -> object:
    span, kind = asked_range(period, given), str(given["period"])
    items = _items(reader, span, source, period=kind, project_id=project_id).drop(_LEFT_OUT, strict=False)
    unknown = [name for name in _NEEDED if items[name].null_count()]
    if unknown:
        raise UsageError(
            f"the facts of connection {source.name} lack {', '.join(_METERS[name] for name in unknown)} of some "
            f"projects between {span.text} and {span.end:%Y-%m-%dT%H:%M:%SZ}; without it the items would not be whole"
        )
    name = _accounts(reader).get(project_id or "")
    return report(items, span, kind, project_id="" if name is None else str(project_id), name=name or "")


def _items(reader: Reader, span: Range, source: Source, *, period: str, project_id: str | None) -> polars.DataFrame:
    _refuse_finer(span, period, source)
    items = reader.frame(
        "documents/ocore/usage_of_facts",
        start=span.start,
        end=span.end,
        unit=UNITS[period],
        period=period,
        project_id=project_id,
    )
    return items.drop(name for name, meter in _METERS.items() if meter not in source.facts.meters)


def _refuse_finer(span: Range, period: str, source: Source) -> None:
    """UsageError for parts of a charge period: how usage was spread within it is not known."""
    if source.facts.grain <= timedelta(hours=1):
        return
    days = f"the facts of connection {source.name} hold whole UTC days"
    if period == "hourly":
        raise UsageError(f"period=hourly: {days}; allowed are daily, monthly")
    for name, bound in (("start_date", span.start), ("end_date", span.end)):
        if bound != datetime(bound.year, bound.month, bound.day, tzinfo=bound.tzinfo):
            raise UsageError(
                f"{name}={bound:%Y-%m-%dT%H:%M:%SZ}: {days}; give midnight UTC, e.g. {bound:%Y-%m-%d}T00:00:00Z"
            )


def _accounts(reader: Reader) -> dict[str, str]:
    """Sub account to its newest name, of all that the connection's usage ever named."""
    accounts = reader.frame("documents/ocore/accounts_of_facts")
    return dict(zip(accounts["project_id"], accounts["project_name"], strict=True))


def _has_needed(facts: Facts) -> bool:
    return {_METERS[name] for name in _NEEDED} <= facts.meters


_WORDS = ", ".join(_METERS[name] for name in _NEEDED)
_TOLD = (
    "A project is a sub account, its usage the sum over its regions and resources.",
    "A GB is a GiB (2^30 bytes), the default of `gb`.",
    "Of usage that is known by day, `period` is daily or monthly and the bounds are midnights UTC.",
    "Hours that nobody saw add nothing: sampled figures are lower bounds, as in reports.",
)
_WITHOUT = "`bandwidthInBytes`, `bandwidthOutBytes` and `instanceCount` are left out: instances are not counted."
PROJECT_USAGE = Across(
    needs=f"usage of {_WORDS}", is_met=_has_needed, build=build_project_usage, differs=(*_TOLD, _WITHOUT)
)
USAGE = Across(needs=f"usage of {_WORDS}", is_met=_has_needed, build=build_usage, differs=(*_TOLD, _WITHOUT))
USAGE_TOTALS = Across(
    needs=f"usage of one of {', '.join(sorted(_METERS.values()))}",
    is_met=lambda facts: not facts.meters.isdisjoint(_METERS.values()),
    build=build_usage_totals,
    differs=(*_TOLD, "Fields that nothing is known of are left out, and so is `instanceCount`."),
)
