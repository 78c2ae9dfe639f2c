"""Spreadsheets: typed cells, one sheet per table, and a Control sheet first.

Excel keeps 15 digits of a number and 1,048,576 rows of a sheet; the CSV beside the workbook keeps all.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from tallybook.render.csv import clean_text, instant_text

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

EXCEL_ROWS = 1_048_576
_CELL_CHARACTERS = 32_767
_WIDEST = 60
_LARGE = 50_000  # cells above which rows are flushed to disk as they are written
_BAD_SHEET_CHARACTERS = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class _Formats:
    header: Any
    text: Any
    note: Any
    by_kind: Mapping[str, Any]


def render_xlsx(
    tables: Mapping[str, pl.DataFrame],
    control: pl.DataFrame,
    *,
    title: str,
    created: datetime,
    max_rows: int = EXCEL_ROWS,
) -> bytes:
    """A workbook with the sheet Control and one sheet per table, named by its key, in that order.

    Numbers are numbers, dates dates, and text stays text: nothing becomes a formula or a link. Headers
    are frozen and filtered. A table with more rows than a sheet takes is cut, and its last row says so
    and names the CSV. Same input, same bytes; `created` is the time in the file's properties.
    """
    import xlsxwriter

    frames = [control, *tables.values()]
    large = sum(frame.height * frame.width for frame in frames) > _LARGE
    target = io.BytesIO()
    options = {
        "constant_memory": large,
        "in_memory": not large,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as workbook:
        _describe(workbook, title=title, created=created)
        formats = _formats(workbook)
        for name, frame in [("Control", control), *tables.items()]:
            sheet = workbook.add_worksheet(_sheet_name(name))
            _write_sheet(sheet, frame, name=name, formats=formats, max_rows=max_rows)
    return target.getvalue()


def _describe(workbook: "Workbook", *, title: str, created: datetime) -> None:
    workbook.set_properties({"title": title, "created": created.astimezone(UTC).replace(tzinfo=None)})
    workbook.set_size(1920, 1080)


def _formats(workbook: "Workbook") -> _Formats:
    font = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
    numbers = {
        "money": "#,##0.00;[Red]-#,##0.00",
        "pct": "0.0",
        "quantity": "#,##0.######",
        "count": "#,##0",
        "date": "yyyy-mm-dd",
    }
    heading = {"bold": True, "bg_color": "#E8EDF1", "bottom": 1, "text_wrap": True}
    return _Formats(
        header=workbook.add_format(font | heading),
        text=workbook.add_format(font | {"num_format": "@"}),
        note=workbook.add_format(font | {"italic": True}),
        by_kind={k: workbook.add_format(font | {"num_format": n}) for k, n in numbers.items()},
    )


def _write_sheet(sheet: "Worksheet", frame: pl.DataFrame, *, name: str, formats: _Formats, max_rows: int) -> None:
    fits = frame.height + 1 <= max_rows
    shown = frame if fits else frame.head(max_rows - 2)
    prepared = shown.select(_prepared(n, dtype) for n, dtype in shown.schema.items())
    columns = [_kind(n, dtype) for n, dtype in frame.schema.items()]
    sheet.freeze_panes(1, 1)
    for index, column in enumerate(frame.columns):
        sheet.set_column(index, index, _width(prepared, column))
        sheet.write_string(0, index, column, formats.header)
    _write_rows(sheet, prepared.iter_rows(), kinds=columns, formats=formats)
    if frame.width:
        sheet.autofilter(0, 0, prepared.height, frame.width - 1)
    if not fits:
        note = f"Cut: {frame.height:,} rows, a sheet takes {max_rows:,}. All of them: tables/{name}.csv"
        sheet.write_string(max_rows - 1, 0, note, formats.note)


def _write_rows(
    sheet: "Worksheet",
    rows: Iterable[tuple[Any, ...]],
    *,
    kinds: list[str],
    formats: _Formats,
) -> None:
    plain = [formats.by_kind.get(kind, formats.text) for kind in kinds]
    writers = [
        sheet.write_datetime if kind == "date" else sheet.write_number if kind != "text" else None for kind in kinds
    ]
    for index, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value is None:
                continue
            write = writers[column] or sheet.write_string
            write(index, column, value, plain[column])


def _prepared(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_float():
        return pl.when(column.is_finite()).then(column)
    if dtype.is_numeric() or dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return instant_text(column, dtype)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return clean_text(column).str.slice(0, _CELL_CHARACTERS)
    if dtype in {pl.Boolean, pl.Null}:
        return column.cast(pl.String)
    raise TypeError(f"column {name}: a table cell cannot hold {dtype}")


def _kind(name: str, dtype: pl.DataType) -> str:
    if dtype == pl.Date:
        return "date"
    if dtype.is_integer():
        return "count"
    if not dtype.is_numeric():
        return "text"
    if name.endswith("_pct"):
        return "pct"
    return "money" if name.endswith(("_cost", "savings_available", "_total")) else "quantity"


def _width(frame: pl.DataFrame, column: str) -> float:
    dtype = frame.schema[column]
    longest = 14 if dtype.is_numeric() or dtype == pl.Date else 0
    if dtype == pl.String and frame.height:
        longest = max(longest, int(frame[column].head(2_000).str.len_chars().max() or 0))  # type: ignore[arg-type] # the lengths are whole numbers
    return min(max(longest, len(column)) + 3, _WIDEST)


def _sheet_name(name: str) -> str:
    return _BAD_SHEET_CHARACTERS.sub(" ", name)[:31]
