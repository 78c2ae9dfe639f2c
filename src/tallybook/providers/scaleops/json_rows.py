"""Rows of a cost report as JSON text, made column by column.

A month has as many values as no Python object should be made for: 32,000 workloads are 700,000 of them.
"""

from collections.abc import Iterator, Mapping

import msgspec
import polars as pl

from tallybook.money import SCALE

_ROWS = 10_000  # as text at once


def json_rows(
    frame: pl.DataFrame, names: Mapping[str, str], *, documents: tuple[str, ...]
) -> Iterator[list[msgspec.Raw]]:
    """Each row as a JSON object of the columns in `names`, under their documented names and in their order; in slices.

    Decimals are numbers without trailing zeros; columns of `documents` hold JSON text already; null stays null.
    """
    fields = [
        pl.concat_str(
            pl.lit(f'"{name}":'),
            (pl.col(column) if column in documents else _value(column, frame.schema[column])).fill_null("null"),
        )
        for column, name in names.items()
    ]
    row = pl.concat_str(pl.lit("{"), pl.concat_str(fields, separator=","), pl.lit("}"))
    for part in frame.iter_slices(_ROWS):
        yield [msgspec.Raw(text.encode()) for text in part.select(row).to_series()]


def json_text(text: pl.Expr) -> pl.Expr:
    """A text as a JSON string; null is `null`."""
    return pl.struct(text.alias("t")).struct.json_encode().str.slice(len('{"t":')).str.head(-1)


def _value(column: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.String:
        return json_text(pl.col(column))
    if isinstance(kind, pl.Decimal):
        exact = pl.col(column).cast(pl.Decimal(38, SCALE)).cast(pl.String)  # always with its point
        return exact.str.strip_chars_end("0").str.strip_chars_end(".")
    return pl.col(column).cast(pl.String)
