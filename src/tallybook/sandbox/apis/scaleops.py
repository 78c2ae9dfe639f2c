"""ScaleOps: the aggregated cost report and the workload cost report.

What the document leaves open is decided so: the body wins over the query; both reports know from, to and range;
an hour's cost is booked at its start once it is over; without multiCluster only the first cluster (or the one of
X-Scaleops-Cluster) answers; a report without any grouping is one row; groups have their labels as ownerLabels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tallybook.sandbox.answers import Check, Context, Endpoint, guarded, has_token
from tallybook.sandbox.apis.scaleops_options import (
    BadOptionError,
    Options,
    group_key,
    read_options,
    selects,
)
from tallybook.sandbox.credentials import PASSWORD, SCALEOPS_TOKEN, USERNAME
from tallybook.sandbox.hours import HOUR_SECONDS, hour_of
from tallybook.sandbox.measures import micro, plain
from tallybook.sandbox.restatement import percent_of_day
from tallybook.sandbox.worlds.scaleops import Sums, Workload, sum_hours

WRONG_WINDOW_DAY = 12
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Cell:
    """One workload's figures in a window."""

    workload: Workload
    sums: Sums


Arrange = Callable[[Options, list[Cell], int], list[Row]]


def make_routes(context: Context) -> list[Route]:
    """Routes below /scaleops."""
    check = make_check(context)

    def make_endpoint(arrange: Arrange) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                options = await read_options(request)
                window = choose_window(context, options)
            except BadOptionError as problem:
                return context.answer({"error": str(problem)}, status=400)
            clusters = _clusters(context, options, request.headers.get("x-scaleops-cluster"))
            cells = list_cells(context, options, window=window, clusters=clusters)
            hours = max(1, hour_of(window[1]) - hour_of(window[0]))
            return context.answer(
                {
                    "aggregatedWorkloads": arrange(options, cells, hours),
                    "clusters": clusters,
                    "window": {"startTime": _local(window[0]), "endTime": _local(window[1])},
                }
            )

        return guarded(check, answer)

    base = "/detailedCostReport"
    methods = ["GET", "POST"]
    return [
        Route(f"{base}/getAggregated", make_endpoint(group_rows), methods=methods),
        Route(f"{base}/getWorkloads", make_endpoint(workload_rows), methods=methods),
        Route("/auth/callback", log_in, methods=["POST"]),
    ]


def make_check(context: Context) -> Check:
    """Bearer token."""

    def check(request: Request) -> Response | None:
        if has_token(request, scheme="Bearer", token=SCALEOPS_TOKEN):
            return None
        return context.answer({"error": "unauthorized"}, status=401)

    return check


async def log_in(request: Request) -> Response:
    """Built-in login: success is a redirect whose Location holds the token, URL-encoded."""
    try:
        given = msgspec.json.decode(await request.body(), type=dict[str, str])
    except msgspec.MsgspecError:
        given = {}
    accepted = (given.get("username"), given.get("password")) == (USERNAME, PASSWORD)
    if not accepted or request.cookies.get("auth_state") != "TOKEN":
        return Response(status_code=302, headers={"Location": "/login"})
    query = urlencode({"state": "TOKEN", "token": SCALEOPS_TOKEN})
    return Response(status_code=302, headers={"Location": f"/?{query}"})


def choose_window(context: Context, options: Options) -> tuple[datetime, datetime]:
    """The window to answer for; the fault wrong-window answers the last 7 days for one day of the month.

    Raises:
        BadOptionError: the options give no window.
    """
    start, end = options.window(context.clock.now)
    if "wrong-window" in context.faults and start.day == WRONG_WINDOW_DAY:
        return context.clock.now - timedelta(days=7), context.clock.now
    return start, end


def _clusters(context: Context, options: Options, chosen: str | None) -> list[str]:
    known = context.world.scaleops.clusters
    if options.multiCluster:
        return list(known)
    return [one for one in known if one == chosen] or [known[0]]


