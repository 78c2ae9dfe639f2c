"""A closed month stays closed, and only configured connections count. One small connection, no rendering."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("closing")]
OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(months=1, until=NOW.date()) as box:
        yield box


@pytest.fixture
def config(box: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with the one connection ocore-main, whose reports are not rendered as PDF."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)
    path = write_configuration(tmp_path, url=box.url)
    head, *connections = path.read_text(encoding="utf-8").split("[[connections]]")
    (one,) = [text for text in connections if 'name = "ocore-main"' in text]
    path.write_text(f"{head}[[connections]]{one}", encoding="utf-8")
    return path


def collected(config: Path, *, hours_later: int = 0) -> House:
    house = open_house(config)
    collect(house, OCTOBER, clock=lambda: NOW + timedelta(hours=hours_later))
    return house


def published(house: House, *, final: bool = False) -> Published:
    return report(house, OCTOBER, clock=lambda: NOW, final=final, reason="checked" if final else "")


def total(result: Published) -> Decimal:
    document = json.loads((result.folder / "monthly-report.json").read_text(encoding="utf-8"))
    (row,) = [row for row in document["totals"] if row["billing_currency"] == "EUR"]
    return Decimal(row["effective_cost"]["exact"])


def test_a_renamed_connection_is_not_counted_twice(config: Path) -> None:
    before = total(published(collected(config)))
    config.write_text(config.read_text(encoding="utf-8").replace("ocore-main", "ocore-prod"), encoding="utf-8")

    assert total(published(collected(config))) == before


def test_a_fetch_that_failed_does_not_open_a_closed_month(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = collected(config)
    assert published(house, final=True).status == "FINAL"
    monkeypatch.setenv("OCORE_TOKEN", "wrong")
    failed = published(collected(config, hours_later=1))
    monkeypatch.undo()
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)
    healed = published(collected(config, hours_later=2))

    assert (failed.is_new, failed.status, bool(failed.failures)) == (False, "FINAL", True)
    assert (healed.is_new, healed.status, healed.failures) == (False, "FINAL", ())


def test_the_providers_own_totals_are_on_the_control_page(config: Path) -> None:
    result = published(collected(config))
    document = json.loads((result.folder / "monthly-report.json").read_text(encoding="utf-8"))

    assert {row["control"] for row in document["controls"]} >= {"core hours", "instance hours", "bytes out"}
    assert {row["difference"] for row in document["controls"]} == {"0"}
