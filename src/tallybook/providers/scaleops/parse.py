"""Cost reports of ScaleOps as rows: both reports have the same shape.

Numbers stay the text they were answered in (msgspec.Raw) until Arrow reads a whole column of them as decimals:
exact, and decoded twice as quickly as with a Python Decimal for each value. A report with a field that the document
does not name is decoded a second time to keep that field; one without pays nothing for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallybook.contract import Parsed, Request
from tallybook.decode import decode, encode, known_fields, unknown_fields, unknown_names
from tallybook.errors import SchemaError
from tallybook.providers.scaleops.columns import decimals, documents


class Workload(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """One workload or group, every field as documented. Numbers and lists are JSON text still."""

    amount_of_workloads: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # what the warehouse holds
    annotations: msgspec.Raw
    cluster_name: str
    hourly_cost: msgspec.Raw
    id: str
    labels: msgspec.Raw
    namespace: str
    on_demand_hours: msgspec.Raw
    on_demand_percent: msgspec.Raw
    owner_cpu_request: msgspec.Raw
    owner_gpu_request: msgspec.Raw
    owner_labels: msgspec.Raw
    owner_memory_request: msgspec.Raw
    replicas: msgspec.Raw
    savings_available: msgspec.Raw
    savings_available_with_replicas: msgspec.Raw
    services: msgspec.Raw
    spot_hours: msgspec.Raw
    spot_percent: msgspec.Raw
    total_cost: msgspec.Raw
    workload_name: str
    workload_type: str


class KnownWorkload(Workload, frozen=True, forbid_unknown_fields=True):
    """The same, refusing fields that the document does not name."""


class OwnerLabel(msgspec.Struct, frozen=True):
    """A pair of ownerLabels; keys may repeat."""

    key: str
    value: str


class Window(msgspec.Struct, rename="camel", frozen=True):
    """The answered window: ISO 8601 texts, in the example without a zone."""

    start_time: str
    end_time: str


class Report(msgspec.Struct, rename="camel", frozen=True):
    """The answer of both reports. A Go server may write an empty list as null."""

    aggregated_workloads: list[Workload] | None
    clusters: list[str] | None
    window: Window


class KnownReport(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The same without any unknown field."""

    aggregated_workloads: list[KnownWorkload] | None
    clusters: list[str] | None
    window: Window


_SLICE_ROWS = 4000
_TEXTS = ("id", "cluster_name", "namespace", "workload_name", "workload_type")
_NUMBERS = (
    "hourly_cost",
    "total_cost",
    "on_demand_hours",
    "spot_hours",
    "on_demand_percent",
    "spot_percent",
    "savings_available",
    "savings_available_with_replicas",
    "replicas",
    "owner_cpu_request",
    "owner_memory_request",
    "owner_gpu_request",
)
_LISTS: dict[str, Any] = {
    "owner_labels": list[OwnerLabel] | None,
    "services": list[str] | None,
    "annotations": Any,  # null in the document's example; its shape otherwise is not documented
    "labels": Any,
}


def parse_workloads(body: bytes, request: Request) -> Parsed:
    """Rows of workload_windows and workloads; a workload that is answered twice is noted."""
    return _parse(body, request, tables=("workload_windows", "workloads"))


def parse_aggregated(body: bytes, request: Request) -> Parsed:
    """Rows of aggregated_windows and aggregated."""
    return _parse(body, request, tables=("aggregated_windows", "aggregated"))


