"""Reports with commitments.csv: the table, the trend, and a budget of nobody."""

from pathlib import Path

import pytest

from tallybook.pipeline.house import House
from tests.pipeline.test_publish import document, published, trend, with_history
from tests.pricing.tiny_facts import COMMITMENTS_HEADER

pytestmark = pytest.mark.usefixtures("no_pages")


def committed(place: House, row: str) -> House:
    (place.settings.books_dir / "commitments.csv").write_text(f"{COMMITMENTS_HEADER}{row}\n", encoding="utf-8")
    return place


def test_a_commitment_of_an_earlier_month_changes_the_trend_and_is_frozen(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    assert [row[1] for row in trend(published(place))] == ["2", "4", "6", "8"]

    # one core for a day at 0.50: 12 EUR more in August
    committed(place, "ocore-main,elsewhere,,core_hours,core-hour,1,0.5,EUR,2026-08-01,2026-08-02,upfront")
    told = published(place)

    assert [row[1] for row in trend(told)] == ["2", "16", "6", "8"]
    assert document(told)["commitments"] == []
    assert "commitments.csv" in (told.folder / "manifest.json").read_text(encoding="utf-8")


def test_the_report_and_its_table_say_what_was_not_used(tmp_path: Path) -> None:
    place = committed(
        with_history(tmp_path), "ocore-main,elsewhere,,core_hours,core-hour,1,0.5,EUR,2026-10-01,2026-10-02,upfront"
    )
    told = published(place)

    [row] = document(told)["commitments"]
    assert (row["unused_cost"]["exact"], row["utilisation_pct"]) == ("12", "0")
    assert [one["difference"] for one in document(told)["tie_out"]] == ["0"]
    table = (told.folder / "tables" / "commitments.csv").read_text(encoding="utf-8")
    assert "commitments.csv line 2" in table


def test_a_budget_of_a_project_that_nobody_knows_is_among_the_notices(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    budgets = "project,month,budget,currency\nWbe,2026-10,5,EUR\n"
    (place.settings.books_dir / "budgets.csv").write_text(budgets, encoding="utf-8")

    notices = document(published(place))["notices"]
    [notice] = [one for one in notices if "budgets.csv" in one]
    assert notice.startswith("budgets.csv line 2 is for a project that 2026-10 does not know, 'Wbe': it counts in")
