"""Comparisons, bridges, movers and budgets of a small month, against values worked by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tallybook.documents.changes import Changes
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.monthly import build_report
from tallybook.documents.values import Bound
from tallybook.periods import BillingPeriod
from tests.documents.tiny_month import facts, kube_days, month_inputs, usual_month
from tests.pricing.tiny_facts import cost, usage


@pytest.fixture(scope="module")
def inputs() -> MonthInputs:
    return usual_month()


def changes_of(inputs: MonthInputs) -> Changes:
    return build_report(inputs).changes


def test_a_total_stands_beside_the_month_before_and_its_budget(inputs: MonthInputs) -> None:
    rows = [
        (row.billing_currency, row.against, row.label, row.baseline.shown, row.change.shown, row.change_bound)
        for row in changes_of(inputs).comparisons
    ]

    # 115.20 EUR after 30.00, budgets of 70 and 5; 12.505 USD after 9; a GPU meter has no price
    assert rows == [
        ("EUR", "previous_month", "September 2026", Decimal(30), Decimal("85.20"), Bound.AT_LEAST),
        ("EUR", "budget", "budget of October 2026", Decimal(75), Decimal("40.20"), Bound.AT_LEAST),
        ("USD", "previous_month", "September 2026", Decimal(9), Decimal("3.50"), Bound.EXACT),
    ]


def test_what_moved_a_total_is_told_with_its_figures(inputs: MonthInputs) -> None:
    causes = changes_of(inputs).causes

    # as in the bridge: 40.799999999688 of price and 44.400000000312 of volume; job is new with 2.505 (half-even 2.50)
    assert [(row.billing_currency, row.cause, row.effect.shown) for row in causes] == [
        ("EUR", "volume", Decimal("44.40")),
        ("EUR", "price", Decimal("40.80")),
        ("USD", "new", Decimal("2.50")),
        ("USD", "volume", Decimal("1.00")),
    ]
    assert causes[0].sentence == "Web used more: +44.40 EUR, core hours at alpha-main."
    assert causes[2].sentence == "Shop has something new: +2.50 USD, at kube-main."


def test_the_same_month_last_year_is_compared_when_it_is_known(inputs: MonthInputs) -> None:
    year_ago = pl.DataFrame([("2025-10", "EUR", Decimal(100), False)], schema=inputs.tables.trend.schema, orient="row")
    tables = replace(inputs.tables, trend=pl.concat([year_ago, inputs.tables.trend]))

    (row,) = [one for one in changes_of(replace(inputs, tables=tables)).comparisons if one.against == "last_year"]
    assert (row.label, row.change.shown, row.change_pct) == ("October 2025", Decimal("15.20"), Decimal("15.2"))
    assert row.change_bound is Bound.OPEN


def test_the_bridge_leads_from_what_is_shown_to_what_is_shown(inputs: MonthInputs) -> None:
    euro, dollar = changes_of(inputs).bridges

    # 300 core-hours at 0.10; now 744 at 115.20 / 744 = 0.154838709677: 0.054838709677 * 744 = 40.799999999688
    steps = {step.cause: step.effect for step in euro.steps}
    assert steps["price"].exact == Decimal("40.799999999688")
    assert steps["volume"].exact == Decimal("44.400000000312")
    assert (steps["price"].shown, steps["volume"].shown) == (Decimal("40.80"), Decimal("44.40"))
    assert (euro.opening_cost.shown, euro.closing_cost.shown) == (Decimal("30.00"), Decimal("115.20"))
    for bridge in (euro, dollar):
        shown = sum((step.effect.shown or Decimal(0) for step in bridge.steps), bridge.opening_cost.shown)
        assert shown == bridge.closing_cost.shown


def test_a_bridge_says_how_many_days_the_months_have_and_what_was_not_seen(inputs: MonthInputs) -> None:
    euro, dollar = changes_of(inputs).bridges

    days = "October 2026 has 31 days and September 2026 30: the same use a day is +3.3% of volume."
    assert dollar.notes == (days,)
    assert euro.notes[0] == days
    assert euro.notes[1].startswith("Seen or priced in part: October 2026.")
    assert (euro.is_lower_bound, euro.change_bound) == (True, Bound.AT_LEAST)


def test_a_month_with_fewer_days_says_so_with_a_minus_sign(inputs: MonthInputs) -> None:
    """September has 30 days and August 31: -1 / 31 are 3.2% less, with the sign that all other figures have."""
    euro, _ = changes_of(replace(inputs, period=BillingPeriod(2026, 9))).bridges

    assert euro.notes[0].endswith("the same use a day is \N{MINUS SIGN}3.2% of volume.")


def test_a_running_month_says_that_its_volume_says_nothing_yet(tmp_path: Path) -> None:
    inputs = month_inputs(tmp_path, now=datetime(2026, 10, 11, 3, tzinfo=UTC))

    note = changes_of(inputs).bridges[0].notes[0]
    assert note == "October 2026 has not ended: 10 of its 31 days are over, and less volume says nothing yet."


def test_a_month_before_that_nobody_saw_has_no_bridge(tmp_path: Path) -> None:
    rows = facts()
    rows["usage"] = [row for row in rows["usage"] if row["billing_period"] == "2026-10"]
    rows["coverage"] = [
        row for row in rows["coverage"] if row["billing_period"] == "2026-10" or row["connection"] == "kube-main"
    ]
    inputs = month_inputs(tmp_path, rows)

    assert [bridge.billing_currency for bridge in changes_of(inputs).bridges] == ["USD"]
    assert [row.against for row in changes_of(inputs).comparisons if row.billing_currency == "EUR"] == ["budget"]


def test_what_only_one_month_knows_is_a_step_of_its_own_with_a_note(tmp_path: Path) -> None:
    rows = facts()
    silent = {"connection": "beta-main", "month": "2026-10"}
    rows["usage"].append(usage("10", account="p9", name="Lab", **silent))
    rows["costs"].append(cost("3", connection="cube-main", workload="late"))
    rows["coverage"] = [*rows["coverage"], *[{**row, "connection": "cube-main"} for row in kube_days("2026-10", 31)]]

    dollar = changes_of(month_inputs(tmp_path, rows)).bridges[1]
    steps = {step.cause: step.effect.shown for step in dollar.steps}
    assert steps["not_comparable"] == Decimal("3.00")
    assert dollar.notes[-1].startswith("Not comparable is what is known in one of the two months only")


def test_movers_say_what_moved_them_mostly(inputs: MonthInputs) -> None:
    rows = [
        (row.kind, row.name, row.place, row.billing_currency, row.change.shown, row.cause)
        for row in changes_of(inputs).movers
    ]

    # Web: price 40.80, volume 44.40; the shop's api cost 9 and now 10 (volume), its job 2.505 is new
    assert rows == [
        ("project", "Web", "", "EUR", Decimal("85.20"), "volume"),
        ("project", "Shop", "", "USD", Decimal("3.50"), "new"),
        ("workload", "job", "c1/shop", "USD", Decimal("2.50"), "new"),
        ("workload", "api", "c1/shop", "USD", Decimal("1.00"), "volume"),
    ]


def test_every_project_stands_beside_its_budget_the_furthest_over_first(inputs: MonthInputs) -> None:
    web, shop = changes_of(inputs).budgets

    # Web: 115.20 of 70; the Shop's 5 EUR meet no cost in EUR, since it costs dollars
    assert (web.project, web.variance.shown, web.used_pct, web.is_lower_bound) == (
        "Web",
        Decimal("45.20"),
        Decimal("164.6"),
        True,
    )
    assert (shop.project, shop.budget.shown, shop.effective_cost.shown, shop.variance.shown) == (
        "Shop",
        Decimal("5.00"),
        None,
        None,
    )