def _local(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S")


def list_cells(
    context: Context, options: Options, *, window: tuple[datetime, datetime], clusters: list[str]
) -> list[Cell]:
    """The workloads selected that ran in the window, costs as they are known at the world's now."""
    first, end = (-(-int(bound.timestamp()) // HOUR_SECONDS) for bound in window)
    end = min(end, context.clock.hour)
    cells = []
    for workload in context.world.scaleops.workloads:
        if workload.cluster in clusters and selects(options, workload):
            sums = _restated_sums(context, workload, first, end)
            if sums.hours:
                cells.append(Cell(workload, sums))
    return cells


def _restated_sums(context: Context, workload: Workload, first: int, end: int) -> Sums:
    estate = context.world.scaleops
    if "restated" not in context.faults:
        return sum_hours(estate, workload, first=first, end=end)
    total = Sums()
    while first < end:
        stop = min(end, (first // 24 + 1) * 24)
        sums = sum_hours(estate, workload, first=first, end=stop)
        percent = percent_of_day(first, now=context.clock.now, enabled=True)
        total = total.plus(sums._replace(cost=sums.cost // 100 * percent))
        first = stop
    return total


def workload_rows(options: Options, cells: list[Cell], hours: int) -> list[Row]:  # noqa: ARG001
    """One row per workload."""
    return [
        _row(
            [cell],
            hours,
            identity={
                "id": workload_id(cell.workload),
                "clusterName": cell.workload.cluster,
                "namespace": cell.workload.namespace,
                "workloadName": cell.workload.name,
                "workloadType": cell.workload.type,
            },
            labels=cell.workload.labels,
        )
        for cell in cells
    ]


def workload_id(workload: Workload) -> str:
    """The id of a workload's row."""
    return f"{workload.cluster}/{workload.namespace}/{workload.type}/{workload.name}"


def group_rows(options: Options, cells: list[Cell], hours: int) -> list[Row]:
    """One row per group, in the order of first appearance."""
    groups: dict[tuple[tuple[str, str], ...], list[Cell]] = {}
    for cell in cells:
        key = tuple(group_key(options, cell.workload).items())
        groups.setdefault(key, []).append(cell)
    return [_group_row(dict(key), members, hours) for key, members in groups.items()]


def _group_row(key: Mapping[str, str], cells: list[Cell], hours: int) -> Row:
    labels = tuple((name.partition(":")[2], value) for name, value in key.items() if name.startswith("label:"))
    identity = {
        "id": "/".join(key.values()) or "all",
        "clusterName": key.get("cluster", ""),
        "namespace": key.get("namespace", ""),
        "workloadName": "",
        "workloadType": "",
    }
    return _row(cells, hours, identity=identity, labels=labels)


def _row(
    cells: list[Cell],
    hours: int,
    *,
    identity: Mapping[str, str],
    labels: tuple[tuple[str, str], ...],
) -> Row:
    """The documented fields over some workloads. The percents are 0 when no hours are told."""
    sums = Sums(*map(sum, zip(*(cell.sums for cell in cells), strict=True)))
    workloads = [cell.workload for cell in cells]
    told = sums.spot_hours + sums.on_demand_hours
    return {
        "amountOfWorkloads": len(cells),
        "annotations": None,
        "clusterName": identity["clusterName"],
        "hourlyCost": _ratio(Decimal(sums.cost).scaleb(-6), hours, "0.000001"),
        "id": identity["id"],
        "labels": None,
        "namespace": identity["namespace"],
        "onDemandHours": sums.on_demand_hours,
        "onDemandPercent": _ratio(100 * sums.on_demand_hours, told, "0.0001"),
        "ownerCpuRequest": plain(Decimal(sum(one.cpu_millicores for one in workloads)).scaleb(-3)),
        "ownerGpuRequest": sum(one.gpus for one in workloads),
        "ownerLabels": [{"key": key, "value": value} for key, value in labels],
        "ownerMemoryRequest": sum(one.memory_bytes for one in workloads),
        "replicas": _ratio(told, hours, "0.0001"),
        "savingsAvailable": micro(sums.savings),
        "savingsAvailableWithReplicas": micro(sums.savings_with_replicas),
        "services": [],
        "spotHours": sums.spot_hours,
        "spotPercent": _ratio(100 * sums.spot_hours, told, "0.0001"),
        "totalCost": micro(sums.cost),
        "workloadName": identity["workloadName"],
        "workloadType": identity["workloadType"],
    }


def _ratio(part: Decimal | int, whole: int, step: str) -> Decimal | int:
    return plain((Decimal(part) / whole).quantize(Decimal(step))) if whole else 0
