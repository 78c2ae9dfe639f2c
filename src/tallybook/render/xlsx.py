"""Spreadsheets: a sheet that says what the report is, a Control sheet, and one of typed cells per table.

Excel keeps 15 digits of a number, and a sheet has up to 100,000 rows; the CSV beside the workbook keeps all.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from tallybook.language import ENGLISH, Language
from tallybook.render.cover_sheet import SheetRow
from tallybook.render.csv import clean_text, instant_text
from tallybook.render.headings import heading, sheet_title
from tallybook.render.sheet_rows import write_rows
from tallybook.render.text import visible

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

# What a spreadsheet opens without a wait. Excel takes 1,048,576.
SHEET_ROWS = 100_000
_CELL_CHARACTERS = 32_767
_WIDEST = 60
_HEADER_ROWS = 2
_LARGE = 50_000  # cells above which rows go to disk as they are made
_RICH = ("<r>", "</r>")  # XlsxWriter writes text between these as it is, for markup; a space behind makes it text
_BAD_SHEET_CHARACTERS = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class _Formats:
    title: Any
    header: Any
    column: Any
    text: Any
    note: Any
    by_kind: Mapping[str, Any]


def render_xlsx(
    tables: Mapping[str, pl.DataFrame],
    control: pl.DataFrame,
    *,
    cover: Sequence[SheetRow],
    title: str,
    created: datetime,
    max_rows: int = SHEET_ROWS,
    language: Language = ENGLISH,
) -> bytes:
    """A workbook with the sheets Report and Control and one sheet per table, named by its key, in that order.

    Numbers are numbers, dates dates, and text stays text: nothing becomes a formula or a link. Each table has two
    header rows, frozen: words for people, and below them the column's name as in the CSV, which carries the filter.
    A table with more rows than a sheet takes is cut, and its last row says so and names the CSV. Same input, same
    bytes; `created` is the time in the file's properties.
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
        formats = _formats(workbook, language)
        _write_cover(workbook.add_worksheet(sheet_title("Report", language=language)), cover, formats=formats)
        for name, frame in [("Control", control), *tables.items()]:
            sheet = workbook.add_worksheet(_sheet_name(sheet_title(name, language=language)))
            _write_sheet(sheet, frame, name=name, formats=formats, max_rows=max_rows, language=language)
    return target.getvalue()


def _describe(workbook: "Workbook", *, title: str, created: datetime) -> None:
    workbook.set_properties({"title": title, "created": created.astimezone(UTC).replace(tzinfo=None)})
    workbook.set_size(1920, 1080)


def _formats(workbook: "Workbook", language: Language) -> _Formats:
    font = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
    numbers = {
        "money": "#,##0.00;[Red]-#,##0.00",
        "pct": "0.0###",  # 99.97 is not 100.0
        "quantity": "#,##0.0#####",
        "exact": "#,##0.00##########",
        "count": "#,##0",
        "date": language.day_pattern.lower(),
    }
    bold = {"bold": True, "bg_color": "#E8EDF1", "text_wrap": True}
    return _Formats(
        title=workbook.add_format(font | {"bold": True, "font_size": 13}),
        header=workbook.add_format(font | bold),
        column=workbook.add_format(font | {"font_size": 8, "font_color": "#566270", "bottom": 1}),
        text=workbook.add_format(font | {"num_format": "@"}),
        note=workbook.add_format(font | {"italic": True}),
        by_kind={k: workbook.add_format(font | {"num_format": n}) for k, n in numbers.items()},
    )


def _write_cover(sheet: "Worksheet", rows: Sequence[SheetRow], *, formats: _Formats) -> None:
    """Labels and values; long sentences run over the empty cells to their right."""
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 12, 16)
    sheet.freeze_panes(1, 0)
    styles = {"heading": formats.title, "columns": formats.header}
    for index, row in enumerate(rows):
        for column, value in enumerate(row.cells):
            if isinstance(value, str):
                text = visible(value)[:_CELL_CHARACTERS]
                is_rich = text.startswith(_RICH[0]) and text.endswith(_RICH[1])
                sheet.write_string(index, column, f"{text} " if is_rich else text, styles.get(row.kind, formats.text))
            elif value is not None:
                kind = "count" if isinstance(value, int) else "money"
                sheet.write_number(index, column, value, formats.by_kind[kind])


