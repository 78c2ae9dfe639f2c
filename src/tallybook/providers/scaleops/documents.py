"""ScaleOps' documented JSON: the aggregated and the workload cost report, made from the workloads of each day.

Costs are kept by the windows that were asked, which are UTC days: a window that cuts one is refused. The window that
is answered stands in `window`, as in the provider's own answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tallybook.contract import Across, Document, Reader
from tallybook.decode import LongList, decode
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.scaleops import parameters, questions, rates, reference
from tallybook.providers.scaleops.json_rows import json_rows
from tallybook.providers.scaleops.questions import Grouping, Span, Wanted

_ORDER = ("cluster_name", "namespace", "workload_type", "workload_name", "id")
_LISTS = ("annotations", "labels", "owner_labels", "services")  # kept as JSON text
_TYPE_EXCLUDE = "isWorkloadTypeExclude"


@dataclass(frozen=True, slots=True)
class _Seen:
    """The windows that lie in a span: frames of documents/scaleops/windows.sql."""

    span: Span
    windows: pl.DataFrame
    zone: ZoneInfo

    @property
    def hours(self) -> int:
        lengths = (self.windows["asked_to"] - self.windows["asked_from"]).to_list()
        return sum(lengths, timedelta()) // timedelta(hours=1)

    @property
    def clusters(self) -> list[str]:
        """All answered cluster names, in the order they were answered."""
        names = (name for text in self.windows["clusters"] for name in decode(text.encode(), list[str]))
        return list(dict.fromkeys(names))

    @property
    def document(self) -> dict[str, str]:
        """The window as the provider writes it: its own words where it answered such a start or end."""
        starts = dict(zip(self.windows["asked_from"], self.windows["start_time"], strict=True))
        ends = dict(zip(self.windows["asked_to"], self.windows["end_time"], strict=True))
        return {
            "startTime": starts.get(self.span.start.replace(tzinfo=None), self._text(self.span.start)),
            "endTime": ends.get(self.span.end.replace(tzinfo=None), self._text(self.span.end)),
        }

    def _text(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.zone):%Y-%m-%dT%H:%M:%S}"


def build_aggregated(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """Costs by cluster, namespace, labels and annotations.

    A question that the provider was asked itself (one day, the connection's own grouping, no filter) has the
    provider's own answer; any other is worked out from workloads.
    """
    questions.refuse_unanswerable(given)
    known, groups = _known(reader, given), questions.grouping(given)
    span = questions.asked_span(given, now=_now(known, period))
    clusters = questions.filled(given["clusters"])
    own = _own_answer(reader, span, groups, given) if not clusters and not given["gpuWorkloadsOnly"] else None
    if own is not None:
        return own
    seen = _seen(reader, span, known)
    _refuse_untold(reader, span, "groupByAnnotations", groups.annotations)
    names, rows = _rows(reader, seen, given, known, by_labels=bool(groups.labels or groups.annotations))
    chosen = rows.filter(
        rates.passing("cluster_name", Wanted(clusters)),
        pl.lit(value=True) if not given["gpuWorkloadsOnly"] else pl.col("owner_gpu_request") > 0,
    )
    grouped = rates.with_groups(chosen, groups)
    return _report(grouped, seen, names, keys=("group_key",), savings_add_up=known["savings_add_up"])


def build_workloads(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """Costs of each workload in the month, as far as it was seen: the document has no parameter of time."""
    known = _known(reader, given)
    filters = {
        name: questions.pairs_wanted(name, given[name], is_exclude=given[exclude], logical=given[logical])
        for name, exclude, logical in (
            ("labels", "isLabelExclude", "logicalLabel"),
            ("annotations", "isAnnotationExclude", "logicalAnnotation"),
        )
    }
    seen = _seen(reader, Span(period.start, _now(known, period)), known)
    _refuse_untold(reader, seen.span, "annotations", filters["annotations"].values)
    by_labels = any(wanted.values for wanted in filters.values())
    names, rows = _rows(reader, seen, given, known, by_labels=by_labels)
    placed = rows.filter(
        rates.passing("cluster_name", Wanted(questions.filled(given["clusterFilters"]), given["isClusterExclude"])),
        rates.passing("namespace", Wanted(questions.filled(given["namespaces"]), given["isNamespaceExclude"])),
        rates.passing("workload_type", Wanted(questions.filled(given["workloadTypes"]), given[_TYPE_EXCLUDE])),
    )
    labelled = rates.passing_pairs(placed, ("labels", "owner_labels"), filters["labels"])
    chosen = rates.passing_pairs(labelled, ("annotations",), filters["annotations"])
    return _report(chosen, seen, names, keys=("workload_key",), savings_add_up=known["savings_add_up"])


def standard_aggregated(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """The month by cluster and namespace, as far as it was seen."""
    known = _settings(reader)
    if known["seen_until"] is None:
        return ()
    bounds = {"from": _milliseconds(known["period_start"]), "to": _milliseconds(known["seen_until"])}
    return ({**bounds, "groupByCluster": True, "groupByNamespace": True, "multiCluster": known["multi_cluster"]},)


def standard_workloads(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """Every workload of the month."""
    known = _settings(reader)
    return () if known["seen_until"] is None else ({"multiCluster": known["multi_cluster"]},)


def _settings(reader: Reader) -> dict[str, Any]:
    return reader.frame("documents/scaleops/known").row(0, named=True)


def _known(reader: Reader, given: Mapping[str, Any]) -> dict[str, Any]:
    """The connection's choices, and how far the month was seen."""
    known = _settings(reader)
    if given["multiCluster"] and not known["multi_cluster"]:
        raise UsageError("multiCluster=true: this connection asks one cluster only (multi_cluster); allowed is false")
    return known


def _now(known: Mapping[str, Any], period: BillingPeriod) -> datetime:
    until = known["seen_until"]
    return period.end if until is None else until.replace(tzinfo=UTC)


def _seen(reader: Reader, span: Span, known: Mapping[str, Any]) -> _Seen:
    """The windows in a span; UsageError when it cuts one, since costs are not known for a part."""
    windows = reader.frame("documents/scaleops/windows", start=span.start, end=span.end)
    start, end = span.start.replace(tzinfo=None), span.end.replace(tzinfo=None)
    cut = windows.filter((pl.col("asked_from") < start) | (pl.col("asked_to") > end))
    if cut.height:
        first, last = (cut.row(0, named=True)[name].replace(tzinfo=UTC) for name in ("asked_from", "asked_to"))
        raise UsageError(
            f"{span.start:%Y-%m-%dT%H:%M:%SZ} to {span.end:%Y-%m-%dT%H:%M:%SZ} cuts {first:%Y-%m-%d}, and costs are "
            f"known for whole UTC days: give bounds like from={_milliseconds(first)} and to={_milliseconds(last)}"
        )
    return _Seen(span, windows, ZoneInfo(known["window_zone"]))


def _rows(
    reader: Reader, seen: _Seen, given: Mapping[str, Any], known: Mapping[str, Any], *, by_labels: bool
) -> tuple[list[str], pl.DataFrame]:
    """The answered clusters and the sums of their workloads; without multiCluster those of one cluster."""
    names = seen.clusters
    sums = reader.frame("documents/scaleops/sums", start=seen.span.start, end=seen.span.end, by_labels=by_labels)
    rows = sums.sort("workload_key", "newest_from")
    if given["multiCluster"]:
        return names, rows
    home = [name for name in names if name == known["cluster"]] or names[:1]
    return home, rows.filter(pl.col("cluster_name").is_in(home))


def _refuse_untold(reader: Reader, span: Span, name: str, wanted: tuple[str, ...]) -> None:
    if not wanted:
        return
    rows, annotated = reader.frame("documents/scaleops/annotated", start=span.start, end=span.end).row(0)
    if rows and not annotated:
        raise UsageError(f"{name}: the provider's answers tell no annotations (null); leave {name} away")


def _own_answer(reader: Reader, span: Span, groups: Grouping, given: Mapping[str, Any]) -> object | None:
    if not (groups.by_cluster and groups.by_namespace):
        return None
    windows = reader.frame(
        "documents/scaleops/answered_window",
        start=span.start,
        end=span.end,
        group_labels=groups.labels,
        group_annotations=groups.annotations,
        is_multi_cluster=given["multiCluster"],
    )
    if windows.height != 1:
        return None
    seen = _Seen(span, windows, ZoneInfo("UTC"))
    rows = reader.frame("documents/scaleops/answered_groups", start=span.start, end=span.end)
    return _document(rows.sort(*_ORDER, "position"), seen, seen.clusters)


def _report(
    rows: pl.DataFrame, seen: _Seen, clusters: list[str], *, keys: tuple[str, ...], savings_add_up: bool
) -> dict[str, Any]:
    summed = rates.summed(rows, keys=keys, savings_add_up=savings_add_up)
    rated = rates.with_rates(summed, windows=max(1, seen.windows.height), hours=max(1, seen.hours))
    return _document(rated.sort(_ORDER, maintain_order=True), seen, clusters)


def _document(rows: pl.DataFrame, seen: _Seen, clusters: list[str]) -> dict[str, Any]:
    return {
        "aggregatedWorkloads": LongList(partial(json_rows, rows, rates.FIELDS, documents=_LISTS)),
        "clusters": clusters,
        "window": seen.document,
    }


def _milliseconds(instant: datetime) -> int:
    return int(instant.replace(tzinfo=UTC).timestamp()) * 1000


_ACROSS = Across(needs="costs that the provider states, by workload of a cluster")

DOCUMENTS: tuple[Document, ...] = (
    Document(
        name="aggregated",
        parameters=parameters.AGGREGATED,
        build=build_aggregated,
        datasets=("workloads",),
        reference=reference.AGGREGATED,
        across=_ACROSS,
        standard=standard_aggregated,
    ),
    Document(
        name="workloads",
        parameters=parameters.WORKLOADS,
        build=build_workloads,
        datasets=("workloads",),
        reference=reference.WORKLOADS,
        across=_ACROSS,
        standard=standard_workloads,
    ),
)
