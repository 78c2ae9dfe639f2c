"""A reader in a browser: signs in, sorts, downloads the PDF; from the server, a file share and an object store.

Screenshots are written into the folder that TALLYBOOK_SCREENSHOTS names, to be looked at.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pipeline.test_publish import OCTOBER, house, land_usage, published
from tests.support.browser import chromium
from tests.support.library import Serving, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("library")]
NEWEST_FIRST = ["October 2026", "September 2026", "August 2026"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of one project, at 2 EUR a core-hour; the pages of the last one only, which take their time."""
    place = house(folder := tmp_path_factory.mktemp("library"), "ocore")
    months = [(OCTOBER.shift(-2), "30"), (OCTOBER.shift(-1), "10"), (OCTOBER, "20")]
    for month, core_hours in months:
        land_usage(place, month, core_hours)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)
        for month, _ in months[:2]:
            published(place, month)
    published(place)
    return folder


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[Serving]:
    with serving(folder, LIBRARY_TOKEN="unused") as running:
        yield running


@pytest.fixture(scope="module")
def token(library: Serving, folder: Path) -> str:
    return (folder / "var" / "library-token").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def bucket(folder: Path) -> Iterator[str]:
    """The reports as an object store has them: below a prefix, and no folder can be listed."""

    class Store(SimpleHTTPRequestHandler):
        def list_directory(self, path: "str | os.PathLike[str]") -> None:  # noqa: ARG002 - of the class
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Store, directory=str(folder / "var"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/reports/index.html"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """What the browser complains of (a policy, a script, a missing file) fails the test, as does any other address."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert [text for text in wrong if "401 (Unauthorized)" not in text] == []


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("TALLYBOOK_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"library-{name}.png"), full_page=True)


def months(page: Page) -> list[str]:
    return page.locator("#months tbody th").all_inner_texts()


def sort_and_compare(page: Page) -> None:
    assert months(page) == NEWEST_FIRST
    page.get_by_role("button", name="Total EUR").click()
    assert months(page) == ["August 2026", "October 2026", "September 2026"]  # 60, 40 and 20 EUR
    page.get_by_role("button", name="Total EUR").click()
    assert months(page) == ["September 2026", "October 2026", "August 2026"]
    page.get_by_role("button", name="Month", exact=True).click()
    assert months(page) == NEWEST_FIRST[::-1]


def download_and_compare(page: Page, folder: Path) -> None:
    """The PDF that a click gives is the one whose hash the manifest tells."""
    manifest = json.loads((folder / "var/reports/2026-10/r01/manifest.json").read_text(encoding="utf-8"))
    told = {file["path"]: file["sha256"] for file in manifest["files"]}
    with page.expect_download() as downloading:
        page.locator("#m2026-10").get_by_role("link", name="PDF of October 2026, revision 1", exact=True).click()
    got = downloading.value
    assert got.suggested_filename == f"cloud-costs-2026-10-r01-{manifest['status'].lower()}.pdf"
    assert hashlib.sha256(got.path().read_bytes()).hexdigest() == told["monthly-report.pdf"]


def expect_report(page: Page, address: str) -> None:
    expect(page).to_have_url(address)
    expect(page.locator(".cover").get_by_text("October 2026").first).to_be_visible()


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_sign_in_sort_download_and_read(page: Page, library: Serving, token: str, folder: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(library.url)
    look(page, "sign-in")
    sign_in(page, "a wrong one")
    expect(page.get_by_text("That is not the token of this library.")).to_be_visible()
    sign_in(page, token)
    expect(page.get_by_role("heading", name="Cloud cost reports")).to_be_visible()
    expect(page.get_by_label("Token")).to_have_count(0)
    look(page, "months")

    sort_and_compare(page)
    download_and_compare(page, folder)
    page.locator("#m2026-10").get_by_text("All files").click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV of projects, October 2026, revision 1").click()
    assert downloading.value.suggested_filename.endswith("-projects.csv")
    page.get_by_role("link", name="Read of October 2026, revision 1").click()
    expect(page.locator(".told").first).to_be_attached()  # which the page's script makes
    assert page.url == f"{library.url}/2026-10/r01/monthly-report.html"
    assert all(url.startswith((library.url, "data:")) for url in asked)
    assert not any(token in url for url in asked)


def test_a_link_to_a_report_asks_for_the_token_once_also_from_elsewhere(
    page: Page, library: Serving, token: str, bucket: str
) -> None:
    report = f"{library.url}/2026-10/r01/monthly-report.html"
    page.goto(report)
    sign_in(page, token)
    expect_report(page, report)

    page.goto(bucket)  # another site, as an e-mail in a browser is
    page.evaluate("address => { location.href = address }", report)
    expect_report(page, report)


def test_the_same_folder_works_from_a_file_share(page: Page, folder: Path) -> None:
    page.goto((folder / "var" / "reports" / "index.html").as_uri())

    sort_and_compare(page)
    page.locator("#months").get_by_role("link", name="October 2026", exact=True).click()
    expect_report(page, (folder / "var/reports/2026-10/r01/monthly-report.html").as_uri())


def test_the_same_folder_works_from_an_object_store(page: Page, folder: Path, bucket: str) -> None:
    page.goto(bucket)

    sort_and_compare(page)
    download_and_compare(page, folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_within_its_width(browser: Browser, folder: Path, scheme: str) -> None:
    dark = scheme == "dark"
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto((folder / "var" / "reports" / "index.html").as_uri())
    for details in page.locator("details").all():
        details.locator("summary").first.click()
    look(page, f"phone-{scheme}")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