def _write_sheet(
    sheet: "Worksheet", frame: pl.DataFrame, *, name: str, formats: _Formats, max_rows: int, language: Language
) -> None:
    fits = frame.height + _HEADER_ROWS <= max_rows
    shown = frame if fits else frame.head(max_rows - _HEADER_ROWS - 1)
    prepared = shown.select(_prepared(n, dtype, language) for n, dtype in shown.schema.items())
    columns = [_kind(n, dtype, is_exact=name == "Control") for n, dtype in frame.schema.items()]
    sheet.freeze_panes(_HEADER_ROWS, 1)
    for index, column in enumerate(frame.columns):
        sheet.set_column(index, index, _width(prepared, column, heading(column, language=language)))
        sheet.write_string(0, index, heading(column, language=language), formats.header)
    for index, column in enumerate(frame.columns):
        sheet.write_string(1, index, column, formats.column)
    styles = [formats.by_kind.get(kind, formats.text) for kind in columns]
    by_cell = prepared
    if sheet.constant_memory:
        by_cell = prepared.tail(1)
        write_rows(sheet, prepared.head(-1), styles, first_row=_HEADER_ROWS)
    _write_cells(sheet, by_cell, styles, first_row=_HEADER_ROWS + prepared.height - by_cell.height)
    if frame.width:
        sheet.autofilter(_HEADER_ROWS - 1, 0, prepared.height + 1, frame.width - 1)
    if not fits:
        note = language.say(
            "Cut: %(rows)s rows, a sheet takes %(most)s. All of them: tables/%(name)s.csv",
            rows=language.digits(f"{frame.height:,}"),
            most=language.digits(f"{max_rows:,}"),
            name=name,
        )
        sheet.write_string(max_rows - 1, 0, note, formats.note)


def _write_cells(sheet: "Worksheet", frame: pl.DataFrame, formats: Sequence[Any], *, first_row: int) -> None:
    writers = [
        sheet.write_datetime if dtype == pl.Date else sheet.write_string if dtype == pl.String else sheet.write_number
        for dtype in frame.dtypes
    ]
    for index, row in enumerate(frame.iter_rows(), start=first_row):
        for column, value in enumerate(row):
            if value is not None:
                writers[column](index, column, value, formats[column])


def _prepared(name: str, dtype: pl.DataType, language: Language) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_float():
        return pl.when(column.is_finite()).then(column)
    if dtype.is_numeric() or dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return instant_text(column, dtype)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        text = clean_text(column).str.slice(0, _CELL_CHARACTERS)
        return pl.when(text.str.starts_with(_RICH[0]) & text.str.ends_with(_RICH[1])).then(text + " ").otherwise(text)
    if dtype == pl.Boolean:
        yes, no = pl.lit(language.say("yes")), pl.lit(language.say("no"))
        return pl.when(column).then(yes).when(~column).then(no).alias(name)
    if dtype == pl.Null:
        return column.cast(pl.String)
    raise TypeError(f"column {name}: a table cell cannot hold {dtype}")


def _kind(name: str, dtype: pl.DataType, *, is_exact: bool) -> str:
    """The format of a column; the Control sheet shows every decimal, in all columns alike."""
    if dtype == pl.Date:
        return "date"
    if dtype.is_integer():
        return "count"
    if not dtype.is_numeric():
        return "text"
    if is_exact:
        return "exact"
    if name.endswith("_pct"):
        return "pct"
    return "money" if name.endswith(("_cost", "_savings", "savings_available", "_total", "_effect")) else "quantity"


def _width(frame: pl.DataFrame, column: str, words: str) -> float:
    dtype = frame.schema[column]
    longest = 14 if dtype.is_numeric() or dtype == pl.Date else 0
    if dtype == pl.String and frame.height:
        longest = max(longest, int(frame[column].head(2_000).str.len_chars().max() or 0))  # type: ignore[arg-type] # the lengths are whole numbers
    return min(max(longest, len(column), len(words)) + 3, _WIDEST)


def _sheet_name(name: str) -> str:
    return _BAD_SHEET_CHARACTERS.sub(" ", name)[:31]
