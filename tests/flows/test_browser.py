"""A person in a browser: opens the backfill's form, fills it, runs it, reads the result and opens the report.

Screenshots are written into the folder that TALLYBOOK_SCREENSHOTS names, to be looked at.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tallybook.sandbox.server import Running
from tests.flows.conftest import configured, flow_environment, map_to_one_project
from tests.flows.servers import background, free_port
from tests.support.browser import chromium

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
PATIENCE = 240_000  # milliseconds: a worker polls, a process starts, a month is collected and rendered


@pytest.fixture(scope="module")
def ui(deployed: dict[str, str], box: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of the UI, with deployments, a worker and served reports, and the installation."""
    folder, port = configured(tmp_path_factory.mktemp("browser"), box.url, ("ocore-main",)), free_port()
    map_to_one_project(folder)
    environment = {
        **flow_environment(deployed, folder),
        "TALLYBOOK_REPORTS_URL": f"http://127.0.0.1:{port}",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    serve = (sys.executable, "-m", "tallybook", "library", "--port", str(port))
    worker = (sys.executable, "-m", "prefect", "worker", "start", "--pool", "tallybook", "--type", "process")
    with (
        background(environment, folder / "reports.log", *serve),
        background(environment, folder / "worker.log", *worker),
    ):
        yield deployed["PREFECT_API_URL"].removesuffix("/api"), folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> None:
    folder = os.environ.get("TALLYBOOK_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(1000)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
        (Path(folder) / f"{name}.html").write_text(page.content(), encoding="utf-8")


def test_a_backfill_from_the_form_to_the_report(ui: tuple[str, Path], page: Page) -> None:
    address, folder = ui
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.get_by_role("button", name="Deployments")).to_be_visible()
    page.goto(f"{address}/deployments")
    page.locator("a[href*='/deployments/deployment/']", has_text="backfill").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    form = page.locator("form")
    for text in ("The first month, YYYY-MM.", "none means all.", "needed when a final month", "Only show the plan."):
        expect(form.get_by_text(text)).to_be_visible()
    expect(form.get_by_role("button", name="missing")).to_be_visible()  # the default of `only`
    first_month, last_month = form.locator("textarea").nth(0), form.locator("textarea").nth(1)
    look(page, "1-form")

    first_month.fill("October")
    last_month.fill("2026-10")
    form.get_by_role("button", name="Submit").click()
    expect(
        page.get_by_text("Validation failed for field 'first_month'").first
    ).to_be_visible()  # refused, and nothing starts
    look(page, "2-refused")

    first_month.fill("2026-10")
    form.get_by_role("button", name="Submit").click()
    page.locator("a", has_text="backfill 2026-10 to 2026-10").first.click(timeout=PATIENCE)
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=PATIENCE)
    look(page, "3-run")
    page.get_by_text("Subflow Runs", exact=True).click()
    expect(page.get_by_text("backfill 2026-10", exact=True).first).to_be_visible()

    page.get_by_text("Artifacts", exact=True).click()
    look(page, "4-artifacts")
    page.get_by_text("backfill-result-2026-10-to-2026-10").first.click()
    expect(page.get_by_text("The result of backfill 2026-10 to 2026-10: 2 done, 1 new revision")).to_be_visible()
    look(page, "5-result")
    with page.context.expect_page() as opened:
        page.locator("a[href$='/2026-10/r01/monthly-report.html']").first.click(modifiers=["Control"])
    report = opened.value
    report.get_by_label("Token").fill((folder / "var" / "library-token").read_text(encoding="utf-8").strip())
    report.get_by_role("button", name="Sign in").click()
    expect(report.get_by_text("October 2026").first).to_be_visible()
    look(report, "6-report")
    pdf = page.request.get(report.url.replace(".html", ".pdf"))
    assert (pdf.status, pdf.body()[:5]) == (200, b"%PDF-")
    assert (folder / "var" / "reports" / "2026-10" / "r01" / "manifest.json").is_file()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []  # telemetry is off
