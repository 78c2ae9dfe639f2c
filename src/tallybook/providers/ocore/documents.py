"""oCore's documented JSON: usage of a project or of the organisation, and totals per project.

Everything is made from the hourly items, so that totals equal their items. What the document leaves open is decided
so: [start_date, end_date) by the start of each hour, buckets in UTC, no row where there is no usage.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars

from tallybook.contract import Document, Parameter, Reader
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod, parse_instant
from tallybook.providers.ocore import reference

_UNITS = {"hourly": "hour", "daily": "day", "monthly": "month"}
_SUMMED = (
    "bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours", "instanceHours", "ramGbHours",
)  # fmt: skip
_FIELDS = (
    "bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours", "instanceCount", "instanceHours",
    "periodStart", "periodType", "projectId", "projectName", "ramGbHours",
)  # fmt: skip
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Range:
    """[start, end), aware UTC."""

    start: datetime
    end: datetime

    @property
    def text(self) -> str:
        """The start as the document writes it."""
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}"


def build_project_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """Items of one project and their totals; UsageError for a project that no answer has named."""
    project_id = str(given["id"])
    if project_id not in (names := _projects(reader)):
        raise UsageError(f"id={project_id!r} is no project that was seen; known: {', '.join(names) or 'none'}")
    return _report(reader, period, given, project_id=project_id, name=names[project_id])


def build_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """Items of all projects or of one, and their totals; a filter that nothing fits finds nothing.

    Totals of several projects name none of them.
    """
    project_id = given["project_id"] or None
    names = {} if project_id is None else _projects(reader)
    return _report(reader, period, given, project_id=project_id, name=names.get(str(project_id)))


def build_usage_totals(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """One object per project with usage in the range. The document leaves its fields open: those of an item."""
    span = _range(period, given)
    items = _items(reader, span, period="monthly", project_id=None)
    totals = _totals(items.group_by("projectId", maintain_order=True), span, "total")
    return {"totals": totals.sort("projectId").to_dicts()}


def _used_projects(reader: Reader) -> Iterable[Mapping[str, Any]]:
    projects = reader.frame("documents/ocore/projects").filter("is_used")
    return [{"id": project_id, "period": "daily"} for project_id in projects["project_id"]]


_RANGE = (
    Parameter("period", kind="choice", default="hourly", choices=tuple(_UNITS), help="size of a bucket, in UTC"),
    Parameter("start_date", help="RFC 3339 with offset, e.g. 2026-10-01T00:00:00Z", default_rule="the month's start"),
    Parameter("end_date", help="RFC 3339 with offset, not included", default_rule="the month's end"),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        name="project-usage",
        parameters=(Parameter("id", is_required=True, help="id of the project"), *_RANGE),
        build=build_project_usage,
        datasets=("usage",),
        reference=reference.PROJECT_USAGE,
        standard=_used_projects,
    ),
    Document(
        name="usage",
        parameters=(Parameter("project_id", help="only this project", default_rule="all"), *_RANGE),
        build=build_usage,
        datasets=("usage",),
        reference=reference.USAGE,
        standard=lambda _: ({"period": "daily"},),
    ),
    Document(
        name="usage-totals",
        parameters=_RANGE[1:],
        build=build_usage_totals,
        datasets=("usage",),
        reference=reference.USAGE_TOTALS,
    ),
)


def _report(
    reader: Reader, period: BillingPeriod, given: Mapping[str, Any], *, project_id: str | None, name: str | None
) -> object:
    span, kind = _range(period, given), str(given["period"])
    items = _items(reader, span, period=kind, project_id=project_id)
    totals = _totals(items.group_by(polars.lit(1)), span, kind) if len(items) else _nothing(span, kind)
    owner = {"projectId": "" if name is None else project_id, "projectName": name or ""}
    values = {**totals.row(0, named=True), **owner}
    return {"items": items.to_dicts(), "period": kind, "totals": {field: values[field] for field in _FIELDS}}


def _items(reader: Reader, span: _Range, *, period: str, project_id: str | None) -> polars.DataFrame:
    return reader.frame(
        "documents/ocore/usage",
        start=span.start,
        end=span.end,
        unit=_UNITS[period],
        period=period,
        project_id=project_id,
    )


def _totals(items: Any, span: _Range, kind: str) -> polars.DataFrame:
    """Grouped items as one row per group: sums, and the highest instance count."""
    totals: polars.DataFrame = items.agg(
        *(polars.col(name).sum() for name in _SUMMED),
        polars.col("instanceCount").max(),
        polars.col("projectName").last(),
        periodStart=polars.lit(span.text),
        periodType=polars.lit(kind),
    )
    return totals.select(name for name in _FIELDS if name in totals.columns)


def _nothing(span: _Range, kind: str) -> polars.DataFrame:
    return polars.DataFrame(dict.fromkeys(_FIELDS, 0) | {"periodStart": span.text, "periodType": kind})


def _projects(reader: Reader) -> dict[str, str]:
    """Project id to name, of all projects that were ever seen."""
    projects = reader.frame("documents/ocore/projects")
    return dict(zip(projects["project_id"], projects["project_name"], strict=True))


def _range(period: BillingPeriod, given: Mapping[str, Any]) -> _Range:
    start, end = _instant("start_date", given, period.start), _instant("end_date", given, period.end)
    if start > end:
        raise UsageError(f"start_date {start:%Y-%m-%dT%H:%M:%SZ} is after end_date {end:%Y-%m-%dT%H:%M:%SZ}")
    return _Range(start, end)


def _instant(name: str, given: Mapping[str, Any], default: datetime) -> datetime:
    text = given[name]
    if not text:
        return default
    try:
        if _RFC3339.fullmatch(text):
            return parse_instant(text.upper()).astimezone(UTC)
    except ValueError:
        pass
    raise UsageError(f"{name}={text!r}: give RFC 3339 with an offset, e.g. 2026-10-01T00:00:00Z or +02:00")
