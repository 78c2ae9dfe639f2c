"""A closed month that changes: a new revision with a delta statement. The examples of docs/figures.md, section 7."""

import json
import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tallybook.errors import StorageError
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tallybook.pricing import allocation
from tallybook.pricing.adjustments import COLUMNS
from tallybook.resources import root
from tests.pipeline.test_publish import (
    CORE_PRICE,
    NOW,
    OCTOBER,
    PRICES,
    document,
    house,
    land_costs,
    land_usage,
    published,
)

# what is closed is closed once
pytestmark = [pytest.mark.usefixtures("no_pages"), pytest.mark.xdist_group("restating")]

PROJECTS = "connection,sub_account_id,project,cost_center,owner\n"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `place`. Do not change it: take a `place`."""
    folder = tmp_path_factory.mktemp("closed")
    made = house(folder, "ocore")
    land_usage(made, OCTOBER, "10")
    assert published(made, final=True).status == "FINAL"
    return folder


@pytest.fixture
def place(closed: Path, tmp_path: Path) -> House:
    """October closed at 10 core-hours of 2 EUR: 20 EUR for Web, in r01."""
    return copied(closed, tmp_path)


def copied(closed: Path, folder: Path) -> House:
    """A house of the test's own, in which the same was done."""
    shutil.copytree(closed, folder, dirs_exist_ok=True)
    return open_house(folder / "tallybook.toml")


def write_book(place: House, name: str, text: str) -> None:
    place.settings.books_dir.joinpath(name).write_text(text, encoding="utf-8")


def price_of(amount: str, *, currency: str = "EUR") -> str:
    return PRICES + CORE_PRICE.replace(",2,EUR,", f",{amount},{currency},")


