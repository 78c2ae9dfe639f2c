"""CSV for machines and for spreadsheets: exact figures, and text that no spreadsheet runs."""

import io

import polars as pl
import pyarrow

from tallybook.legible import BREAKS, CONTROLS

_SHORT_ROWS = 1_000  # up to here a pass over all columns costs less than one for each

# What a spreadsheet takes for a formula at the start of a cell, in ASCII and fullwidth.
_FORMULA = "^\\s*[=+\\-@＝＋－＠]"  # noqa: RUF001 - the fullwidth forms are meant
# Text without any of these is written as it is: one look instead of a rewrite.
_ODD = f"{_FORMULA}|{BREAKS}|{CONTROLS}"


def render_csv(frame: pl.DataFrame, *, with_header: bool = True) -> bytes:
    """UTF-8 with a header row, by RFC 4180 (CRLF, quotes where needed); the order of `frame` is kept.

    Decimals have all their digits and no zeros at the end, dates are ISO 8601, times UTC with `Z`, null
    is empty and an empty text is `""`. A text cell that a spreadsheet would run as a formula begins
    with an apostrophe; numbers are never touched. Raises TypeError for columns that hold lists or structs.
    """
    written = _whole(frame) if frame.height <= _SHORT_ROWS else pl.DataFrame([_by_value(column) for column in frame])
    target = io.BytesIO()
    written.write_csv(target, include_header=with_header, line_terminator="\r\n", null_value="", float_scientific=False)
    return target.getvalue()


def render_part(rows: pyarrow.Table, *, with_header: bool = False) -> bytes:
    """The same form for rows of the warehouse, whose naive times are UTC."""
    return render_csv(_aware(rows), with_header=with_header)


def _aware(rows: pyarrow.Table) -> pl.DataFrame:
    naive = pl.selectors.datetime(time_zone=None)
    return pl.DataFrame(rows).with_columns(naive.dt.replace_time_zone("UTC"))


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns as they are written."""
    return frame.select(_written(name, dtype).alias(name) for name, dtype in frame.schema.items())


def _by_value(column: pl.Series) -> pl.Series:
    """The column as it is written. Text is nearly always as it should be; of times there are few in many rows."""
    dtype = column.dtype
    if not isinstance(dtype, pl.String | pl.Datetime):
        return _cells(column)
    if dtype == pl.String and not column.str.contains(_ODD).any():
        return column
    distinct = column.unique()
    if 2 * len(distinct) > len(column):
        return _cells(column)
    return column.replace_strict(distinct, _cells(distinct), return_dtype=pl.String)


def _cells(column: pl.Series) -> pl.Series:
    return _whole(column.to_frame()).to_series()


def _written(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_decimal():
        return decimal_text(column)
    if dtype.is_integer() or dtype in {pl.Boolean, pl.Date, pl.Null}:
        return column
    if dtype.is_float():
        return column.fill_nan(None)
    if isinstance(dtype, pl.Datetime):
        return instant_text(column, dtype)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return guarded_text(column)
    raise TypeError(f"column {name}: a table cell cannot hold {dtype}")


def decimal_text(column: pl.Expr) -> pl.Expr:
    """Decimals as their digits, without zeros at the end and without exponent."""
    digits = column.cast(pl.String)
    trimmed = digits.str.strip_chars_end("0").str.strip_chars_end(".")
    return pl.when(digits.str.contains(".", literal=True)).then(trimmed).otherwise(digits)


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
