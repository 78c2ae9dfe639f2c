"""oCore: usage of a project or of the organisation, hourly, daily or monthly, and totals per project.

Params are snake_case, fields camelCase. What the document leaves open is decided so: the range is half-open, its
default is the current month up to now, buckets are UTC, an hour has a row once it is over and if instances ran,
instanceCount is a level and a bucket shows its highest, the totals of several projects name no project.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tallybook.sandbox.answers import Check, Context, guarded, has_token
from tallybook.sandbox.credentials import OCORE_ORG_SLUG, OCORE_TOKEN
from tallybook.sandbox.hours import HOUR_SECONDS, iso
from tallybook.sandbox.measures import plain
from tallybook.sandbox.worlds.ocore import HostedProject, HourRow, hour_row

PERIODS = {"hourly": "%Y-%m-%dT%H:00:00Z", "daily": "%Y-%m-%dT00:00:00Z", "monthly": "%Y-%m-01T00:00:00Z"}
Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Range:
    """Half-open hours: those that begin in [start_date, end_date) and are over."""

    hours: range
    start: str


class BadParameterError(Exception):
    """A parameter that the API refuses."""


def make_routes(context: Context) -> list[Route]:
    """Routes below /ocore/api."""
    check = make_check(context)

    async def project_usage(request: Request) -> Response:
        project = _find(context, request.path_params["id"])
        if project is None:
            return error(context, 404, "not_found", "project not found")
        return report(context, request, [project])

    async def usage(request: Request) -> Response:
        wanted = request.query_params.get("project_id", "")
        projects = [one for one in context.world.ocore.projects if wanted in ("", one.project_id)]
        return report(context, request, projects)

    async def totals(request: Request) -> Response:
        return report_totals(context, request)

    async def projects(request: Request) -> Response:
        return list_projects(context, request)

    return [
        Route("/projects/{id}/usage", guarded(check, project_usage)),
        Route("/projects", guarded(check, projects)),
        Route("/usage", guarded(check, usage)),
        Route("/usage/totals", guarded(check, totals)),
    ]


def make_check(context: Context) -> Check:
    """Bearer token, and the slug of the organisation."""

    def check(request: Request) -> Response | None:
        slug = request.headers.get("x-org-slug", "")
        if has_token(request, scheme="Bearer", token=OCORE_TOKEN) and slug == OCORE_ORG_SLUG:
            return None
        return error(context, 401, "unauthorized", "a valid API key and organization are required")

    return check


def _find(context: Context, project_id: str) -> HostedProject | None:
    found = (one for one in context.world.ocore.projects if one.project_id == project_id)
    return next(found, None)


def error(context: Context, status: int, code: str, message: str) -> Response:
    """An error with a machine-readable code."""
    return context.answer({"error": {"code": code, "message": message}}, status=status)


def report(context: Context, request: Request, projects: list[HostedProject]) -> Response:
    """Items per project and bucket in time order, and their totals."""
    period = request.query_params.get("period") or "hourly"
    if period not in PERIODS:
        return error(context, 400, "invalid_request", "period must be hourly, daily or monthly")
    try:
        span = read_range(context, request)
    except BadParameterError as problem:
        return error(context, 400, "invalid_request", str(problem))
    items: list[Item] = []
    rows: list[HourRow] = []
    for project in projects:
        found = list(iterate_rows(context, project, span.hours))
        rows += [row for _, row in found]
        items += bucket_items(found, project, period=period)
    items.sort(key=lambda item: (str(item["periodStart"]), str(item["projectId"])))
    owner = projects[0] if len(projects) == 1 else None
    totals = summarise(rows, owner, period=period, start=span.start)
    return context.answer({"items": items, "period": period, "totals": totals})


def report_totals(context: Context, request: Request) -> Response:
    """One object per project with usage in the range."""
    try:
        span = read_range(context, request)
    except BadParameterError as problem:
        return error(context, 400, "invalid_request", str(problem))
    rows = [
        summarise([row for _, row in rows], project, period="total", start=span.start)
        for project in context.world.ocore.projects
        if (rows := list(iterate_rows(context, project, span.hours)))
    ]
    return context.answer({"totals": rows})


def list_projects(context: Context, request: Request) -> Response:
    """The organisation's projects; archived ones with include_archived only, though they can have usage."""
    archived = request.query_params.get("include_archived") == "true"
    found = [
        {
            "id": one.project_id,
            "name": one.name,
            "createdAt": iso(one.first_hour),
            "isArchived": one.archived,
            "branchMappings": [],
        }
        for one in context.world.ocore.projects
        if archived or not one.archived
    ]
    return context.answer({"projects": found})


def read_range(context: Context, request: Request) -> Range:
    """The hours that a request asks for.

    Raises:
        BadParameterError: a date is not RFC 3339, or the start lies behind the end.
    """
    now = context.clock.now
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = _read_instant(request, "start_date", first)
    end = _read_instant(request, "end_date", now)
    if end < start:
        raise BadParameterError("end_date lies before start_date")
    begin = -(-int(start.timestamp()) // HOUR_SECONDS)
    stop = min(-(-int(end.timestamp()) // HOUR_SECONDS), context.clock.hour)
    return Range(range(begin, max(begin, stop)), start.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _read_instant(request: Request, name: str, default: datetime) -> datetime:
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameterError(f"{name} must be RFC3339") from None
    if instant.tzinfo is None:
        raise BadParameterError(f"{name} must be RFC3339 with an offset")
    return instant.astimezone(UTC)


def iterate_rows(context: Context, project: HostedProject, hours: range) -> Iterator[tuple[int, HourRow]]:
    """The hours with usage."""
    first = max(hours.start, context.world.ocore.start_hour)
    for hour in range(first, hours.stop):
        row = hour_row(context.world.ocore, project, hour)
        if row is not None:
            yield hour, row


def bucket_items(rows: Iterable[tuple[int, HourRow]], project: HostedProject, *, period: str) -> list[Item]:
    """One item per bucket with usage, in time order."""
    buckets: dict[str, list[HourRow]] = {}
    for hour, row in rows:
        start = datetime.fromtimestamp(hour * HOUR_SECONDS, UTC).strftime(PERIODS[period])
        buckets.setdefault(start, []).append(row)
    return [summarise(found, project, period=period, start=start) for start, found in buckets.items()]


def summarise(rows: list[HourRow], project: HostedProject | None, *, period: str, start: str) -> Item:
    """The documented eleven fields over some rows: hours and bytes add up, the instance count is the highest."""
    return {
        "bandwidthInBytes": sum(row.in_bytes for row in rows),
        "bandwidthOutBytes": sum(row.out_bytes for row in rows),
        "cpuCoreHours": plain(sum((row.core_hours for row in rows), Decimal(0))),
        "diskGbHours": plain(sum((row.disk_gb_hours for row in rows), Decimal(0))),
        "instanceCount": max((row.instance_count for row in rows), default=0),
        "instanceHours": sum(row.instance_count for row in rows),
        "periodStart": start,
        "periodType": period,
        "projectId": "" if project is None else project.project_id,
        "projectName": "" if project is None else project.name,
        "ramGbHours": plain(sum((row.ram_gb_hours for row in rows), Decimal(0))),
    }
