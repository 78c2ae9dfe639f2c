"""The rows of a large sheet, made column by column.

XlsxWriter takes 5 microseconds a cell: 8 seconds for the 100,000 workloads of a sheet, of which this takes a fifth. It
is, byte by byte, what XlsxWriter itself writes with `constant_memory` into the file that it keeps a sheet's rows in.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_ROWS = 10_000  # as text at once
_DAY_ZERO = 25_569  # the first of January 1970, as spreadsheets count days
_ODD = "[&<>\ufffe\uffff]|_x[0-9a-fA-F]{4}_|^\\s|\\s$"
_LOOKS_ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")


def write_rows(sheet: "Worksheet", frame: pl.DataFrame, formats: Sequence[Any], *, first_row: int) -> None:
    """Write rows below those that are there, a format a column. The sheet's last row has to be XlsxWriter's own.

    `sheet` is of a workbook with `constant_memory`. Columns hold text without control characters, numbers or dates;
    null is no cell.
    """
    if frame.is_empty():
        return
    sheet._write_single_row(first_row + frame.height)  # noqa: SLF001 - the row above, which it keeps back
    styles = _styles(frame, formats)
    for start in range(0, frame.height, _ROWS):
        texts = pl.DataFrame([_texts(column) for column in frame.slice(start, _ROWS)])
        numbers = pl.int_range(first_row + start + 1, first_row + start + 1 + texts.height, eager=True).cast(pl.String)
        cells = _cells(frame.schema, styles, pl.lit(numbers))
        row = pl.concat_str(pl.lit('<row r="'), pl.lit(numbers), pl.lit('">'), *cells, pl.lit("</row>"))
        sheet.row_data_fh.writelines(texts.select(row.alias("row"))["row"])


def _styles(frame: pl.DataFrame, formats: Sequence[Any]) -> list[int]:
    """The number of each column's format. They are counted in the order in which cells need them."""
    firsts = [column.is_not_null().arg_max() if column.null_count() < frame.height else None for column in frame]
    used = sorted((first, place) for place, first in enumerate(firsts) if first is not None)
    numbers = {place: formats[place]._get_xf_index() for _, place in used}  # noqa: SLF001 - what a cell names
    return [numbers.get(place, 0) for place in range(frame.width)]


def _cells(schema: pl.Schema, styles: Sequence[int], row: pl.Expr) -> Iterator[pl.Expr]:
    """The cells of each column from its texts; none for null."""
    from xlsxwriter.utility import xl_col_to_name

    for place, ((name, dtype), style) in enumerate(zip(schema.items(), styles, strict=True)):
        place_and_style = (pl.lit(f'<c r="{xl_col_to_name(place)}'), row, pl.lit(f'" s="{style}"'))
        before, behind = ("><v>", "</v></c>") if dtype != pl.String else (' t="inlineStr"><is><t', "</t></is></c>")
        cell = pl.concat_str(*place_and_style, pl.lit(before), pl.col(name), pl.lit(behind))
        yield cell.fill_null("")


def _texts(column: pl.Series) -> pl.Series:
    """What stands in the column's cells: of numbers their 16 digits, of text what follows its tag's name."""
    if column.dtype == pl.Date:
        return (column.cast(pl.Int32) + _DAY_ZERO).cast(pl.String)
    if column.dtype != pl.String:
        texts = [None if value is None else f"{value:.16G}" for value in column]
        return pl.Series(column.name, texts, dtype=pl.String)
    if column.str.contains(_ODD).any():
        texts = [None if value is None else _inline(value) for value in column]
        return pl.Series(column.name, texts, dtype=pl.String)
    return pl.select(pl.lit(">") + column).to_series().alias(column.name)


def _inline(text: str) -> str:
    """Text that is markup, looks like an escape of Excel's or has space at an end, as XlsxWriter writes it."""
    keeps_space = ' xml:space="preserve"' if text != text.strip() else ""
    unescaped = _LOOKS_ESCAPED.sub(r"_x005F\1", text).replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
    return f"{keeps_space}>{escape(unescaped, quote=False)}"
