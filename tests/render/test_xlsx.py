import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl

from tallybook.render.xlsx import render_xlsx
from tests.render import samples

CONTROL = pl.DataFrame({"billing_currency": ["EUR"], "difference": [Decimal("0.000000000000")]})
PROJECTS = pl.DataFrame(
    {
        "project": ["atlas", "=1+1", "http://127.0.0.1/x", "42", "a\x07b"],
        "effective_cost": [Decimal("12.345"), Decimal("-3.5"), None, Decimal(0), Decimal(1)],
        "coverage_pct": [98.4, None, 100.0, float("nan"), 1.0],
        "date": [date(2026, 10, 1)] * 5,
        "captured_at": [samples.NOW] * 5,
        "merged": [1, 2, 3, 4, 5],
    }
)


def written(tables: dict[str, pl.DataFrame], **options: Any) -> Any:
    made = render_xlsx(tables, CONTROL, title="Cloud costs", created=samples.NOW, **options)
    return openpyxl.load_workbook(io.BytesIO(made))


def test_the_control_sheet_comes_first_and_each_table_has_a_sheet() -> None:
    book = written({"projects": PROJECTS, "workloads": PROJECTS})

    assert book.sheetnames == ["Control", "projects", "workloads"]


def test_numbers_are_numbers_dates_are_dates_and_null_is_empty() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    assert [cell.value for cell in sheet["B"][1:]] == [12.345, -3.5, None, 0, 1]
    assert [cell.value for cell in sheet["C"][1:]] == [98.4, None, 100, None, 1]
    assert sheet["D2"].value == datetime(2026, 10, 1)  # noqa: DTZ001 - spreadsheets know no zones
    assert sheet["E2"].value == "2026-11-02T06:00:00Z"
    assert sheet["B2"].number_format.startswith("#,##0.00")


def test_text_stays_text_and_nothing_becomes_a_formula_or_a_link() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    cells = sheet["A"][1:]

    assert [cell.value for cell in cells] == ["atlas", "=1+1", "http://127.0.0.1/x", "42", "ab"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_headers_are_frozen_and_filtered_and_columns_fit_their_text() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:F6"
    assert sheet.column_dimensions["A"].width > len("http://127.0.0.1/x")


def test_a_table_longer_than_a_sheet_is_cut_and_says_where_the_rest_is() -> None:
    numbers = pl.DataFrame({"n": list(range(10))})

    sheet = written({"usage": numbers}, max_rows=6)["usage"]

    assert [row[0].value for row in sheet.iter_rows()] == [
        "n",
        *range(4),
        "Cut: 10 rows, a sheet takes 6. All of them: tables/usage.csv",
    ]


def test_a_table_that_just_fits_is_whole() -> None:
    sheet = written({"usage": pl.DataFrame({"n": list(range(5))})}, max_rows=6)["usage"]

    assert [row[0].value for row in sheet.iter_rows()] == ["n", *range(5)]


def test_an_empty_table_has_its_header() -> None:
    sheet = written({"gaps": PROJECTS.clear()})["gaps"]

    assert [cell.value for cell in sheet[1]] == PROJECTS.columns


def test_the_same_tables_give_the_same_bytes() -> None:
    def made() -> bytes:
        return render_xlsx({"p": PROJECTS}, CONTROL, title="t", created=samples.NOW)

    assert made() == made()


def test_large_tables_are_written_row_by_row_with_the_same_cells() -> None:
    large = pl.DataFrame({"a": ["text"] * 30_000, "b": list(range(30_000))})

    made = render_xlsx({"usage": large}, CONTROL, title="t", created=samples.NOW)

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        rows = archive.read("xl/worksheets/sheet2.xml").count(b"<row ")
    assert rows == 30_001


def test_title_and_time_are_in_the_properties() -> None:
    book = written({})

    assert book.properties.title == "Cloud costs"
    assert book.properties.created == datetime(2026, 11, 2, 6, 0)  # noqa: DTZ001 - openpyxl gives UTC
