"""ScaleOps' options: read from the query and the JSON body (which wins), and applied to workloads."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request

from tallybook.sandbox.worlds.scaleops import Workload

LISTS = (
    "clusters",
    "tags",
    "groupByLabels",
    "groupByAnnotations",
    "annotations",
    "clusterFilters",
    "labels",
    "namespaces",
    "workloadTypes",
)
FLAGS = (
    "gpuWorkloadsOnly",
    "groupByCluster",
    "groupByNamespace",
    "multiCluster",
    "shouldIgnoreWorkloads",
    "isAnnotationExclude",
    "isClusterExclude",
    "isLabelExclude",
    "isNamespaceExclude",
    "isWorkloadTypeExclude",
)
INTEGERS = ("from", "to", "stepSize")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class BadOptionError(Exception):
    """An option that the API refuses."""


class Options(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """Every documented option of both reports; since and until are milliseconds since 1970."""

    clusters: list[str] = []
    tags: list[str] = []
    groupByLabels: list[str] = []  # noqa: N815
    groupByAnnotations: list[str] = []  # noqa: N815
    annotations: list[str] = []
    clusterFilters: list[str] = []  # noqa: N815
    labels: list[str] = []
    namespaces: list[str] = []
    workloadTypes: list[str] = []  # noqa: N815
    gpuWorkloadsOnly: bool = False  # noqa: N815
    groupByCluster: bool = False  # noqa: N815
    groupByNamespace: bool = False  # noqa: N815
    multiCluster: bool = False  # noqa: N815
    shouldIgnoreWorkloads: bool = False  # noqa: N815
    isAnnotationExclude: bool = False  # noqa: N815
    isClusterExclude: bool = False  # noqa: N815
    isLabelExclude: bool = False  # noqa: N815
    isNamespaceExclude: bool = False  # noqa: N815
    isWorkloadTypeExclude: bool = False  # noqa: N815
    logicalAnnotation: str = "OR"  # noqa: N815
    logicalLabel: str = "OR"  # noqa: N815
    range: str = "7d"
    stepSize: int = 0  # noqa: N815
    since: int | None = None
    until: int | None = None

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """The half-open window asked for: from and to when given, else the range before now."""
        if self.since is None and self.until is None:
            return now - self._length(), now
        end = now if self.until is None else _from_milliseconds(self.until, now)
        start = end - self._length() if self.since is None else _from_milliseconds(self.since, now)
        if end < start:
            raise BadOptionError("to lies before from")
        return start, end

    def _length(self) -> timedelta:
        amount, unit = self.range[:-1], self.range[-1:]
        if not amount.isdigit() or unit not in UNITS:
            raise BadOptionError(f"invalid range {self.range!r}")
        return int(amount) * UNITS[unit]


def _from_milliseconds(value: int, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(value / 1000, now.tzinfo)
    except (ValueError, OverflowError, OSError):
        raise BadOptionError(f"invalid timestamp {value}") from None


async def read_options(request: Request) -> Options:
    """Options of a request.

    Raises:
        BadOptionError: an option has the wrong type, or the body is not a JSON object.
    """
    body = await request.body()
    try:
        given: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
        # Null stands for "not given", as Go clients write empty lists.
        told = {key: value for key, value in given.items() if value is not None}
        return msgspec.convert({**_read_query(request), **told}, type=Options, strict=False)
    except msgspec.MsgspecError as error:
        raise BadOptionError(str(error)) from None


def _read_query(request: Request) -> dict[str, Any]:
    query = request.query_params
    options: dict[str, Any] = {name: [item for item in query.getlist(name) if item] for name in LISTS if name in query}
    options.update({name: value for name, value in query.items() if name not in LISTS and value})
    return options


def selects(options: Options, workload: Workload) -> bool:
    """Whether the filters of either report leave the workload in."""
    return (
        (not options.gpuWorkloadsOnly or workload.gpus > 0)
        and (not options.clusters or workload.cluster in options.clusters)
        and _passes(options.clusterFilters, options.isClusterExclude, {workload.cluster}, "OR")
        and _passes(options.namespaces, options.isNamespaceExclude, {workload.namespace}, "OR")
        and _passes(options.workloadTypes, options.isWorkloadTypeExclude, {workload.type}, "OR")
        and _passes(options.labels, options.isLabelExclude, _pairs(workload.labels), options.logicalLabel)
        and _passes(
            options.annotations,
            options.isAnnotationExclude,
            _pairs(workload.annotations),
            options.logicalAnnotation,
        )
    )


def _passes(wanted: list[str], excludes: bool, present: set[str], logic: str) -> bool:  # noqa: FBT001
    """An empty list filters nothing, whatever its flag says."""
    if not wanted:
        return True
    combine: Callable[[Any], bool] = all if logic.upper() == "AND" else any
    return combine(item in present for item in wanted) != excludes


def _pairs(items: tuple[tuple[str, str], ...]) -> set[str]:
    return {f"{key}={value}" for key, value in items}


def group_key(options: Options, workload: Workload) -> Mapping[str, str]:
    """What the workload is grouped by in the aggregated report: cluster, namespace, label:…, annotation:…."""
    labels, annotations = dict(workload.labels), dict(workload.annotations)
    key = {"cluster": workload.cluster} if options.groupByCluster else {}
    if options.groupByNamespace:
        # Namespaces are divided "within each cluster", so they bring their cluster along.
        key |= {"cluster": workload.cluster, "namespace": workload.namespace}
    key |= {f"label:{name}": labels.get(name, "") for name in options.groupByLabels}
    return key | {f"annotation:{name}": annotations.get(name, "") for name in options.groupByAnnotations}
