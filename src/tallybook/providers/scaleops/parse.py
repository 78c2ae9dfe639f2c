"""Cost reports of ScaleOps as rows: both reports have the same shape.

A report that is plainly as documented is read by `plain`. Any other is read here, row by row: what is wrong with it is
named. Numbers stay the text they were answered in (msgspec.Raw) until Polars reads a whole column of them as decimals.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallybook.contract import Parsed, Request
from tallybook.cutting import shorter, side_by_side
from tallybook.decode import decode, decode_answer, encode, known_fields, unknown_fields, unknown_names
from tallybook.errors import SchemaError
from tallybook.providers.scaleops.columns import are_written_alike, as_lines, decimals, documents, from_lines
from tallybook.providers.scaleops.plain import read_plain
from tallybook.providers.scaleops.repeats import TELLING, are_ids_distinct, chunks_of, repeats
from tallybook.providers.scaleops.shapes import LISTS, NAMES, NUMBERS, TEXTS, OwnerLabel, Read, Report, Window, Workload

_SLICE_ROWS = 4000
_ROWS = "aggregatedWorkloads"
_WORKLOADS = ("workload_windows", "workloads")
_AGGREGATED = ("aggregated_windows", "aggregated")


def parse_workloads(body: bytes, request: Request) -> Parsed:
    """Rows of workload_windows and workloads; a workload that is answered twice is noted."""
    return _parse(body, request, tables=_WORKLOADS)


def parse_aggregated(body: bytes, request: Request) -> Parsed:
    """Rows of aggregated_windows and aggregated."""
    return _parse(body, request, tables=_AGGREGATED)


def parse_long_workloads(chunks: Callable[[], Iterable[bytes]], request: Request) -> Iterator[Parsed]:
    """The same in parts, of an answer that is not held in memory; the window comes last."""
    return _parts(_reads(shorter(chunks, _ROWS)), request, tables=_WORKLOADS)


def parse_long_aggregated(chunks: Callable[[], Iterable[bytes]], request: Request) -> Iterator[Parsed]:
    """The same in parts, of an answer that is not held in memory; the window comes last."""
    return _parts(_reads(shorter(chunks, _ROWS)), request, tables=_AGGREGATED)


def _parse(body: bytes, request: Request, *, tables: tuple[str, str]) -> Parsed:
    rows, window = _parts([_read(body)], request, tables=tables)
    return Parsed(tables={**window.tables, **rows.tables}, notes=window.notes)


def _parts(reads: Iterable[Read], request: Request, *, tables: tuple[str, str]) -> Iterator[Parsed]:
    """The workloads of each read, which all are of one report, and at last its window."""
    count, unknown = 0, set[str]()
    told_apart: dict[str, list[pa.Array]] = {name: [] for name in TELLING}
    for read in reads:
        window = _window(read.window, request)
        constant = {name: pa.repeat(value, read.count or 0) for name, value in window.items()}
        workloads = {**constant, **read.columns, "position": pc.add(read.columns["position"], count)}
        unknown |= {*read.unknown_names, *_unknown_in_labels(workloads)}
        for name, chunks in told_apart.items():
            chunks.extend(chunks_of(workloads[name]))
        count += read.count or 0
        yield Parsed(tables={tables[1]: workloads})
    notes = [*_notes(read.window, window), *(f"unknown field {name}: kept" for name in sorted(unknown))]
    row: dict[str, Any] = {name: [value.as_py()] for name, value in window.items()} | {
        "start_time": [read.window.start_time],
        "end_time": [read.window.end_time],
        "clusters": [None if read.clusters is None else encode(read.clusters)],
        "workload_count": [None if read.count is None else count],
        "unknown_fields": [read.unknown],
    }
    if tables == _WORKLOADS:
        columns = {name: pa.chunked_array(chunks) for name, chunks in told_apart.items()}
        row["are_ids_distinct"] = [are_ids_distinct(columns["id"])]
        notes += [] if row["are_ids_distinct"][0] else repeats(columns)
    yield Parsed(tables={tables[0]: row}, notes=tuple(notes))


def _reads(bodies: Iterable[bytes]) -> Iterator[Read]:
    """The parts of a report in their order, some of them read ahead side by side."""
    count = 0
    for future in side_by_side(_read, bodies):
        read = _told(future, first=count)
        count += read.count or 0
        yield read


def _told(read: Future[Read], *, first: int) -> Read:
    """A part whose first workload is the `first` of the report, and so what is wrong with it."""
    try:
        return read.result()
    except SchemaError as error:
        if not first:
            raise
        raise SchemaError(f"{error}, counted from workload {first:,} on") from error


def _read(body: bytes) -> Read:
    return read_plain(body) or _read_in_full(body)


def _read_in_full(body: bytes) -> Read:
    """A report row by row; SchemaError says what is wrong with it. Unknown fields are kept."""
    report = decode_answer(body, Report)
    raw = decode(body, dict[str, Any])
    rows = report.aggregated_workloads or []
    in_rows = unknown_fields(raw["aggregatedWorkloads"] or [], Workload)
    (outside,) = unknown_fields([raw], Report)
    return Read(
        window=report.window,
        clusters=report.clusters,
        count=None if report.aggregated_workloads is None else len(rows),
        columns=_rows(rows) | {"unknown_fields": pa.array(in_rows, pa.string())},
        unknown=outside,
        unknown_names=tuple(unknown_names([*in_rows, outside])),
    )


def _unknown_in_labels(workloads: Mapping[str, Any]) -> set[str]:
    """Fields of ownerLabels beside key and value; the whole list is kept as text."""
    texts = pc.unique(workloads["owner_labels"]).drop_null()
    if are_written_alike(texts, list[OwnerLabel]):
        return set()
    pairs = (pair for text in texts.to_pylist() for pair in decode(text.encode(), list[dict[str, Any]]))
    return {name for pair in pairs if len(pair) > 2 for name in pair} - known_fields(OwnerLabel)


def _rows(rows: Sequence[Workload]) -> dict[str, pa.ChunkedArray]:
    """Columns, made slice by slice: gathering from a slice takes half as long as from 85,000 rows at once."""
    starts = range(0, max(1, len(rows)), _SLICE_ROWS)
    slices = [_slice(rows[start : start + _SLICE_ROWS], start) for start in starts]
    return {name: pa.chunked_array([part[name] for part in slices]) for name in slices[0]}


def _slice(rows: Sequence[Workload], first: int) -> dict[str, pa.Array]:
    values = dict(zip(NAMES, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=True)) if rows else {}
    columns = {name: (values.get(name, ()), field) for name, field in NAMES.items()}
    return {
        "position": pa.array(range(first, first + len(rows)), pa.int64()),
        "amount_of_workloads": pa.array(columns["amount_of_workloads"][0], pa.int64()),
        **{name: pa.array(columns[name][0], pa.string()) for name in TEXTS},
        **{name: decimals(*columns[name], first) for name in NUMBERS},
        **{name: _documents(*columns[name], kind) for name, kind in LISTS.items()},
    }


def _documents(raws: Sequence[msgspec.Raw], field: str, kind: Any) -> pa.Array:
    return documents(from_lines(as_lines(raws)), field, kind)


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
