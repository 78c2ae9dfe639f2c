import dataclasses
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pytest

from tallybook.render import xlsx as xlsx_module
from tallybook.render.cover_sheet import SheetRow, cover_rows
from tallybook.render.xlsx import render_xlsx
from tests.render import samples

CONTROL = pl.DataFrame({"billing_currency": ["EUR"], "difference": [Decimal("0.000000000000")]})
COVER = cover_rows(samples.full_report())
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
    made = render_xlsx(tables, CONTROL, cover=COVER, title="Cloud costs", created=samples.NOW, **options)
    return openpyxl.load_workbook(io.BytesIO(made))


def test_report_and_control_come_first_and_each_table_has_a_sheet() -> None:
    book = written({"projects": PROJECTS, "workloads": PROJECTS})

    assert book.sheetnames == ["Report", "Control", "projects", "workloads"]


def test_numbers_are_numbers_dates_are_dates_and_null_is_empty() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    assert [cell.value for cell in sheet["B"][2:]] == [12.345, -3.5, None, 0, 1]
    assert [cell.value for cell in sheet["C"][2:]] == [98.4, None, 100, None, 1]
    assert sheet["D3"].value == datetime(2026, 10, 1)  # noqa: DTZ001 - spreadsheets know no zones
    assert sheet["E3"].value == "2026-11-02T06:00:00Z"
    assert sheet["B3"].number_format.startswith("#,##0.00")


def test_all_amounts_of_the_control_sheet_show_the_same_decimals() -> None:
    control = pl.DataFrame(
        {
            "billing_currency": ["EUR"],
            "source_total": [Decimal("1.25")],
            "allocated": [Decimal("1.25")],
            "idle": [Decimal(0)],
        }
    )
    made = render_xlsx({}, control, cover=COVER, title="x", created=samples.NOW)
    row = openpyxl.load_workbook(io.BytesIO(made))["Control"][3]

    assert {cell.number_format for cell in row[1:]} == {"#,##0.00##########"}


