"""Cost reports that are plainly as documented, read whole: most of them, and far quicker than row by row.

Two readers look at each report. msgspec holds it against the document: every field is there, none is unknown, each is
of its type. Arrow reads texts and numbers as columns, decimals exactly from their text, in C++ that leaves Python's
lock free; alone it would take "1.5" for a number and a missing field for null. What either of them refuses is left to
`parse`, which reads row by row and says what is wrong.
"""

from collections.abc import Sequence
from operator import attrgetter

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from tallybook.decode import decode
from tallybook.errors import SchemaError
from tallybook.money import SCALE
from tallybook.providers.scaleops.columns import EXACT, WIDE, are_figures, as_lines, documents, from_lines
from tallybook.providers.scaleops.shapes import LISTS, NUMBERS, TEXTS, Read, Window, Workload

_NAMES = dict(zip(Workload.__struct_fields__, Workload.__struct_encode_fields__, strict=True))

# A float tells a number from a text and is then forgotten; the lists are needed as the text they are.
_Plain = msgspec.defstruct(
    "_Plain",
    [(name, float if name in NUMBERS else kind) for name, kind in Workload.__annotations__.items()],
    rename="camel",
    forbid_unknown_fields=True,
    frozen=True,
    gc=False,
)


_SLICE_ROWS = 500  # what the processor's cache holds: decoding all at once takes twice as long
_WORKLOAD = msgspec.json.Decoder(_Plain)
_lists_of = attrgetter(*LISTS)


class _Report(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    aggregated_workloads: list[msgspec.Raw]
    clusters: list[str] | None
    window: Window


def read_plain(body: bytes) -> Read | None:
    """A report that is as documented; None when it is not, or when its numbers have more digits than Arrow reads."""
    try:
        report = decode(body, _Report)
        lists = _lists(report.aggregated_workloads)
        columns = _columns(body, EXACT) or _columns(body, WIDE)
    except (SchemaError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if columns is None:
        return None
    count = len(report.aggregated_workloads)
    columns |= lists | {"position": pa.array(range(count), pa.int64()), "unknown_fields": pa.repeat("", count)}
    return Read(report.window, report.clusters, count, columns)


def _lists(workloads: Sequence[msgspec.Raw]) -> dict[str, pa.Array]:
    """The lists of all workloads, each of which is held against the document and forgotten."""
    lines: list[list[bytes]] = [[] for _ in LISTS]
    for start in range(0, len(workloads), _SLICE_ROWS):
        rows = map(_WORKLOAD.decode, workloads[start : start + _SLICE_ROWS])
        for kept, raws in zip(lines, zip(*map(_lists_of, rows), strict=True), strict=True):
            kept.append(as_lines(raws))
    return {
        name: documents(from_lines(b"".join(kept)), _NAMES[name], kind)
        for (name, kind), kept in zip(LISTS.items(), lines, strict=True)
    }


def _columns(body: bytes, number: pa.DataType) -> dict[str, pa.Array] | None:
    """Texts and numbers of all rows; None when a number does not fit the type, or no figure."""
    kinds = {"amount_of_workloads": pa.int64(), **dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(NUMBERS, number)}
    row = pa.struct([(_NAMES[name], kind) for name, kind in kinds.items()])
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(body),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(body) + 1),  # one object, one block
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([("aggregatedWorkloads", pa.list_(row))]),
                unexpected_field_behavior="ignore",  # msgspec has seen that there are none
            ),
        )
        read = table["aggregatedWorkloads"].combine_chunks().flatten()
        columns = dict(zip(kinds, read.flatten(), strict=True))
        if number != EXACT:
            columns |= {name: pc.round(columns[name], SCALE, "half_to_even").cast(EXACT) for name in NUMBERS}
    except pa.ArrowInvalid:
        return None
    return columns if all(are_figures(columns[name]) for name in NUMBERS) else None
