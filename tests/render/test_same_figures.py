"""One month in every format, read back: PDF text, HTML, spreadsheet, CSV and JSON carry the same figures."""

import csv
import io
import json
import re
import subprocess
from dataclasses import dataclass, replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pikepdf
import pytest

from tallybook.documents.monthly import build_report
from tallybook.language import Language, language_of
from tallybook.render.cover_sheet import cover_rows
from tallybook.render.csv import render_csv
from tallybook.render.html import render_report
from tallybook.render.json import render_json
from tallybook.render.pdf import Attachment, render_pdf
from tallybook.render.xlsx import render_xlsx
from tests.documents.tiny_month import month_inputs

pytestmark = [pytest.mark.xdist_group("same_figures")]  # its PDFs are made once


@dataclass(frozen=True)
class Month:
    """A month as its readers get it."""

    language: Language
    told: dict[str, Any]
    page: str
    pdf: Path
    book: Any
    table: list[dict[str, str]]

    def sheet(self, english: str, german: str) -> Any:
        return self.book[{"en": english, "de": german}[self.language.code]]


@pytest.fixture(scope="module", params=["en", "de"])
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The same month in each language: the JSON and the CSV are English, pages and spreadsheet are not."""
    folder, language = tmp_path_factory.mktemp("month"), language_of(request.param)
    inputs = month_inputs(folder)
    report = build_report(replace(inputs, language=language))
    body, projects = render_json(build_report(inputs)), inputs.tables.projects
    attached = Attachment("monthly-report.json", body, "figures", "application/json", report.header.generated_at)
    paper = render_report(report, for_print=True, language=language)
    pdf = folder / "report.pdf"
    pdf.write_bytes(render_pdf(paper, title=report.header.title, lang=language.code, attachments=[attached]))
    book = render_xlsx(
        {"projects": projects},
        inputs.tables.tie_out,
        cover=cover_rows(report, language=language),
        title="x",
        created=inputs.now,
        language=language,
    )
    return Month(
        language=language,
        told=json.loads(body),
        page=render_report(report, language=language),
        pdf=pdf,
        book=openpyxl.load_workbook(io.BytesIO(book)),
        table=list(csv.DictReader(io.StringIO(render_csv(projects).decode()))),
    )


class Cells(HTMLParser):
    """The exact values that a page's cells carry for sorting."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs).get("data-value")
        if tag == "td" and value:
            self.values.add(value)


def words(path: Path, *, last: int = 99) -> str:
    command = ["pdftotext", "-l", str(last), "-layout", str(path), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s+", " ", text)


def shown(value: str, month: Month) -> str:
    """As people read it: with the language's marks and a real minus sign."""
    marks = {"en": {}, "de": str.maketrans(",.", ".,")}[month.language.code]
    return f"{Decimal(value):,f}".translate(marks).replace("-", "\N{MINUS SIGN}")


def test_projects_cost_the_same_everywhere(month: Month) -> None:
    rows = {(row["project"], row["connection"]): row for row in month.told["projects"]}
    listed = {(row["project"], row["connection"]): Decimal(row["effective_cost"]) for row in month.table}
    sheet = month.sheet("projects", "Projekte")
    columns = [cell.value for cell in sheet[2]]
    typed = {
        (row[columns.index("project")], row[columns.index("connection")]): row[columns.index("effective_cost")]
        for row in sheet.iter_rows(min_row=3, values_only=True)
    }
    cells, text = Cells(month.page).values, words(month.pdf)

    assert len(rows) == 2
    for key, row in rows.items():
        exact = row["effective_cost"]["exact"]
        assert listed[key] == Decimal(exact)
        assert typed[key] == pytest.approx(float(exact), rel=1e-15)
        assert exact in cells
        assert shown(row["effective_cost"]["shown"], month) in text


def test_totals_and_comparisons_are_the_same_on_both_pages_and_in_the_spreadsheet(month: Month) -> None:
    text, page = words(month.pdf), re.sub(r"<[^>]+>", "", month.page)
    typed = [cell for row in month.sheet("Report", "Bericht").iter_rows(values_only=True) for cell in row]

    for total in month.told["totals"]:
        for name in ("effective_cost", "previous_effective_cost", "change", "budget"):
            value = total[name]["shown"]
            if value is not None:
                assert shown(value, month) in text, name
                assert shown(value, month) in page, name
                assert float(value) in typed, name


def test_the_first_page_says_what_the_json_says(month: Month) -> None:
    text = words(month.pdf, last=1)

    for total in month.told["totals"]:
        assert f"{shown(total['effective_cost']['shown'], month)} {total['billing_currency']}" in text
    for sentence in [*month.told["summary"], *(cause["sentence"] for cause in month.told["changes"]["causes"])]:
        for word in re.findall(r"[\d,]+\.\d\d", sentence):
            assert shown(word.replace(",", ""), month) in text, sentence
    assert month.told["header"]["status"] == "PROVISIONAL"
    assert {"en": "PROVISIONAL", "de": "VORLÄUFIG"}[month.language.code] in text


def test_the_tie_out_is_exact_on_the_control_sheet(month: Month) -> None:
    sheet = month.sheet("Control", "Abstimmung")
    columns = [cell.value for cell in sheet[2]]
    rows = {row[0]: row for row in sheet.iter_rows(min_row=3, values_only=True)}

    for line in month.told["tie_out"]:
        for name in ("source_total", "allocated", "difference"):
            assert rows[line["billing_currency"]][columns.index(name)] == pytest.approx(float(line[name]), rel=1e-15)


def test_every_page_is_numbered_of_all_pages(month: Month) -> None:
    with pikepdf.open(month.pdf) as file:
        count = len(file.pages)

    text, form = words(month.pdf), {"en": "Page {} of {}", "de": "Seite {} von {}"}[month.language.code]
    assert [form.format(n, count) in text for n in range(1, count + 1)] == [True] * count


def test_the_pages_tell_their_language_and_the_pdf_too(month: Month) -> None:
    code, title = month.language.code, {"en": "Monthly cloud cost report", "de": "Monatsbericht Cloud-Kosten"}
    with pikepdf.open(month.pdf) as file:
        assert (str(file.Root.Lang), str(file.docinfo.Title)) == (code, title[code])
        assert {"en": "Projects", "de": "Projekte"}[code] in [
            item.title for item in file.open_outline().root[0].children
        ]
    assert f'<html lang="{code}">' in month.page