def _parse(body: bytes, request: Request, *, tables: tuple[str, str]) -> Parsed:
    report, unknown = _decode(body)
    rows: Sequence[Workload] = report.aggregated_workloads or []
    window = _window(report.window, request)
    constant = {name: pa.repeat(value, len(rows)) for name, value in window.items()}
    workloads = constant | _rows(rows) | {"unknown_fields": unknown.in_rows}
    notes = _notes(report.window, window)
    notes += [f"unknown field {name}: kept" for name in sorted({*unknown.names, *_unknown_in_labels(workloads)})]
    if tables[1] == "workloads":
        notes += _repeats(workloads["id"])
    windows = {name: [value.as_py()] for name, value in window.items()} | {
        "start_time": [report.window.start_time],
        "end_time": [report.window.end_time],
        "clusters": [None if report.clusters is None else encode(report.clusters)],
        "workload_count": [None if report.aggregated_workloads is None else len(rows)],
        "unknown_fields": [unknown.outside],
    }
    return Parsed(tables={tables[0]: windows, tables[1]: workloads}, notes=tuple(notes))


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the document does not name: JSON text for each row, JSON text beside the rows, and the names."""

    in_rows: pa.Array
    outside: str
    names: tuple[str, ...] = ()


def _decode(body: bytes) -> tuple[KnownReport | Report, Unknown]:
    try:
        known = decode(body, KnownReport)
    except SchemaError:
        report = decode(body, Report)  # says what is wrong, unless only unknown fields were
    else:
        return known, Unknown(pa.repeat("", len(known.aggregated_workloads or [])), "")
    raw = decode(body, dict[str, Any])
    in_rows = unknown_fields(raw["aggregatedWorkloads"] or [], Workload)
    (outside,) = unknown_fields([raw], Report)
    return report, Unknown(pa.array(in_rows, pa.string()), outside, tuple(unknown_names([*in_rows, outside])))


def _unknown_in_labels(workloads: Mapping[str, Any]) -> set[str]:
    """Fields of ownerLabels beside key and value; the whole list is kept as text."""
    texts = pc.unique(workloads["owner_labels"]).to_pylist()
    pairs = (pair for text in texts if text for pair in decode(text.encode(), list[dict[str, Any]]))
    return {name for pair in pairs if len(pair) > 2 for name in pair} - known_fields(OwnerLabel)


def _rows(rows: Sequence[Workload]) -> dict[str, pa.ChunkedArray]:
    """Columns, made slice by slice: gathering from a slice takes half as long as from 85,000 rows at once."""
    starts = range(0, max(1, len(rows)), _SLICE_ROWS)
    slices = [_slice(rows[start : start + _SLICE_ROWS], start) for start in starts]
    return {name: pa.chunked_array([part[name] for part in slices]) for name in slices[0]}


def _slice(rows: Sequence[Workload], first: int) -> dict[str, pa.Array]:
    fields = _names()
    values = dict(zip(fields, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=True)) if rows else {}
    columns = {name: (values.get(name, ()), field) for name, field in fields.items()}
    return {
        "position": pa.array(range(first, first + len(rows)), pa.int64()),
        "amount_of_workloads": pa.array(columns["amount_of_workloads"][0], pa.int64()),
        **{name: pa.array(columns[name][0], pa.string()) for name in _TEXTS},
        **{name: decimals(*columns[name], first) for name in _NUMBERS},
        **{name: documents(*columns[name], kind) for name, kind in _LISTS.items()},
    }


def _names() -> dict[str, str]:
    """The document's field for each of our columns, in the order of the struct."""
    return dict(zip(Workload.__struct_fields__, Workload.__struct_encode_fields__, strict=True))


def _window(answered: Window, request: Request) -> dict[str, Any]:
    """The asked and the answered window as naive UTC times, and whether they are the same."""
    zone = ZoneInfo(request.asked.get("window_zone", "UTC"))
    tolerance = timedelta(seconds=int(request.asked.get("window_tolerance_seconds", "0")))
    asked = [_from_ms(request.asked[name]) for name in ("from", "to")]
    found = [_instant(text, zone) for text in (answered.start_time, answered.end_time)]
    is_asked = all(
        instant is not None and abs(instant - bound) <= tolerance for instant, bound in zip(found, asked, strict=True)
    )
    names = ("asked_from", "asked_to", "window_start", "window_end")
    times = zip(names, [*asked, *found], strict=True)
    return {name: pa.scalar(value, pa.timestamp("us")) for name, value in times} | {
        "is_asked_window": pa.scalar(is_asked)
    }


def _from_ms(text: str) -> datetime:
    return datetime.fromtimestamp(int(text) // 1000, UTC).replace(tzinfo=None)


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Naive UTC, as the warehouse keeps it; a text without a zone is in the configured one."""
    try:
        moment = datetime.fromisoformat(text)
        aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        return aware.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _notes(answered: Window, window: dict[str, Any]) -> list[str]:
    if window["is_asked_window"].as_py():
        return []
    asked = f"{window['asked_from'].as_py()} to {window['asked_to'].as_py()} UTC"
    found = f"{answered.start_time!r} to {answered.end_time!r}"
    return [f"asked for {asked}, answered for {found}: kept under its own window, not counted for the asked one"]


def _repeats(ids: pa.Array) -> list[str]:
    """Ids are compared without regard to case; an empty one names nothing."""
    named = pc.utf8_lower(ids.filter(pc.not_equal(ids, "")))
    repeated = len(named) - pc.count_distinct(named).as_py()
    return [f"ids answered more than once: {repeated} rows too many, kept, each id counted once"] if repeated else []
