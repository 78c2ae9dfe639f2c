"""Reports with adjustments.csv: totals, trend, tie-out and notices."""

from pathlib import Path

import pytest

from tallybook.pipeline.house import House
from tallybook.pricing.adjustments import COLUMNS
from tests.pipeline.test_publish import document, published, trend, with_history

pytestmark = pytest.mark.usefixtures("no_pages")

MAPPED = "connection,sub_account_id,project,cost_center,owner\nocore-main,*,Web,4001,Jana\n"


def write(place: House, *rows: str, projects: str = MAPPED) -> House:
    books = place.settings.books_dir
    (books / "projects.csv").write_text(projects, encoding="utf-8")
    (books / "adjustments.csv").write_text(",".join(COLUMNS) + "\n" + "".join(f"{row}\n" for row in rows), "utf-8")
    return place


def test_the_report_shows_what_is_left_and_ties_out(tmp_path: Path) -> None:
    place = write(with_history(tmp_path), "Web,,discount,25,,,2026-10-01,,frame contract")
    shown = document(published(place))

    # October's 8 EUR less 25 %
    [project] = shown["projects"]
    assert (project["list_cost"]["exact"], project["effective_cost"]["exact"]) == ("8", "6")
    assert [(row["source_total"], row["allocated"], row["difference"]) for row in shown["tie_out"]] == [("6", "6", "0")]
    assert [row["effective_cost"]["exact"] for row in shown["totals"]] == ["6"]


def test_an_adjustment_of_an_earlier_month_changes_the_trend(tmp_path: Path) -> None:
    place = write(with_history(tmp_path))
    assert [row[1] for row in trend(published(place))] == ["2", "4", "6", "8"]

    write(place, "Web,,credit,,0.50,EUR,2026-08-01,2026-09-01,goodwill")

    assert [row[1] for row in trend(published(place))] == ["2", "3.5", "6", "8"]


def test_who_belongs_to_an_adjusted_project_changes_the_trend(tmp_path: Path) -> None:
    place = write(with_history(tmp_path), "Web,,discount,50,,,2026-07-01,2026-09-01,early bird")
    assert [row[1] for row in trend(published(place))] == ["1", "2", "6", "8"]

    write(place, "Web,,discount,50,,,2026-07-01,2026-09-01,early bird", projects=MAPPED.replace("Web", "Shop"))

    assert [row[1] for row in trend(published(place))] == ["2", "4", "6", "8"]


def test_an_adjustment_that_finds_no_cost_is_among_the_notices(tmp_path: Path) -> None:
    place = write(with_history(tmp_path), "Wbe,,discount,25,,,2026-10-01,,frame contract")

    notices = document(published(place))["notices"]
    [notice] = [one for one in notices if "adjustments.csv" in one]
    assert notice.startswith("adjustments.csv line 2 adjusts nothing in 2026-10: project 'Wbe' has no cost then; check")


def test_a_new_discount_is_a_cause_of_its_own_in_the_bridge(tmp_path: Path) -> None:
    place = write(with_history(tmp_path), "Web,,discount,25,,,2026-10-01,,frame contract")

    (bridge,) = document(published(place))["changes"]["bridges"]
    steps = {step["cause"]: step["effect"]["exact"] for step in bridge["steps"]}
    # September's 6 EUR, October's 8 less 25 %
    assert (steps["volume"], steps["adjustment"], bridge["closing_cost"]["exact"]) == ("2", "-2", "6")
