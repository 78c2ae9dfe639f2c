"""Whole columns of JSON text at once: exact decimals and small documents as Arrow arrays.

Polars reads text as decimals, with all its digits and an exponent, and rounds half-even: about 30 ns a number, a
hundredth of what DuckDB takes for a cast of text to DECIMAL(38, 12). A column of text is cut from one buffer without a
Python object for each value.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tallybook.arrow_json import are_figures
from tallybook.decode import FIGURE_DIGITS, decode, decode_answer, is_figure
from tallybook.errors import SchemaError
from tallybook.money import SCALE, quantise

EXACT = pl.Decimal(38, SCALE)
_NUMBER = re.compile(rb"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_ENCODER = msgspec.json.Encoder()
_SLICE_TEXTS = 1000  # what the processor's cache holds of them as objects


def decimals(raws: Sequence[msgspec.Raw], field: str, first: int = 0) -> pa.Array:
    """JSON numbers as the warehouse's decimals: every digit up to the 12th behind the point, rounded half-even there.

    `first` is the row of the first value. Raises SchemaError naming the field and the row when a value is no number,
    or too large for a figure.
    """
    numbers = pl.Series(pl.from_arrow(from_lines(as_lines(raws)))).cast(EXACT, strict=False).to_arrow()
    if not numbers.null_count and are_figures(numbers):
        return numbers
    return pa.array([_decimal(raw, field, row) for row, raw in enumerate(raws, first)], pa.decimal128(38, SCALE))


def documents(texts: pa.Array, field: str, kind: Any) -> pa.Array:
    """Small JSON documents as compact text in their own order; null is null. Equal ones are checked once.

    Raises SchemaError naming the field when one is not of `kind`, or names a field of its own twice.
    """
    distinct = texts.dictionary_encode()
    compact = [_documents(each, field, kind) for each in _slices(distinct.dictionary.cast(pa.string()))]
    return pa.chunked_array(compact, pa.string()).combine_chunks().take(distinct.indices)


def are_written_alike(texts: pa.Array, kind: Any) -> bool:
    """Whether each of these JSON values is of its kind and as we would write it.

    So it has no blank, no field that `kind` does not name, and none that is given twice.
    """
    return all(_is_written_alike(each, kind) for each in _slices(texts))


def _slices(texts: pa.Array) -> Iterator[pa.Array]:
    return (texts.slice(start, _SLICE_TEXTS) for start in range(0, len(texts), _SLICE_TEXTS))


def _is_written_alike(texts: pa.Array, kind: Any) -> bool:
    values = f"[{','.join(texts.to_pylist())}]".encode()
    try:
        return _ENCODER.encode(decode(values, list[kind])) == values
    except SchemaError:
        return False


def _documents(texts: pa.Array, field: str, kind: Any) -> pa.Array:
    if _is_written_alike(texts, kind):
        return pc.if_else(pc.equal(texts, "null"), None, texts)
    return pa.array([_compact(text, field, kind) for text in texts.to_pylist()], pa.string())


def as_lines(raws: Sequence[msgspec.Raw]) -> bytes:
    """JSON values as they were written, each with a line break after it and none within."""
    lines = _ENCODER.encode_lines(raws)
    if lines.count(b"\n") != len(raws):  # between the parts of an indented document
        lines = b"".join(bytes(raw).replace(b"\n", b" ") + b"\n" for raw in raws)
    return lines


def from_lines(lines: bytes) -> pa.Array:
    """The values of `as_lines`, once more as texts."""
    if not lines:
        return pa.array([], pa.large_string())
    whole = pa.array([lines[:-1]], pa.large_binary())
    return pc.split_pattern(whole, b"\n").values.cast(pa.large_string())


def _decimal(raw: msgspec.Raw, field: str, row: int) -> Decimal:
    text = bytes(raw)
    where = f"`$.aggregatedWorkloads[{row}].{field}`"
    if not _NUMBER.fullmatch(text):
        shown = text[:40].decode("utf-8", "replace")
        raise SchemaError(f"the answer does not fit its document: expected a number, got {shown} - at {where}")
    try:
        value = quantise(Decimal(text.decode()), SCALE)
    except InvalidOperation:
        value = Decimal("Infinity")
    if not is_figure(value):
        raise SchemaError(f"{text[:60].decode()} is too large for a figure (below 10^{FIGURE_DIGITS}) - at {where}")
    return value


def _compact(text: str, field: str, kind: Any) -> str | None:
    try:
        value = decode_answer(text.encode(), kind)
    except SchemaError as error:
        raise SchemaError(f"{error} - in `$.aggregatedWorkloads[...].{field}`") from error
    return None if value is None else msgspec.json.format(text, indent=-1)
