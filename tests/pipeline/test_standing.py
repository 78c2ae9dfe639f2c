"""A report with nothing to do computes nothing; whatever a report depends on is noticed when it changes."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline import publish, standing
from tallybook.pipeline.house import House, load, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tests.pipeline.test_publish import CORE_PRICE, NOW, OCTOBER, PRICES, house, land_costs, land_snapshot, land_usage
from tests.providers.support import land

pytestmark = [pytest.mark.usefixtures("no_pages"), pytest.mark.xdist_group("standing")]  # the estate is reported once

LATER = NOW + timedelta(days=5)


@pytest.fixture(scope="module")
def published_estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of October, September and the first month of October's trend, of which October was published."""
    place = house(tmp_path_factory.mktemp("estate"), "ocore", "openscaler", "scaleops")
    land_usage(place, OCTOBER, "1.5", "2")
    land_usage(place, OCTOBER.shift(-1), "1")
    land_usage(place, OCTOBER.shift(-12), "3")
    land_costs(place, "12.5")
    land_snapshot(place, datetime(2026, 10, 31, 23, 50, tzinfo=UTC))
    reported(place, now=NOW)
    return place.settings.path.parent


@pytest.fixture
def place(published_estate: Path, tmp_path: Path) -> House:
    """A copy of it, to be changed."""
    shutil.copytree(published_estate, tmp_path / "estate")
    return open_house(tmp_path / "estate" / "tallybook.toml")


def reported(place: House, *, now: datetime = LATER) -> Published:
    return report(place, OCTOBER, clock=lambda: now)


def closed(place: House, period: BillingPeriod = OCTOBER) -> Published:
    return report(place, period, clock=lambda: NOW, final=True, reason="checked", accept_gaps="known")


def stands(place: House, *, now: datetime = LATER) -> bool:
    """Whether October's report is known to stand, without anything of it being computed."""
    with place.warehouse() as warehouse:
        load(place, warehouse, now=now, periods=[OCTOBER])
        return standing.standing(place, warehouse, OCTOBER, books=place.books(), now=now) is not None


