"""CSV for machines and for spreadsheets: exact figures, and text that no spreadsheet runs."""

import io
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from tallybook.legible import BREAKS, CONTROLS

if TYPE_CHECKING:
    from polars._typing import CsvQuoteStyle

_SHORT_ROWS = 1_000  # up to here a look at each column costs more than it saves

# What a spreadsheet takes for a formula at the start of a cell, in ASCII and fullwidth.
_FORMULA = "^\\s*[=+\\-@＝＋－＠]"  # noqa: RUF001 - the fullwidth forms are meant
_QUOTED = '[",]'  # line breaks are none any more
# Text without any of these is written as it is: one look instead of a rewrite.
_ODD = f"{_FORMULA}|{BREAKS}|{CONTROLS}|{_QUOTED}"


def render_csv(frame: pl.DataFrame, *, with_header: bool = True) -> bytes:
    """UTF-8 with a header row, by RFC 4180 (CRLF, quotes where needed); the order of `frame` is kept.

    Decimals have all their digits and no zeros at the end, dates are ISO 8601, times UTC with `Z`, null
    is empty and an empty text is `""`. A text cell that a spreadsheet would run as a formula begins
    with an apostrophe; numbers are never touched. Raises TypeError for columns that hold lists or structs.
    """
    if frame.height <= _SHORT_ROWS:
        return _lines(_whole(frame), with_header=with_header)
    header = _lines(_whole(frame.clear()), with_header=True) if with_header else b""
    return header + _lines(pl.DataFrame(list(_fields(frame))), with_header=False, quote_style="never")


def aware(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the warehouse, whose naive times are UTC."""
    naive = pl.selectors.datetime(time_zone=None)
    return rows.with_columns(naive.dt.replace_time_zone("UTC"))


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns as they are written."""
    return frame.select(_written(name, dtype).alias(name) for name, dtype in frame.schema.items())


def _lines(cells: pl.DataFrame, *, with_header: bool, quote_style: "CsvQuoteStyle" = "necessary") -> bytes:
    target = io.BytesIO()
    cells.write_csv(
        target,
        include_header=with_header,
        line_terminator="\r\n",
        null_value="",
        float_scientific=False,
        quote_style=quote_style,
    )
    return target.getvalue()


def _fields(frame: pl.DataFrame) -> Iterator[pl.Series]:
    """The columns as they are written, quotes included; neighbours that are the same in all rows are one of them."""
    for is_same, run in groupby(frame, key=is_constant):
        columns = list(run)
        if is_same:
            first = _whole(pl.DataFrame([column.head(1) for column in columns]))
            text = _lines(first, with_header=False).decode().removesuffix("\r\n")
            yield pl.repeat(text, frame.height, eager=True).alias(columns[0].name)
        else:
            yield from map(_field, columns)


def is_constant(column: pl.Series) -> bool:
    """Whether all values are the same, or all null; the ends tell it of nearly every other."""
    return not len(column) or (column[0] == column[-1] and column.eq_missing(column.head(1)).all())


def _field(column: pl.Series) -> pl.Series:
    """The column as it is written. Text is nearly always as it should be; of times there are few in many rows."""
    dtype = column.dtype
    if dtype == pl.String and not (column.str.contains(_ODD) | (column == "")).any():
        return column
    if isinstance(dtype, pl.String | pl.Datetime):
        distinct = column.unique()
        if 2 * len(distinct) <= len(column):
            return column.replace_strict(distinct, _quoted(_cells(distinct)), return_dtype=pl.String)
    return _quoted(_cells(column))


def _quoted(cells: pl.Series) -> pl.Series:
    """Text with its quotes, where it needs some."""
    if cells.dtype != pl.String:
        return cells
    text = pl.col(cells.name)
    in_quotes = pl.lit('"') + text.str.replace_all('"', '""', literal=True) + pl.lit('"')
    is_odd = (text == "") | text.str.contains(_QUOTED)
    return cells.to_frame().select(pl.when(is_odd).then(in_quotes).otherwise(text).alias(cells.name)).to_series()


def _cells(column: pl.Series) -> pl.Series:
    return _whole(column.to_frame()).to_series()


def _written(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Decimal):
        return decimal_text(column, dtype)
    if dtype.is_integer() or dtype in {pl.Boolean, pl.Date, pl.Null}:
        return column
    if dtype.is_float():
        return column.fill_nan(None)
    if isinstance(dtype, pl.Datetime):
        return instant_text(column, dtype)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return guarded_text(column)
    raise TypeError(f"column {name}: a table cell cannot hold {dtype}")


def decimal_text(column: pl.Expr, dtype: pl.Decimal) -> pl.Expr:
    """Decimals as their digits, without zeros at the end and without exponent."""
    digits = column.cast(pl.String)  # with a point, unless none of them are behind it
    return digits.str.strip_chars_end("0").str.strip_chars_end(".") if dtype.scale else digits


def instant_text(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    """Times in UTC with `Z`; raises TypeError for a column of naive times."""
    if dtype.time_zone is None:
        raise TypeError("a naive time has no place in a table: give it its zone")
    utc = column.dt.convert_time_zone("UTC")
    return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")


def guarded_text(column: pl.Expr) -> pl.Expr:
    """Text on one line without control characters, and never a formula."""
    clean = clean_text(column)
    return pl.when(clean.str.contains(_FORMULA)).then(pl.lit("'") + clean).otherwise(clean)


def clean_text(column: pl.Expr) -> pl.Expr:
    """Text on one line without control characters."""
    breaks = column.cast(pl.String).str.replace_all(BREAKS, " ")
    return breaks.str.replace_all(CONTROLS, "")