def test_text_stays_text_and_nothing_becomes_a_formula_or_a_link() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    cells = sheet["A"][2:]

    assert [cell.value for cell in cells] == ["atlas", "=1+1", "http://127.0.0.1/x", "42", "ab"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_headers_are_frozen_and_filtered_and_columns_fit_their_text() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref == "A2:F7"
    assert sheet.column_dimensions["A"].width > len("http://127.0.0.1/x")


def test_a_table_longer_than_a_sheet_is_cut_and_says_where_the_rest_is() -> None:
    numbers = pl.DataFrame({"n": list(range(10))})

    sheet = written({"usage": numbers}, max_rows=6)["usage"]

    assert [row[0].value for row in sheet.iter_rows()] == [
        "N",
        "n",
        *range(3),
        "Cut: 10 rows, a sheet takes 6. All of them: tables/usage.csv",
    ]


def test_a_sheet_has_100_000_rows_at_most() -> None:
    numbers = pl.DataFrame({"n": pl.int_range(99_999, eager=True)})

    made = render_xlsx({"usage": numbers}, CONTROL, cover=COVER, title="x", created=samples.NOW)

    with zipfile.ZipFile(io.BytesIO(made)) as book:
        sheet = book.read("xl/worksheets/sheet3.xml").decode()
    assert sheet.count("<row ") == 100_000
    assert "Cut: 99,999 rows, a sheet takes 100,000. All of them: tables/usage.csv" in sheet


def test_a_table_that_just_fits_is_whole() -> None:
    sheet = written({"usage": pl.DataFrame({"n": list(range(5))})}, max_rows=7)["usage"]

    assert [row[0].value for row in sheet.iter_rows()] == ["N", "n", *range(5)]


def test_an_empty_table_has_its_header() -> None:
    sheet = written({"gaps": PROJECTS.clear()})["gaps"]

    assert [cell.value for cell in sheet[2]] == PROJECTS.columns


def test_the_same_tables_give_the_same_bytes() -> None:
    def made() -> bytes:
        return render_xlsx({"p": PROJECTS}, CONTROL, cover=COVER, title="t", created=samples.NOW)

    assert made() == made()


def test_large_tables_are_written_row_by_row_with_the_same_cells() -> None:
    large = pl.DataFrame({"a": ["text"] * 30_000, "b": list(range(30_000))})

    made = render_xlsx({"usage": large}, CONTROL, cover=COVER, title="t", created=samples.NOW)

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        rows = archive.read("xl/worksheets/sheet3.xml").count(b"<row ")
    assert rows == 30_002


ODD = ["<r>&</r>", "a & b", "<b>", '"', "_x0041_", " led", "trailed ", "\ufffe", "\u00a0", "", None, "🦊", "<r>"]


def of_all_kinds() -> pl.DataFrame:
    amounts = ["0", "0.000000000001", "12345678901234567890.123456789012", "-3.5", "1E+17", None]
    count = len(ODD)
    return pl.DataFrame(
        {
            "nothing": pl.Series([None] * count, dtype=pl.String),
            "project": ODD,
            "effective_cost": pl.Series(
                [Decimal(one) if one else None for one in amounts + ["7"] * 7], dtype=pl.Decimal(38, 12)
            ),
            "coverage_pct": [None, 98.4, float("nan"), 1e-7, 1e22, *[100.0] * (count - 5)],
            "first_date": [None, date(1970, 1, 1), *[date(2026, 10, 31)] * (count - 2)],
            "captured_at": [None, *[samples.NOW] * (count - 1)],
            "merged": [None, *range(count - 1)],
            "is_mapped": [None, True, *[False] * (count - 2)],
        }
    )


@pytest.mark.parametrize("height", [1, 2, 13, 13 * 1_000])
def test_rows_made_column_by_column_are_those_of_xlsxwriter(monkeypatch: pytest.MonkeyPatch, height: int) -> None:
    monkeypatch.setattr(xlsx_module, "_LARGE", 0)
    table = pl.concat([of_all_kinds()] * 1_000)[:height]

    def made(**options: Any) -> bytes:
        return render_xlsx(
            {"usage": table, "gaps": table}, CONTROL, cover=COVER, title="t", created=samples.NOW, **options
        )

    ours = [made(), made(max_rows=5)]
    monkeypatch.setattr(xlsx_module, "write_rows", xlsx_module._write_cells)

    assert ours == [made(), made(max_rows=5)]


@pytest.mark.parametrize("cells", [0, 50_000])
def test_a_name_that_looks_like_the_markup_of_rich_text_is_text(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(xlsx_module, "_LARGE", cells)
    name = "<r>a & b</x></r>"
    made = render_xlsx(
        {"projects": pl.DataFrame({"project": [name, name]})},
        CONTROL,
        cover=[SheetRow((name,))],
        title="t",
        created=samples.NOW,
    )

    book = openpyxl.load_workbook(io.BytesIO(made))

    assert [book["projects"]["A3"].value, book["projects"]["A4"].value, book["Report"]["A1"].value] == [f"{name} "] * 3


def test_title_and_time_are_in_the_properties() -> None:
    book = written({})

    assert book.properties.title == "Cloud costs"
    assert book.properties.created == datetime(2026, 11, 2, 6, 0)  # noqa: DTZ001 - openpyxl gives UTC


def test_the_month_in_the_reporting_currency_says_how_certain_each_figure_is() -> None:
    report = samples.full_report()
    assert report.conversion
    before_in_part = dataclasses.replace(report.conversion, previous_is_lower_bound=True)

    rows = cover_rows(dataclasses.replace(report, conversion=before_in_part))
    together = next(row.cells for row in rows if row.cells[:1] == ("Together",))
    assert (together[5], together[7], together[9]) == ("at least", "at least", "at least")


def test_the_first_sheet_says_what_the_report_is_and_how_far_to_trust_it() -> None:
    sheet = written({})["Report"]
    rows = [[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()]

    assert rows[0] == ["Monthly cloud cost report"]
    assert ["Entity", "Example Works GmbH"] in rows
    assert ["Period", "October 2026"] in rows
    assert ["Status", "DRAFT"] in rows
    assert ["Revision", 2] in rows
    assert ["Generated at", "2026-11-02T06:00:00Z"] in rows
    assert any(row[0].startswith("openscaler-main live: 11 hours") for row in rows if row and isinstance(row[0], str))
    assert any(row[:1] == ["never seen"] for row in rows)
    columns = next(row for row in rows if row[:1] == ["Currency"])
    euro = next(row for row in rows if row[:1] == ["EUR"])
    assert euro[:4] == ["EUR", 128823.64, "at least", 122568.71]
    assert columns[-2:] == ["Month seen, %", "Meters without a price"]
    assert euro[-2:] == [98.7, 2]


def test_columns_have_words_above_their_names() -> None:
    sheet = written({"projects": PROJECTS})["projects"]

    assert [cell.value for cell in sheet[1]] == [
        "Project", "Cost", "Seen, %", "Date", "Captured at, UTC", "Merged",
    ]  # fmt: skip


def test_a_mark_is_yes_or_no() -> None:
    marks = pl.DataFrame({"is_lower_bound": [True, False, None]})

    assert [cell.value for cell in written({"p": marks})["p"]["A"]] == ["Lower bound", "is_lower_bound", "yes", "no"]


def test_text_of_the_first_sheet_stays_text() -> None:
    hostile = cover_rows(samples.hostile_report())
    made = render_xlsx({}, CONTROL, cover=hostile, title="t", created=samples.NOW)
    sheet = openpyxl.load_workbook(io.BytesIO(made))["Report"]

    assert {cell.data_type for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)} == {"s"}


def test_the_first_sheet_tells_a_lower_bound_below_its_budget_as_one() -> None:
    report = samples.full_report()
    kept = dataclasses.replace(report.totals[0], budget_variance=samples.fig("-21176.36"))

    for total, expected in ((kept, [Decimal("-21176.36"), "at least"]), (report.totals[1], [None, None])):
        rows = cover_rows(dataclasses.replace(report, totals=(total,)))
        columns = next(row.cells for row in rows if row.kind == "columns")
        values = dict(
            zip(columns, next(row.cells for row in rows if row.cells[:1] == (total.billing_currency,)), strict=True)
        )
        assert [values["Against budget"], values["That is so"] or None] == expected
