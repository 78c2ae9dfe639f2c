"""Cost reports that are plainly as documented, read whole: most of them, and far quicker than row by row.

msgspec holds a report against the document: every field is there, none is unknown, texts are texts. It then writes the
rows again as lines, whose texts and numbers Polars reads as columns, decimals exactly from their text, in code that
leaves Python's lock free. What either refuses, and what a line of commas cannot say, is left to `parse`, which reads
row by row and says what is wrong.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from operator import attrgetter

import msgspec
import polars as pl
import pyarrow as pa

from tallybook.arrow_json import are_figures
from tallybook.errors import SchemaError
from tallybook.providers.scaleops.columns import EXACT, as_lines, documents, from_lines
from tallybook.providers.scaleops.shapes import LISTS, NUMBERS, TEXTS, Read, Window, Workload

_NAMES = dict(zip(Workload.__struct_fields__, Workload.__struct_encode_fields__, strict=True))
_AMOUNT = "amount_of_workloads"
_KINDS: dict[str, pl.DataType] = {
    _AMOUNT: pl.Int64(),
    **dict.fromkeys(TEXTS, pl.String()),
    **dict.fromkeys(NUMBERS, EXACT),
}
_PIECE_BYTES = 120_000  # what the processor's cache holds of rows as objects: decoding all at once takes twice as long
_OPENING = b'{"aggregatedWorkloads":['
_HEAD = re.compile(rb'\s*\{\s*"aggregatedWorkloads"\s*:\s*\[(?=(\{"[^"\\]*"))')

_Plain = msgspec.defstruct(
    "_Plain", list(Workload.__annotations__.items()), rename="camel", forbid_unknown_fields=True, frozen=True, gc=False
)


class _Report(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    aggregated_workloads: list[_Plain]  # type: ignore[valid-type] # made above
    clusters: list[str] | None
    window: Window


_REPORT = msgspec.json.Decoder(_Report)
_WORKLOADS = msgspec.json.Decoder(list[_Plain])  # type: ignore[valid-type] # made above
_ENCODER = msgspec.json.Encoder()
# a line is a JSON array: its brackets stay with a first and a last column that are left out
_cells_of = attrgetter(_AMOUNT, *_KINDS, _AMOUNT)
_lists_of = tuple(map(attrgetter, LISTS))


def read_plain(body: bytes) -> Read | None:
    """A report that is as documented; None when it is not, or when its texts have characters that JSON escapes."""
    try:
        pieces, rest = _cut(body)
        report = _REPORT.decode(rest)
        parts = chain(map(_WORKLOADS.decode, pieces), [report.aggregated_workloads])
        cells, *lists = map(b"".join, zip(*map(_lines, parts), strict=True))
        frame = _frame(cells)
        columns = _as_arrow(frame)
        if not (_is_plain(body, report, cells, lists) and all(are_figures(columns[name]) for name in NUMBERS)):
            return None
        columns |= _lists(lists)
    except (SchemaError, msgspec.DecodeError, ValueError, RecursionError, pl.exceptions.PolarsError):
        return None
    count = len(frame)
    columns |= {"position": pa.array(range(count), pa.int64()), "unknown_fields": pa.repeat("", count)}
    return Read(report.window, report.clusters, count, columns)


def _cut(body: bytes) -> tuple[Iterator[bytes], bytes]:
    """Lists of workloads, and the report with those that are left: cut before what looks like the first of them.

    What is cut at another place is no JSON.
    """
    head = _HEAD.match(body)
    if head is None:
        return iter(()), body
    first, starts = b"}," + head[1], [head.end()]
    while (end := body.find(first, starts[-1] + _PIECE_BYTES)) >= 0:
        starts.append(end + len(b"},"))
    return (b"[%b]" % body[start : end - 1] for start, end in pairwise(starts)), _OPENING + body[starts[-1] :]


def _lines(workloads: Sequence[object]) -> tuple[bytes, ...]:
    """The cells of each workload as a line, and of each list a line for each workload."""
    lists = (as_lines(list(map(list_of, workloads))) for list_of in _lists_of)
    return _ENCODER.encode_lines(map(_cells_of, workloads)), *lists


def _is_plain(body: bytes, report: _Report, cells: bytes, lists: Sequence[bytes]) -> bool:
    """Whether no field is given twice, no number is a text, and no text has what a cell cannot hold.

    Without escapes each text and each name of a field is two quotation marks, so that any other would be seen.
    """
    outside = _ENCODER.encode(msgspec.structs.replace(report, aggregated_workloads=[]))
    count = cells.count(b"\n")
    of_texts, of_names = 2 * len(TEXTS) * count, 2 * len(_NAMES) * count
    return (
        b"\\" not in cells
        and b"\\" not in outside
        and body.count(b'"') == of_texts + of_names + sum(part.count(b'"') for part in (outside, *lists))
    )


def _frame(cells: bytes) -> pl.DataFrame:
    """Texts and numbers of all rows. Raises PolarsError when one is no number of its type."""
    if not cells:
        return pl.DataFrame(schema=_KINDS)
    schema = {"[": pl.String(), **_KINDS, "]": pl.String()}
    return pl.read_csv(cells, has_header=False, schema=schema, columns=range(1, 1 + len(_KINDS)))


def _as_arrow(frame: pl.DataFrame) -> dict[str, pa.Array]:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    columns = {name: table[name].combine_chunks() for name in _KINDS}
    return columns | {name: columns[name].cast(pa.string()) for name in TEXTS}


def _lists(lists: Sequence[bytes]) -> dict[str, pa.Array]:
    return {
        name: documents(from_lines(lines), _NAMES[name], kind)
        for (name, kind), lines in zip(LISTS.items(), lists, strict=True)
    }
