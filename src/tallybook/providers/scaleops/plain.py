"""Cost reports that are plainly as documented, read whole: most of them, and far quicker than row by row.

msgspec holds a report against the document: every field is there, texts are texts. It then writes the rows again as
lines, whose texts and numbers Polars reads as columns, decimals exactly from their text, in code that leaves Python's
lock free. A text with what JSON escapes is none that a line of commas can say: of such a report Arrow takes the texts.
What is refused here is left to `parse`, which reads row by row and says what is wrong.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tallybook.arrow_json import are_figures
from tallybook.decode import decode, decode_answer, unknown_fields, unknown_names
from tallybook.errors import SchemaError
from tallybook.providers.scaleops.columns import EXACT, as_lines, documents, from_lines
from tallybook.providers.scaleops.shapes import LISTS, NAMES, NUMBERS, TEXTS, Read, Report
from tallybook.providers.scaleops.unknown import decoded

_AMOUNT = "amount_of_workloads"
_NUMBERS: dict[str, pl.DataType] = {_AMOUNT: pl.Int64(), **dict.fromkeys(NUMBERS, EXACT)}
_TEXTS: dict[str, pl.DataType] = dict.fromkeys(TEXTS, pl.String())
_PIECE_BYTES = 120_000  # what the processor's cache holds of rows as objects: decoding all at once takes twice as long
_ROWS = "aggregatedWorkloads"
_OPENING = b'{"aggregatedWorkloads":['
_HEAD = re.compile(rb'\s*\{\s*"aggregatedWorkloads"\s*:\s*\[(?=(\{"[^"\\]*"))')
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_REFUSALS = (
    *(SchemaError, msgspec.DecodeError, pl.exceptions.PolarsError),
    *(ValueError, ArithmeticError, RecursionError),  # no UTF-8, no Decimal, too deep
)
_lists_of = {name: attrgetter(name) for name in LISTS}
_texts_of = {name: attrgetter(name) for name in TEXTS}


@dataclass(frozen=True, slots=True)
class _Lines:
    """Of `count` workloads a line each: cells, each list, unknown fields. The texts that no cell holds are apart.

    `outside` is the report without them.
    """

    count: int
    kinds: Mapping[str, pl.DataType]  # of the cells
    cells: bytes
    lists: Mapping[str, bytes]
    unknown: bytes
    unknown_names: frozenset[str]
    texts: dict[str, pa.Array]
    outside: bytes


def read_plain(body: bytes) -> Read | None:
    """A report that is as documented, whatever fields it has beside; None when it is not, or cannot be read so."""
    try:
        return _read(body)
    except _REFUSALS:
        return None


def _read(body: bytes) -> Read | None:
    lines = _lines(body, _TEXTS | _NUMBERS) or _lines(body, _NUMBERS)
    if lines is None or not _is_plain(body, lines):
        return None
    columns = _as_arrow(_frame(lines)) | lines.texts
    if not all(are_figures(columns[name]) for name in NUMBERS):
        return None
    columns |= {"position": pa.array(range(lines.count), pa.int64()), "unknown_fields": _unknown(lines)}
    columns |= {name: documents(from_lines(each), NAMES[name], LISTS[name]) for name, each in lines.lists.items()}
    report = decode_answer(lines.outside, Report)
    (unknown,) = unknown_fields([decode(lines.outside, dict[str, Any])], Report)
    names = tuple(sorted({*lines.unknown_names, *unknown_names([unknown])}))
    return Read(report.window, report.clusters, lines.count, columns, unknown, names)


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


def _lines(body: bytes, kinds: Mapping[str, pl.DataType]) -> _Lines | None:
    """The workloads with cells of these kinds; None when one has what JSON escapes, and CSV does not."""
    pieces, rest = _cut(body)
    fields = _FIELDS.decode(rest)
    cells_of = attrgetter(_AMOUNT, *kinds, _AMOUNT)  # a line is a JSON array: its brackets stay with what is left out
    texts_of = {name: text_of for name, text_of in _texts_of.items() if name not in kinds}
    count, names, cells, unknown = 0, frozenset[str](), list[bytes](), list[bytes]()
    lists: dict[str, list[bytes]] = {name: [] for name in _lists_of}
    texts: dict[str, list[pa.Array]] = {name: [] for name in texts_of}
    for form, workloads in decoded(chain(pieces, [fields.get(_ROWS, b"")])):
        count, names = count + len(workloads), form.names
        cells.append(_ENCODER.encode_lines(map(cells_of, workloads)))
        if b"\\" in cells[-1]:
            return None
        unknown.append(form.unknown_lines(workloads))
        for name, list_of in _lists_of.items():
            lists[name].append(as_lines(list(map(list_of, workloads))))
        for name, text_of in texts_of.items():
            texts[name].append(pa.array(list(map(text_of, workloads)), pa.string()))
    return _Lines(
        count,
        kinds,
        cells=b"".join(cells),
        lists={name: b"".join(each) for name, each in lists.items()},
        unknown=b"".join(unknown),
        unknown_names=names,
        texts={name: pa.concat_arrays(each) for name, each in texts.items()},
        outside=_ENCODER.encode(fields | {_ROWS: msgspec.Raw(b"[]")}),
    )


def _is_plain(body: bytes, lines: _Lines) -> bool:
    """Whether no field is given twice and no number is a text: each has quotation marks that stand nowhere else.

    Marks behind a backslash count where all that has any is held as it was written, in lists. Elsewhere one may have
    been written as a number of Unicode before, so that none of them counts.
    """
    is_escaped = bool(lines.texts) or b"\\" in lines.unknown or b"\\" in lines.outside
    marks = _bare_marks if is_escaped else _marks
    of_names_and_texts = 2 * (len(NAMES) + len(TEXTS)) * lines.count
    return marks(body) == of_names_and_texts + sum(map(marks, (lines.outside, lines.unknown, *lines.lists.values())))


def _marks(text: bytes) -> int:
    return text.count(b'"')


def _bare_marks(text: bytes) -> int:
    """Quotation marks that begin or end a text or a name."""
    return _marks(text) - text.replace(rb"\\", b"").count(rb"\"")


def _frame(lines: _Lines) -> pl.DataFrame:
    """The cells of all rows. Raises PolarsError when one is no number of its type."""
    if not lines.cells:
        return pl.DataFrame(schema=lines.kinds)
    schema = {"[": pl.String(), **lines.kinds, "]": pl.String()}
    return pl.read_csv(lines.cells, has_header=False, schema=schema, columns=range(1, 1 + len(lines.kinds)))


def _as_arrow(frame: pl.DataFrame) -> dict[str, pa.Array]:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    columns = {name: table[name].combine_chunks() for name in frame.columns}
    return columns | {name: columns[name].cast(pa.string()) for name in TEXTS if name in columns}


def _unknown(lines: _Lines) -> pa.Array:
    """The unknown fields of each workload as JSON text, `""` when it has none."""
    if not lines.unknown_names:
        return pa.repeat("", lines.count)
    texts = from_lines(lines.unknown).cast(pa.string())
    return pc.if_else(pc.equal(texts, "{}"), "", texts)