def test_a_report_with_nothing_to_do_computes_nothing_and_says_the_same(
    place: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.warehouse() as warehouse:
        known = warehouse.select("marts.standing_reports")
        warehouse.delete("marts.standing_reports")
    computed = reported(place)
    assert not known.is_empty()

    monkeypatch.delattr(publish, "month_inputs")
    kept = reported(place)

    assert kept == computed
    assert [*kept.tie_out_rows[0], *kept.coverage_rows[0]] == [*computed.tie_out_rows[0], *computed.coverage_rows[0]]
    assert (kept.is_new, kept.revision, len(kept.reasons), len(kept.tie_out_rows)) == (False, 1, 1, 2)


def test_a_closed_month_stands_until_it_is_closed_anew(place: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert closed(place).status == "FINAL"

    monkeypatch.delattr(publish, "month_inputs")

    assert reported(place).sentence == "2026-10: nothing changed: kept r02, FINAL"


def _book(name: str, text: str) -> Callable[[House], None]:
    return lambda place: (place.settings.books_dir / name).write_text(text, encoding="utf-8") and None


def _add_fetch(place: House, dataset: str, *, error: str = "", period: str = "2026-10") -> None:
    connection = place.settings.connection("ocore-main")
    land(place.store, connection, dataset, [], period=period, fetched_at=NOW + timedelta(hours=1), error=error)


ANSWERS: dict[str, Callable[[House], None]] = {
    "other usage": lambda place: land_usage(place, OCTOBER, "1.5", "3", fetched_days_later=2),
    "other costs": lambda place: land_costs(place, "12.6", later=timedelta(hours=1)),
    "the month before": lambda place: land_usage(place, OCTOBER.shift(-1), "2", fetched_days_later=60),
    "the first month of the trend": lambda place: land_usage(place, OCTOBER.shift(-12), "4", fetched_days_later=500),
    "a month of the trend more": lambda place: land_usage(place, OCTOBER.shift(-7), "4", fetched_days_later=300),
    "a sample of the month": lambda place: land_snapshot(place, datetime(2026, 10, 7, tzinfo=UTC)),
    "a sample that reaches into it": lambda place: land_snapshot(place, datetime(2026, 9, 30, 23, 58, tzinfo=UTC)),
    "a sample of the days after": lambda place: land_snapshot(place, datetime(2026, 11, 2, 0, 2, tzinfo=UTC)),
    "what failed since": lambda place: _add_fetch(place, "usage", error="HTTP 500 for /usage"),
}
BOOKS: dict[str, Callable[[House], None]] = {
    "a price": _book("prices.csv", PRICES + CORE_PRICE.replace(",2,", ",3,")),
    "the source of a price": _book("prices.csv", PRICES + CORE_PRICE.replace("list", "offer")),
    "an exchange rate": _book(
        "exchange_rates.csv", "month,from_currency,to_currency,rate,source\n2026-10,USD,EUR,0.9,ECB\n"
    ),
    "a project": _book(
        "projects.csv", "connection,sub_account_id,project,cost_center,owner\nocore-main,p-1,Shop,1,A\n"
    ),
    "a budget": _book("budgets.csv", "project,month,budget,currency\nWeb,2026-10,5,EUR\n"),
    "an adjustment": _book(
        "adjustments.csv",
        "project,connection,category,percent,amount,currency,valid_from,valid_to,source\n"
        "Web,ocore-main,discount,10,,,2026-01-01,,less\n",
    ),
}


@pytest.mark.parametrize("change", [*ANSWERS.values(), *BOOKS.values()], ids=[*ANSWERS, *BOOKS])
def test_an_answer_or_book_that_changed_is_noticed(place: House, change: Callable[[House], None]) -> None:
    assert stands(place)

    change(place)

    assert not stands(place)


SETTINGS = {
    "entity": "[tallybook]\nentity = 'Other'\n",
    "language": "[tallybook]\nlanguage = 'de'\n",
    "the least of an anomaly": "[tallybook]\nanomaly_amount = 1\n",
    "the percent of an anomaly": "[tallybook]\nanomaly_pct = 1\n",
    "the data's currency": "[tallybook]\nreporting_currency = 'EUR'\n",
}


@pytest.mark.parametrize("more", SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_changed_is_noticed(place: House, more: str) -> None:
    path = place.settings.path
    path.write_text(more + path.read_text(encoding="utf-8"), encoding="utf-8")

    assert not stands(open_house(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('provider = "openscaler"\n', 'provider = "openscaler"\nmax_gap = "1h"\n'),
        ('currency = "USD"\n', 'currency = "CHF"\n'),
        ('"openscaler-main"', '"renamed-main"'),
    ],
)
def test_a_connection_that_changed_is_noticed(place: House, old: str, new: str) -> None:
    path = place.settings.path
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    assert not stands(open_house(path))


def test_other_code_is_noticed_whatever_its_version(place: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "_software_sha256", lambda: "of other code")

    assert not stands(place)


def test_the_month_before_that_was_closed_since_is_noticed(place: House) -> None:
    closed(place, OCTOBER.shift(-1))

    assert not stands(place)


def test_a_revision_that_is_gone_is_published_again(place: House, tmp_path: Path) -> None:
    (place.reports_dir / "2026-10" / "r01").rename(tmp_path / "elsewhere")

    assert not stands(place)
    assert reported(place).is_new


def test_a_month_that_is_not_over_is_computed_each_time(place: House) -> None:
    during = OCTOBER.end - timedelta(hours=1)
    reported(place, now=during)

    assert not stands(place, now=during)


def test_samples_of_the_next_month_leave_a_report_alone_when_none_can_tell_of_it(place: House) -> None:
    land_snapshot(place, datetime(2026, 11, 6, tzinfo=UTC))

    assert stands(place)


def test_a_fetch_that_says_the_same_leaves_a_report_alone(place: House) -> None:
    land_usage(place, OCTOBER, "1.5", "2", fetched_days_later=2)

    assert stands(place)