def delta(result: Published) -> dict[str, Any]:
    found = json.loads((result.folder / "delta.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def rows(result: Published) -> list[tuple[Any, ...]]:
    """Project, currency, before, after, difference and causes, as exact text."""
    return [
        (
            row["project"], row["billing_currency"],
            *(row[name]["exact"] for name in ("before", "after", "difference")),
            {one["cause"]: one["difference"]["exact"] for one in row["causes"]},
        )
        for row in delta(result)["restatement"]["rows"]
    ]  # fmt: skip


def test_more_usage_is_new_data(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    result = published(place)

    assert (result.revision, result.status) == (2, "RESTATED")
    assert rows(result) == [("Web", "EUR", "20", "24", "4", {"new_data": "4"})]
    assert delta(result)["restatement"]["changed_inputs"] == ["What ocore-main answered on usage of 2026-10 changed"]


def test_another_price_is_a_changed_price(place: House) -> None:
    write_book(place, "prices.csv", price_of("2.5"))
    result = published(place)

    assert rows(result) == [("Web", "EUR", "20", "25", "5", {"changed_price": "5"})]
    assert delta(result)["restatement"]["changed_inputs"] == ["prices.csv changed"]


def test_usage_counts_at_the_price_of_then_and_the_price_on_the_usage_of_now(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    write_book(place, "prices.csv", price_of("2.5"))

    # (12 - 10) x 2 = 4 and 12 x (2.5 - 2) = 6
    assert rows(published(place)) == [("Web", "EUR", "20", "30", "10", {"new_data": "4", "changed_price": "6"})]


def test_a_sub_account_that_moves_takes_its_earlier_cost_along(place: House) -> None:
    write_book(place, "projects.csv", PROJECTS + "ocore-main,p-1,Shop,,\n")
    land_usage(place, OCTOBER, "12", fetched_days_later=1)

    assert rows(published(place)) == [
        ("Shop", "EUR", None, "24", "24", {"new_data": "4", "changed_map": "20"}),
        ("Web", "EUR", "20", None, "-20", {"changed_map": "-20"}),
    ]


ADJUSTMENTS = ",".join(COLUMNS) + "\n"
DISCOUNT = "Web,,discount,25,,,2026-10-01,,frame contract\n"


def test_another_adjustment_is_a_changed_price(place: House) -> None:
    write_book(place, "adjustments.csv", ADJUSTMENTS + DISCOUNT)
    result = published(place)

    assert rows(result) == [("Web", "EUR", "20", "15", "-5", {"changed_price": "-5"})]
    assert delta(result)["restatement"]["changed_inputs"] == ["adjustments.csv is new"]


@pytest.fixture(scope="module")
def discounted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 % less of the 20 EUR of Web: 15 were closed."""
    folder = tmp_path_factory.mktemp("discounted")
    place = house(folder, "ocore")
    write_book(place, "adjustments.csv", ADJUSTMENTS + DISCOUNT)
    land_usage(place, OCTOBER, "10")
    published(place, final=True)
    return folder


@pytest.mark.parametrize("change", ["data", "price", "map"])
def test_the_same_adjustment_follows_what_it_is_taken_of(discounted: Path, tmp_path: Path, change: str) -> None:
    """Shop has no discount."""
    place = copied(discounted, tmp_path)
    if change == "data":
        land_usage(place, OCTOBER, "12", fetched_days_later=1)
        expected = [("Web", "EUR", "15", "18", "3", {"new_data": "3"})]
    elif change == "price":
        write_book(place, "prices.csv", price_of("2.4"))
        expected = [("Web", "EUR", "15", "18", "3", {"changed_price": "3"})]
    else:
        write_book(place, "projects.csv", PROJECTS + "ocore-main,p-1,Shop,,\n")
        expected = [
            ("Shop", "EUR", None, "20", "20", {"changed_map": "20"}),
            ("Web", "EUR", "15", None, "-15", {"changed_map": "-15"}),
        ]  # type: ignore[list-item]

    assert rows(published(place)) == expected


def test_a_price_in_another_currency_leaves_the_one_and_joins_the_other(place: House) -> None:
    write_book(place, "prices.csv", price_of("2", currency="USD"))

    assert rows(published(place)) == [
        ("Web", "EUR", "20", None, "-20", {"changed_price": "-20"}),
        ("Web", "USD", None, "20", "20", {"changed_price": "20"}),
    ]


def test_a_price_that_was_missing_is_a_changed_price(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    write_book(place, "prices.csv", PRICES)
    land_usage(place, OCTOBER, "10")
    published(place, final=True)
    write_book(place, "prices.csv", price_of("2"))

    assert rows(published(place)) == [("Web", "EUR", None, "20", "20", {"changed_price": "20"})]


def test_a_provider_that_states_another_cost_restates_it(tmp_path: Path) -> None:
    place = house(tmp_path, "scaleops")
    land_costs(place, "100")
    first = report(place, OCTOBER, clock=lambda: NOW, final=True, reason="checked", accept_gaps="one day of the sample")
    assert first.status == "FINAL"
    land_costs(place, "103", later=timedelta(days=4))
    result = published(place)

    assert (result.status, result.reasons[1:]) == ("RESTATED", ("Closed with gaps: one day of the sample",))
    ((_, *figures),) = rows(result)
    assert figures == ["USD", "100", "103", "3", {"restated_cost": "3"}]


def test_the_currency_of_the_settings_is_a_setting(tmp_path: Path) -> None:
    place = house(tmp_path, "scaleops")
    land_costs(place, "100")
    report(place, OCTOBER, clock=lambda: NOW, final=True, reason="checked", accept_gaps="-")
    path = place.settings.path
    path.write_text(path.read_text(encoding="utf-8").replace('"USD"', '"EUR"'), encoding="utf-8")
    result = published(open_house(path))

    assert [row[1:] for row in rows(result)] == [
        ("EUR", None, "100", "100", {"software_or_settings": "100"}),
        ("USD", "100", None, "-100", {"software_or_settings": "-100"}),
    ]
    assert delta(result)["restatement"]["changed_inputs"] == ["The settings of scaleops-main changed"]


def test_a_connection_that_is_configured_no_more_is_a_setting(place: House, tmp_path: Path) -> None:
    path = place.settings.path
    path.write_text(path.read_text(encoding="utf-8").replace("ocore-main", "ocore-new"), encoding="utf-8")

    result = published(open_house(path))
    assert rows(result) == [("Web", "EUR", "20", None, "-20", {"software_or_settings": "-20"})]
    assert delta(result)["restatement"]["changed_inputs"][:2] == [
        "The settings of ocore-main are gone",
        "The settings of ocore-new are new",
    ]


def test_another_version_that_makes_the_same_figures_makes_no_revision(
    place: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallybook.pipeline.inputs.__version__", "9.9.9")

    assert not published(place).is_new


def test_a_version_that_shows_another_report_is_named(place: House) -> None:
    other = {"versions": {"tallybook": "0.0.9"}, "fingerprint": "another", "figures_sha256": "another"}
    path = place.reports_dir / "2026-10" / "r01" / "manifest.json"
    path.write_text(json.dumps(manifest(place, 1) | other), encoding="utf-8")
    result = published(place)

    assert rows(result) == []
    assert "tallybook 0.0.9 became " in delta(result)["restatement"]["changed_inputs"][0]
    assert result.reasons == ("Restates r01; what changed since: the software",)


def manifest(place: House, revision: int) -> dict[str, Any]:
    path = place.reports_dir / "2026-10" / f"r{revision:02d}" / "manifest.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_budget_changes_nothing_of_a_closed_month(place: House) -> None:
    write_book(place, "budgets.csv", "project,month,budget,currency\nWeb,2026-10,15,EUR\n")
    kept = published(place)

    assert (kept.is_new, kept.status) == (False, "FINAL")


def test_the_statement_is_in_the_report_and_follows_its_schema(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    result = published(place)
    schema = json.loads((root() / "reports/schemas/delta.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(delta(result), schema)
    assert document(result)["restatement"] == delta(result)["restatement"]
    assert document(result)["header"] == delta(result)["header"]
    assert "delta.json" in {file["path"] for file in manifest(place, 2)["files"]}


def test_rows_and_totals_are_the_difference_of_both_reports(place: House) -> None:
    land_usage(place, OCTOBER, "12.3456789", "0.1", fetched_days_later=1)
    write_book(place, "prices.csv", price_of("2.123456789"))
    second = published(place)
    totals = [
        Decimal(json.loads((place.reports_dir / "2026-10" / name / "monthly-report.json").read_bytes())["totals"][0]
                ["effective_cost"]["exact"])
        for name in ("r01", "r02")
    ]  # fmt: skip

    (total,) = delta(second)["restatement"]["totals"]
    assert Decimal(total["difference"]["exact"]) == totals[1] - totals[0]
    assert sum(Decimal(row[4]) for row in rows(second)) == totals[1] - totals[0]


def test_nothing_changed_makes_no_revision_and_a_closed_one_stays_as_it_is(place: House) -> None:
    first = place.reports_dir / "2026-10" / "r01"
    before = {path.name: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    assert published(place).revision == 2
    land_usage(place, OCTOBER, "12", fetched_days_later=5)

    again = published(place)
    assert (again.revision, again.is_new) == (2, False)
    assert {path.name: path.read_bytes() for path in first.rglob("*") if path.is_file()} == before


def test_a_restatement_of_a_restatement_starts_from_that(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    published(place)
    land_usage(place, OCTOBER, "10", fetched_days_later=2)
    back = published(place)

    assert delta(back)["restatement"]["restates_revision"] == 2
    assert rows(back) == [("Web", "EUR", "24", "20", "-4", {"new_data": "-4"})]


@pytest.fixture(scope="module")
def closed_by_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October closed at 20 EUR of oCore and 100 USD of ScaleOps."""
    folder = tmp_path_factory.mktemp("closed-by-two")
    place = house(folder, "ocore", "scaleops")
    land_usage(place, OCTOBER, "10")
    land_costs(place, "100")
    report(place, OCTOBER, clock=lambda: NOW, final=True, reason="checked", accept_gaps="-")
    return folder


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0)])
def test_the_order_in_which_answers_come_does_not_matter(
    closed_by_two: Path, tmp_path: Path, order: tuple[int, ...]
) -> None:
    place = copied(closed_by_two, tmp_path)
    steps = [
        lambda: land_usage(place, OCTOBER, "12", fetched_days_later=2),
        lambda: land_usage(place, OCTOBER, "11", fetched_days_later=1),
        lambda: land_costs(place, "103", later=timedelta(days=4)),
    ]
    for step in order:
        steps[step]()
    result = published(place)

    assert [row[1:] for row in rows(result)] == [
        ("EUR", "20", "24", "4", {"new_data": "4"}),
        ("USD", "100", "103", "3", {"restated_cost": "3"}),
    ]


def test_lost_charges_of_the_closed_revision_are_told_and_nothing_is_published(place: House) -> None:
    (place.reports_dir / "2026-10" / "r01" / "tables" / "charges.parquet").write_bytes(b"not Parquet")
    land_usage(place, OCTOBER, "12", fetched_days_later=1)

    with pytest.raises(StorageError, match=r"charges\.parquet cannot be read .* restore it from the backup"):
        published(place)
    assert not (place.reports_dir / "2026-10" / "r02").exists()


def test_a_month_that_was_never_closed_has_no_statement(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    land_usage(place, OCTOBER, "10")
    published(place)
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    result = published(place)

    assert (result.revision, document(result)["restatement"]) == (2, None)
    assert not (result.folder / "delta.json").exists()


ALLOCATION = ",".join(allocation.COLUMNS) + "\n"
TO_SHOP = "platform,shared,,,Web,percent,,Shop,50,2026-10-01,,decided\n"
SHOP = PROJECTS + "ocore-main,p-1,Web,,\nocore-main,p-2,Shop,,\n"


def test_another_rule_is_a_changed_allocation_and_changes_no_total(place: House) -> None:
    write_book(place, "projects.csv", SHOP)
    write_book(place, "allocation.csv", ALLOCATION + TO_SHOP)
    result = published(place)

    assert rows(result) == [
        ("Shop", "EUR", None, "10", "10", {"changed_allocation": "10"}),
        ("Web", "EUR", "20", "10", "-10", {"changed_allocation": "-10"}),
    ]
    [total] = delta(result)["restatement"]["totals"]
    assert (total["before"]["exact"], total["after"]["exact"], total["difference"]["exact"]) == ("20", "20", "0")
    assert "allocation.csv is new" in delta(result)["restatement"]["changed_inputs"]


def test_the_same_rule_follows_what_it_spreads(tmp_path: Path) -> None:
    """Half of Web's 20 EUR is Shop's; of 24 EUR it is 12."""
    place = house(tmp_path, "ocore")
    write_book(place, "projects.csv", SHOP)
    write_book(place, "allocation.csv", ALLOCATION + TO_SHOP)
    land_usage(place, OCTOBER, "10")
    published(place, final=True)
    land_usage(place, OCTOBER, "12", fetched_days_later=1)

    assert rows(published(place)) == [
        ("Shop", "EUR", "10", "12", "2", {"new_data": "2"}),
        ("Web", "EUR", "10", "12", "2", {"new_data": "2"}),
    ]


def test_restating_again_changes_nothing(place: House) -> None:
    write_book(place, "projects.csv", SHOP)
    write_book(place, "allocation.csv", ALLOCATION + TO_SHOP)
    first = published(place)
    again = published(place)

    assert (first.revision, first.is_new, again.revision, again.is_new) == (2, True, 2, False)


RATES = "month,from_currency,to_currency,rate,source\n"


@pytest.fixture
def reporting(converted: Path, tmp_path: Path) -> House:
    """October closed at 100 USD, at 0.90 EUR."""
    return copied(converted, tmp_path)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `reporting`."""
    folder = tmp_path_factory.mktemp("converted")
    place = house(folder, "scaleops")
    path = place.settings.path
    path.write_text('[tallybook]\nreporting_currency = "EUR"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    place = open_house(path)
    write_book(place, "exchange_rates.csv", RATES + "2026-10,USD,EUR,0.90,ecb\n")
    land_costs(place, "100")
    report(place, OCTOBER, clock=lambda: NOW, final=True, reason="checked", accept_gaps="only one day is of interest")
    return folder


def rates(result: Published) -> list[tuple[str, ...]]:
    names = ("before", "after", "difference", "cost_effect", "exchange_effect")
    return [
        (row["billing_currency"], row["previous_rate"], row["rate"], *(row[name]["exact"] for name in names))
        for row in delta(result)["restatement"]["rates"]
    ]


def test_another_exchange_rate_says_what_it_made_of_the_reporting_cost(reporting: House) -> None:
    write_book(reporting, "exchange_rates.csv", RATES + "2026-10,USD,EUR,0.80,ecb\n")
    result = published(reporting)

    assert (result.revision, result.status, rows(result)) == (2, "RESTATED", [])
    assert rates(result) == [("USD", "0.9", "0.8", "90", "80", "-10", "0", "-10")]


def test_of_a_cost_and_a_rate_that_changed_each_has_its_part(reporting: House) -> None:
    """10 USD more at 0.90 are 9 EUR; 110 USD at 0.10 less are -11 EUR."""
    land_costs(reporting, "110", later=timedelta(days=1))
    write_book(reporting, "exchange_rates.csv", RATES + "2026-10,USD,EUR,0.80,ecb\n")

    assert rates(published(reporting)) == [("USD", "0.9", "0.8", "90", "88", "-2", "9", "-11")]


def test_the_rate_of_another_month_restates_nothing(reporting: House) -> None:
    both = RATES + "2026-10,USD,EUR,0.90,ecb\n2026-09,USD,EUR,0.70,ecb\n"
    write_book(reporting, "exchange_rates.csv", both)
    assert not published(reporting).is_new

    land_costs(reporting, "110", later=timedelta(days=1))
    assert rates(published(reporting)) == []


OF_NOVEMBER = CORE_PRICE.replace("core_hours", "flavor:late_hours").replace("core-hour", "hour")


def test_the_stamp_names_the_answers_that_changed_and_no_book_that_did_nothing(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    write_book(place, "prices.csv", PRICES + CORE_PRICE + OF_NOVEMBER)
    write_book(place, "budgets.csv", "project,month,budget,currency\nWeb,2026-11,15,EUR\n")
    write_book(place, "exchange_rates.csv", RATES + "2026-11,USD,EUR,0.80,ecb\n")

    assert published(place).reasons == ("Restates r01; what changed since: the answers of ocore-main",)


def test_the_stamp_names_the_books_that_changed(place: House) -> None:
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    write_book(place, "prices.csv", price_of("2.5"))
    write_book(place, "projects.csv", PROJECTS + "ocore-main,p-1,Shop,,\n")

    assert published(place).reasons == (
        "Restates r01; what changed since: prices.csv, projects.csv and the answers of ocore-main",
    )


def test_the_stamp_names_another_exchange_rate_by_its_book(reporting: House) -> None:
    write_book(reporting, "exchange_rates.csv", RATES + "2026-10,USD,EUR,0.80,ecb\n")

    assert published(reporting).reasons[0] == "Restates r01; what changed since: exchange_rates.csv"


def test_the_stamp_names_settings(reporting: House) -> None:
    path = reporting.settings.path
    path.write_text(path.read_text(encoding="utf-8").replace('"USD"', '"EUR"'), encoding="utf-8")

    told = published(open_house(path)).reasons
    assert told[0] == "Restates r01; what changed since: the settings of scaleops-main"


def test_a_stamp_without_a_changed_cost_names_what_may_have_changed_the_report(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    write_book(place, "prices.csv", PRICES)
    land_usage(place, OCTOBER, "10")
    published(place, final=True)
    land_usage(place, OCTOBER, "12", fetched_days_later=1)
    write_book(place, "budgets.csv", "project,month,budget,currency\nWeb,2026-11,15,EUR\n")

    result = published(place)
    assert (rows(result), result.reasons) == ([], ("Restates r01; what changed since: the answers of ocore-main",))


def test_the_stamp_has_the_reason_that_somebody_gave(place: House) -> None:
    write_book(place, "prices.csv", price_of("2.5"))

    assert published(place, final=True).reasons == ("Restates r01: checked",)


def test_a_month_that_is_what_it_was_after_a_draft_says_so(place: House, tmp_path: Path) -> None:
    path = place.settings.path
    own = path.read_text(encoding="utf-8")
    path.write_text(own + own.replace("ocore-main", "ocore-new"), encoding="utf-8")
    assert published(open_house(path)).status == "DRAFT"  # the new connection was never collected

    path.write_text(own, encoding="utf-8")
    result = published(open_house(path))
    assert (result.revision, result.status, rows(result)) == (3, "RESTATED", [])
    assert result.reasons == ("Restates r01: its figures are the same again",)
    assert not published(place).is_new
