import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pikepdf
import pytest
from fontTools.ttLib import TTFont

from tallybook.render import environment
from tallybook.render.html import render_report
from tallybook.render.json import render_json
from tallybook.render.pdf import Attachment, RenderError, render_pdf
from tests.render import samples

TITLE = "Monthly cloud cost report"


def small_pdf() -> bytes:
    report = samples.small_report()
    attachments = (
        Attachment(
            name="tables.csv",
            content=b"project,effective_cost\r\natlas,12.345\r\n",
            description="Costs per project",
            media_type="text/csv",
            created=samples.NOW,
            relationship="Source",
        ),
        Attachment(
            name="monthly-report.json",
            content=render_json(report),
            description="The figures of this report",
            media_type="application/json",
            created=samples.NOW,
        ),
    )
    page = render_report(report, for_print=True)
    return render_pdf(page, title=TITLE, attachments=attachments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "small.pdf"
    path.write_bytes(small_pdf())
    return path


@pytest.fixture(scope="module")
def opened(made: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(made) as file:
        yield file


def elements(file: pikepdf.Pdf) -> Iterator[Any]:
    """Every structure element, in reading order."""
    waiting: list[Any] = [file.Root.StructTreeRoot]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting.extend(reversed(list(node)))
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield node
            if "/K" in node:
                waiting.append(node.K)


def words(path: Path, *, page: int) -> str:
    command = ["pdftotext", "-f", str(page), "-l", str(page), "-layout", str(path), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return " ".join(text.split())


def test_title_language_and_status_are_in_the_metadata(opened: pikepdf.Pdf) -> None:
    assert str(opened.docinfo["/Title"]) == TITLE
    assert str(opened.Root.Lang) == "en"
    assert "FINAL, revision 1" in str(opened.docinfo["/Subject"])
    assert opened.Root.ViewerPreferences.DisplayDocTitle


def test_it_declares_itself_archival_and_is_tagged(opened: pikepdf.Pdf) -> None:
    with opened.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
    assert opened.Root.MarkInfo.Marked


def test_headings_are_bookmarks(opened: pikepdf.Pdf) -> None:
    with opened.open_outline() as outline:
        (title,) = outline.root
        names = [item.title for item in title.children]

    assert title.title == TITLE
    assert {"Projects", "Quotas", "Control and reconciliation", "Method and glossary"} <= set(names)


def test_all_text_is_tagged_or_an_artifact_and_running_heads_are_artifacts(opened: pikepdf.Pdf) -> None:
    for number, page in enumerate(opened.pages):
        marks: list[str] = []
        within: list[tuple[str, ...]] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "BDC" | "BMC":
                    marks.append(str(operands[0]))
                case "EMC":
                    marks.pop()
                case "Tj" | "TJ":
                    within.append(tuple(marks))
        assert () not in within, number
        assert ("/Artifact",) in within, number  # the number of the page at least


def test_table_headers_say_which_way_they_look(opened: pikepdf.Pdf) -> None:
    scopes = [str(e.A.Scope) for e in elements(opened) if str(e.S) == "/TH"]

    assert set(scopes) == {"/Column", "/Row"}


def test_pictures_have_words(opened: pikepdf.Pdf) -> None:
    figures = [e for e in elements(opened) if str(e.S) == "/Figure"]

    assert figures
    assert all(str(figure.Alt).startswith("Cost by project") for figure in figures)


def test_attachments_are_the_bytes_given_with_relation_and_type(opened: pikepdf.Pdf) -> None:
    found = {
        name: (spec.get_file().read_bytes(), str(spec.obj.AFRelationship), spec.get_file().mime_type)
        for name, spec in opened.attachments.items()
    }

    assert found["monthly-report.json"] == (
        render_json(samples.small_report()),
        "/Data",
        "application/json",
    )
    assert found["tables.csv"][1:] == ("/Source", "text/csv")
    assert len(opened.Root.AF) == 2


def test_fonts_are_embedded(made: Path) -> None:
    lines = subprocess.run(["pdffonts", str(made)], capture_output=True, text=True, check=True)

    fonts = lines.stdout.splitlines()[2:]

    assert any("Inter" in line for line in fonts)
    # The columns behind the encoding: embedded, subset, unicode.
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)


def test_the_first_page_tells_the_month(made: Path) -> None:
    text = words(made, page=1)

    for expected in (
        TITLE,
        "FINAL",
        "Revision 1",
        "12.35 EUR",
        "+2.35",
        "+23.5%",
        "Ties out.",
        "Nothing is open",
        "Page 1 of",
    ):
        assert expected in text, expected


def test_later_pages_carry_entity_title_and_status(made: Path) -> None:
    text = words(made, page=2)

    assert text.startswith(f"Example Works GmbH · {TITLE} FINAL")


def test_the_machine_checks_of_accessibility_find_no_error(made: Path) -> None:
    import pdfua

    findings = pdfua.validate(str(made)).findings

    assert [f for f in findings if f.severity.name == "ERROR"] == []
    # The variant is PDF/A; claiming PDF/UA too is left to a file that was checked in full.
    assert {f.rule_id for f in findings} <= {"UA-28-004"}


def test_two_processes_make_the_same_bytes(made: Path) -> None:
    code = "import hashlib; from tests.render.test_pdf import small_pdf;print(hashlib.sha256(small_pdf()).hexdigest())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert other.stdout.strip() == hashlib.sha256(made.read_bytes()).hexdigest()


@pytest.mark.parametrize(("size", "expected"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_the_page_size_is_the_one_asked_for(size: Any, expected: tuple[int, int]) -> None:
    file = render_pdf("<html lang=en><h1>x</h1>", title="x", page_size=size)

    with pikepdf.open(io.BytesIO(file)) as opened:
        box = [round(float(number)) for number in opened.pages[0].MediaBox]
    assert tuple(box[2:]) == expected


def test_a_summary_too_long_for_the_first_page_begins_there(tmp_path: Path) -> None:
    sentences = tuple(f"Sentence number {n} of this month says something about what it cost." for n in range(60))
    report = replace(samples.small_report(), summary=sentences)
    path = tmp_path / "long.pdf"

    page = render_report(report, for_print=True).partition("</article>")[0]
    path.write_bytes(render_pdf(page, title="x", page_size="Letter"))

    assert "Sentence number 0 of" in words(path, page=1)
    assert "Sentence number 59 of" in words(path, page=2)


def test_names_beyond_latin_keep_their_letters(tmp_path: Path) -> None:
    name = "žluťoučký kůň Łódź Ωμέγα"
    path = tmp_path / "names.pdf"

    path.write_bytes(render_pdf(f"<html lang=en><h1>{name}</h1><p>{name}</p>", title="x"))

    listed = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True)
    assert words(path, page=1).count(name) == 2
    # Both halves of a weight are fonts of their own: one font would mix their glyphs up.
    assert "+Inter-Bold " in listed.stdout
    assert "+Inter-Ext-Bold " in listed.stdout


@pytest.mark.parametrize("weight", [400, 600, 700])
@pytest.mark.parametrize(("subset", "ranges"), [("latin", environment._LATIN), ("latin-ext", environment._LATIN_EXT)])
def test_a_font_claims_no_letter_that_it_lacks(subset: str, ranges: str, weight: int) -> None:
    with TTFont(environment.static_folder() / "fonts" / f"inter-{subset}-{weight}-normal.ttf") as font:
        drawn = set(font.getBestCmap())
    bounds = [part[2:].split("-") for part in ranges.split(",")]
    claimed = {code for first, *last in bounds for code in range(int(first, 16), int((last or [first])[0], 16) + 1)}

    assert {code for code in claimed - drawn if code > 0xA0} == set()  # below are spaces and controls


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], asked
        server.shutdown()


@pytest.mark.parametrize(
    "element",
    [
        '<img src="http://127.0.0.1:{port}/a.png" alt="x">',
        '<link rel="stylesheet" href="http://127.0.0.1:{port}/a.css">',
        "<style>p {{ background: url(http://127.0.0.1:{port}/a.svg) }}</style><p>x",
    ],
)
def test_a_page_that_asks_the_network_is_refused_and_nobody_is_asked(element: str) -> None:
    with listening() as (port, asked):
        with pytest.raises(RenderError, match=rf"PDF x: .*http://127\.0\.0\.1:{port}/a"):
            render_pdf(f"<html lang=en>{element.format(port=port)}", title="x")
        assert asked == []


def test_a_file_that_a_page_wants_attached_is_left_out_unread() -> None:
    with listening() as (port, asked):
        link = f'<link rel="attachment" href="http://127.0.0.1:{port}/a.txt">'

        made = render_pdf(f"<html lang=en>{link}<h1>x</h1>", title="x")

        assert asked == []
    with pikepdf.open(io.BytesIO(made)) as file:
        assert not file.attachments


@pytest.mark.parametrize("path", ["/etc/hostname", "{static}/../../pyproject.toml", "{static}/%2e%2e/x"])
def test_a_page_reads_no_files_but_ours(path: str) -> None:
    from tallybook.render.environment import static_folder

    address = "file://" + path.format(static=static_folder())

    with pytest.raises(RenderError, match="may load nothing"):
        render_pdf(f'<html lang=en><img src="{address}" alt="x">', title="x")


def test_hostile_names_stay_text_on_paper(tmp_path: Path) -> None:
    hostile = samples.hostile_report()
    brief = replace(
        hostile,
        projects=hostile.projects[:8],
        workloads=(),
        quotas=(),
        coverage=(),
        daily=(),
        trend=(),
        prices=(),
    )
    path = tmp_path / "hostile.pdf"

    path.write_bytes(render_pdf(render_report(brief, for_print=True), title=samples.HOSTILE[3]))

    text = words(path, page=1)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }} {% raw %}" in text
    with pikepdf.open(path) as file:
        assert str(file.docinfo["/Title"]) == "\ufffdgnp.exe\ufffd right to left"
        assert "/JavaScript" not in file.Root.get("/Names", {})
