"""oCore's documented JSON: usage of a project or of the organisation, and totals per project.

Everything is made from the hourly items, so that totals equal their items. What the document leaves open is decided
so: [start_date, end_date) by the start of each hour, buckets in UTC, no row where there is no usage.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import polars

from tallybook.contract import Document, Parameter, Reader
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.ocore import across, reference
from tallybook.providers.ocore.buckets import UNITS, Range, asked_range, report, totals


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
    span = asked_range(period, given)
    items = _items(reader, span, period="monthly", project_id=None)
    return {"totals": totals(items, span, "total", by="projectId").sort("projectId").to_dicts()}


def _used_projects(reader: Reader) -> Iterable[Mapping[str, Any]]:
    projects = reader.frame("documents/ocore/projects").filter("is_used")
    return [{"id": project_id, "period": "daily"} for project_id in projects["project_id"]]


_RANGE = (
    Parameter("period", kind="choice", default="hourly", choices=tuple(UNITS), help="size of a bucket, in UTC"),
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
        across=across.PROJECT_USAGE,
        standard=_used_projects,
    ),
    Document(
        name="usage",
        parameters=(Parameter("project_id", help="only this project", default_rule="all"), *_RANGE),
        build=build_usage,
        datasets=("usage",),
        reference=reference.USAGE,
        across=across.USAGE,
        standard=lambda _: ({"period": "daily"},),
    ),
    Document(
        name="usage-totals",
        parameters=_RANGE[1:],
        build=build_usage_totals,
        datasets=("usage",),
        reference=reference.USAGE_TOTALS,
        across=across.USAGE_TOTALS,
    ),
)


def _report(
    reader: Reader, period: BillingPeriod, given: Mapping[str, Any], *, project_id: str | None, name: str | None
) -> object:
    span, kind = asked_range(period, given), str(given["period"])
    items = _items(reader, span, period=kind, project_id=project_id)
    return report(items, span, kind, project_id="" if name is None else str(project_id), name=name or "")


def _items(reader: Reader, span: Range, *, period: str, project_id: str | None) -> polars.DataFrame:
    """Days and months are read of all projects at once, which a reader keeps: a report asks for each of them."""
    is_long = period == "hourly"
    items = reader.frame(
        "documents/ocore/usage",
        start=span.start,
        end=span.end,
        unit=UNITS[period],
        period=period,
        project_id=project_id if is_long else None,
    )
    return items if project_id is None or is_long else items.filter(polars.col("projectId") == project_id)


def _projects(reader: Reader) -> dict[str, str]:
    """Project id to name, of all projects that were ever seen."""
    projects = reader.frame("documents/ocore/projects")
    return dict(zip(projects["project_id"], projects["project_name"], strict=True))
