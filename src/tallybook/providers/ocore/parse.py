"""Answers of oCore as rows.

An answer that is plainly as documented is read by `plain`, any other here, item by item: what is wrong with it is
named, and what the document does not name is kept.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallybook.contract import Columns, Parsed, Request
from tallybook.cutting import shorter, side_by_side
from tallybook.decode import decode, decode_answer, number_text, unknown_fields, unknown_names
from tallybook.errors import SchemaError
from tallybook.periods import parse_instant
from tallybook.providers.ocore.pages import refuse_pages
from tallybook.providers.ocore.plain import read_plain
from tallybook.providers.ocore.shapes import QUANTITIES, WORDS, Read, TotalsReport, UsageItem, UsageReport, UsageTotals

_ONE_PROJECT = re.compile(r"/projects/([^/]+)/usage")
_MOST_NOTES = 5


def parse_usage(body: bytes, request: Request) -> Parsed:
    """Rows of usage_items and usage_totals from one usage answer."""
    items, rest = _parts([_read(body)], request)
    return Parsed(tables={**items.tables, **rest.tables}, notes=rest.notes)


def parse_long_usage(chunks: Callable[[], Iterable[bytes]], request: Request) -> Iterator[Parsed]:
    """The same in parts, of an answer that is not held in memory; the totals come last."""
    return _parts((read.result() for read in side_by_side(_read, shorter(chunks, "items"))), request)


def parse_totals(body: bytes, request: Request) -> Parsed:
    """Rows of project_totals; the documented example `[{}]` is one row that says nothing."""
    raw = decode(body, dict[str, Any])
    totals = decode_answer(body, TotalsReport).totals or []
    refuse_pages(raw, rows=len(totals))
    unknown = unknown_fields(raw["totals"] or [], UsageTotals)
    notes = _notes(unknown_names(unknown), raw, TotalsReport)
    return Parsed(tables={"project_totals": _total_columns(totals, unknown)}, notes=notes)


def _parts(reads: Iterable[Read], request: Request) -> Iterator[Parsed]:
    """The items of each read, which all are of one answer, and at last its totals."""
    count, unknown, kinds = 0, set[str](), set[str]()
    instants: dict[str, datetime | None] = {}
    for read in reads:
        columns = read.columns
        _refuse_other_projects(columns, request)
        count += len(columns["project_id"])
        unknown |= set(unknown_names([*columns["unknown_fields"].unique().to_pylist(), read.unknown_in_totals]))
        kinds |= set(columns["period_type"].unique().to_pylist())
        yield Parsed(
            tables={"usage_items": {**columns, "period_start_at": _instants(columns["period_start"], instants)}}
        )
    refuse_pages(read.outside, rows=count)
    totals = [] if read.totals is None else [read.totals]
    yield Parsed(
        tables={"usage_totals": _total_columns(totals, [read.unknown_in_totals for _ in totals])},
        notes=_notes(sorted(unknown), read.outside, UsageReport)
        + _outside(instants.values(), request)
        + tuple(
            f"periodType {word!r} was not asked for: kept, not counted"
            for word in sorted(kinds - {request.asked.get("period", "")})
        )[:_MOST_NOTES]
        + tuple(
            f"periodStart {text!r} is not an RFC 3339 time: kept, not counted"
            for text, instant in sorted(instants.items())
            if instant is None
        )[:_MOST_NOTES],
    )


def _read(body: bytes) -> Read:
    return read_plain(body) or _read_in_full(body)


def _read_in_full(body: bytes) -> Read:
    """An answer item by item; SchemaError says what is wrong with it."""
    report = decode_answer(body, UsageReport)
    items, raw = report.items or [], decode(body, dict[str, Any])
    words = {name: pa.array([getattr(item, name) for item in items], pa.string()) for name in WORDS}
    numbers = {name: pa.array(texts, pa.string()) for name, texts in _numbers(items).items()}
    unknown = pa.array(unknown_fields(raw.pop("items") or [], UsageItem), pa.string())
    (in_totals,) = unknown_fields([raw["totals"] or {}], UsageTotals)
    return Read({**words, **numbers, "unknown_fields": unknown}, report.totals, raw, in_totals)


def _instants(texts: pa.Array, known: dict[str, datetime | None]) -> pa.Array:
    """The UTC times that texts say, null for what is none; a month has few of them, which are `known` then."""
    encoded = texts.dictionary_encode()
    told = encoded.dictionary.to_pylist()
    known |= {text: _instant(text) for text in told if text not in known}
    return pa.array([known[text] for text in told], pa.timestamp("us")).take(encoded.indices)


def _total_columns(totals: list[UsageTotals], unknown: list[str]) -> Columns:
    return {
        **{word: [getattr(total, word) for total in totals] for word in WORDS},
        **_numbers(totals),
        "unknown_fields": unknown,
    }


def _numbers(rows: Iterable[msgspec.Struct]) -> Mapping[str, list[str | None]]:
    listed = list(rows)
    return {name: [number_text(getattr(row, name), key) for row in listed] for name, key in QUANTITIES.items()}


def _refuse_other_projects(columns: Mapping[str, pa.Array], request: Request) -> None:
    """Raise SchemaError for items of no project or of another than the asked one: they may answer another question."""
    asked = _ONE_PROJECT.fullmatch(request.path)
    ids = columns["project_id"].unique().to_pylist()
    nobody = next((one for one in ids if not one.strip()), None)
    if nobody is not None:
        start = columns["period_start"][pc.index(columns["project_id"], nobody).as_py()]
        raise SchemaError(
            f"the item of {start} is of no project (projectId is empty): if it is the sum of the others, "
            "it would be counted beside them"
        )
    others = sorted({*ids} - {asked[1]}) if asked else []
    if asked and others:
        raise SchemaError(
            f"asked for project {asked[1]!r} and answered for {', '.join(map(repr, others[:5]))}; "
            "give 'projects' the ids that its answers name"
        )


def _outside(instants: Iterable[datetime | None], request: Request) -> tuple[str, ...]:
    """A note on items of another time than the asked one; SchemaError when all are: nothing was answered."""
    first, end = (_instant(request.asked.get(name, "")) for name in ("start_date", "end_date"))
    readable = [instant for instant in instants if instant is not None]
    if first is None or end is None:
        return ()
    others = sum(not first <= instant < end for instant in readable)
    if readable and others == len(readable):
        raise SchemaError(f"asked for {first} to {end} UTC, and every periodStart lies outside of it")
    return (f"{others} periods lie outside of the asked time: kept, not counted",) if others else ()


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text).replace(tzinfo=None)  # the warehouse keeps UTC without a zone
    except ValueError:
        return None


def _notes(unknown: Iterable[str], raw: Mapping[str, Any], report: type[msgspec.Struct]) -> tuple[str, ...]:
    fields = [*unknown, *sorted(set(raw) - set(report.__struct_encode_fields__))]
    return tuple(f"unknown field {name}: kept" for name in fields)
