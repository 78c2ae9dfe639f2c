"""Credits, discounts, markups and taxes: worked by hand, in a real warehouse."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallybook.errors import BookError
from tallybook.pricing.adjustments import COLUMNS, Adjustment, Place, adjust, excessive_discounts, idle_adjustments
from tallybook.pricing.books import Books, read_books, unknown_connections
from tallybook.pricing.checks import run_checks
from tallybook.summaries.month import read_frames, summarise_month
from tallybook.warehouse import Warehouse
from tests.documents.tiny_month import NOW
from tests.pricing.tiny_facts import OCTOBER, PRICES_HEADER, charges, cost, priced, usage, warehouse_with

CORE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"
HEADER = ",".join(COLUMNS) + "\n"
MAPPED = "alpha-main,*,Web,,\nbeta-main,*,Web,,\nkube-main,*,Web,,\n"


def adjusted(warehouse: Warehouse, folder: Path, *rows: str, prices: tuple[str, ...] = (CORE,)) -> Books:
    """October's charges of project Web, whose every sub account it is, with these adjustments."""
    folder.joinpath("adjustments.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return priced(warehouse, folder, *prices, projects=MAPPED)


def made(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    return [row[1:] for row in charges(warehouse, "basis", *columns) if row[0] == "adjusted"]


def failing(warehouse: Warehouse) -> list[str]:
    return [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds]


def refused(folder: Path, *rows: str) -> str:
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    folder.joinpath("adjustments.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_books(folder)
    return str(caught.value)


def test_each_step_is_taken_of_what_the_steps_before_it_left(tmp_path: Path) -> None:
    """1,000 core-hours at 0.10 are 100.00: -10.00, then 5 % of 90.00, 20 % of 94.50, and 13.40 back: 100.00."""
    warehouse = warehouse_with(usage=[usage("1000")])
    adjusted(
        warehouse,
        tmp_path,
        "Web,,credit,,13.40,EUR,2026-10-01,2026-11-01,goodwill",
        "Web,,tax,20,,,2026-01-01,,VAT",
        "Web,,markup,5,,,2026-01-01,,overhead",
        "Web,,discount,10,,,2026-01-01,,frame contract",
    )

    found = made(warehouse, "charge_category", "resource_name", "effective_cost", "list_cost", "price_source")
    assert sorted(found, key=lambda row: row[4], reverse=True) == [
        ("Adjustment", "10 % discount", Decimal(-10), None, "adjustments.csv line 5"),
        ("Adjustment", "5 % markup", Decimal("4.5"), None, "adjustments.csv line 4"),
        ("Tax", "20 % tax", Decimal("18.9"), None, "adjustments.csv line 3"),
        ("Credit", "credit", Decimal("-13.4"), None, "adjustments.csv line 2"),
    ]
    [project] = summarise_month(read_frames(warehouse, period=OCTOBER), period=OCTOBER, now=NOW).projects.to_dicts()
    assert (project["list_cost"], project["effective_cost"]) == (Decimal(100), Decimal(100))
    assert failing(warehouse) == []


def test_two_rows_of_a_step_are_taken_of_the_same_cost_and_add_up(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1000")])
    adjusted(
        warehouse, tmp_path, "Web,,discount,10,,,2026-01-01,,volume", "Web,alpha-main,discount,5,,,2026-01-01,,loyalty"
    )

    assert sorted(made(warehouse, "effective_cost")) == [(Decimal(-10),), (Decimal(-5),)]


def test_a_percentage_counts_on_the_days_of_its_validity(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("10", start=f"2026-10-{day}") for day in ("14", "15", "16")])
    adjusted(warehouse, tmp_path, "Web,,discount,50,,,2026-10-15,2026-10-16,one day")

    found = made(warehouse, "charge_period_start", "charge_period_end", "effective_cost")
    assert [(str(start.date()), str(end.date()), amount) for start, end, amount in found] == [
        ("2026-10-15", "2026-10-16", Decimal("-0.5"))
    ]


@pytest.mark.parametrize(
    ("valid", "start", "end"),
    [
        ("2026-10-01,2026-11-01", "2026-10-01", "2026-11-01"),
        ("2026-01-01,", "2026-10-01", "2026-11-01"),
        ("2026-10-31,2026-12-24", "2026-10-31", "2026-11-01"),
        ("2026-09-30,2026-10-02", "2026-10-01", "2026-10-02"),
    ],
)
def test_an_amount_counts_whole_in_every_month_of_its_validity(
    tmp_path: Path, valid: str, start: str, end: str
) -> None:
    warehouse = warehouse_with(usage=[usage("10")])
    adjusted(warehouse, tmp_path, f"Web,,credit,,31,EUR,{valid},goodwill")

    [(first, last, amount)] = made(warehouse, "charge_period_start", "charge_period_end", "effective_cost")
    assert (str(first.date()), str(last.date()), amount) == (start, end, Decimal(-31))


@pytest.mark.parametrize("valid", ["2026-11-01,", "2026-01-01,2026-10-01"])
def test_what_does_not_hold_in_the_month_adjusts_nothing(tmp_path: Path, valid: str) -> None:
    warehouse = warehouse_with(usage=[usage("10")])
    adjusted(warehouse, tmp_path, f"Web,,credit,,31,EUR,{valid},goodwill", f"Web,,tax,10,,,{valid},VAT")

    assert made(warehouse, "effective_cost") == []


def test_an_amount_without_a_connection_is_shared_by_cost_and_not_a_digit_is_lost(tmp_path: Path) -> None:
    """Costs of 2 and 1 EUR share a credit of 10: 6.666666666667 and 3.333333333333."""
    beta = usage("10", connection="beta-main", provider="beta")
    warehouse = warehouse_with(usage=[usage("20"), beta])
    adjusted(
        warehouse,
        tmp_path,
        "Web,,credit,,10,EUR,2026-10-01,2026-11-01,goodwill",
        prices=(CORE, CORE.replace("alpha", "beta")),
    )

    assert sorted(made(warehouse, "connection", "effective_cost")) == [
        ("alpha-main", Decimal("-6.666666666667")),
        ("beta-main", Decimal("-3.333333333333")),
    ]


def test_a_stated_cost_is_adjusted_in_its_own_currency_and_stays(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("10")], costs=[cost("8")])
    adjusted(warehouse, tmp_path, "Web,,markup,25,,,2026-01-01,,overhead")

    assert sorted(made(warehouse, "connection", "billing_currency", "effective_cost")) == [
        ("alpha-main", "EUR", Decimal("0.25")),
        ("kube-main", "USD", Decimal(2)),
    ]
    assert failing(warehouse) == []


def test_other_projects_and_connections_and_usage_without_a_price_are_left_alone(tmp_path: Path) -> None:
    gpu = usage("5", meter="gpu_hours")
    warehouse = warehouse_with(usage=[usage("10"), gpu], costs=[cost("8")])
    adjusted(
        warehouse, tmp_path, "Web,kube-main,discount,50,,,2026-01-01,,kube only", "Shop,,discount,9,,,2026-01-01,,x"
    )

    assert made(warehouse, "connection", "effective_cost") == [("kube-main", Decimal(-4))]


def test_a_row_that_finds_no_cost_is_told(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("10")])
    books = adjusted(
        warehouse,
        tmp_path,
        "Wbe,,discount,10,,,2026-01-01,,typing error",
        "Web,,credit,,5,USD,2026-10-01,2026-11-01,no cost in dollars",
        "Web,alpha-mian,credit,,5,EUR,2026-10-01,2026-11-01,no such connection",
        "Web,,discount,10,,,2026-01-01,,fine",
        "Web,,discount,10,,,2026-11-01,,not yet",
    )
    used = set(warehouse.select("marts.adjustment_charges")["price_source"])

    first, second, third = idle_adjustments(books.adjustments, period=OCTOBER, used=used)
    assert first.startswith("adjustments.csv line 2 adjusts nothing in 2026-10: project 'Wbe' has no cost then")
    assert second.startswith("adjustments.csv line 3 adjusts nothing in 2026-10: project 'Web' has no cost in USD then")
    assert "line 4 adjusts nothing in 2026-10: project 'Web' at alpha-mian has no cost in EUR then" in third
    assert unknown_connections(books, ["alpha-main"])[-1] == (
        "adjustments.csv line 4 adjusts nothing: no connection 'alpha-mian' is configured; did you mean 'alpha-main'?"
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Web,,rebate,10,,,2026-01-01,,x", "column category: unknown category 'rebate'; known: discount, markup, tax,"),
        ("Web,,discount,10,5,EUR,2026-01-01,,x", "column percent: give either a percent or an amount"),
        ("Web,,discount,,,,2026-01-01,,x", "column percent: give either a percent or an amount"),
        ("Web,,discount,100.5,,,2026-01-01,,x", "column percent: 100.5 is more than all of it; a discount is 100 at"),
        ("Web,,discount,-10,,,2026-01-01,,x", "column percent: -10 is below zero"),
        ("Web,,discount,10 %,,,2026-01-01,,x", "column percent: '10 %' is no decimal number"),
        ("Web,,tax,0,,,2026-01-01,,x", "column percent: 0 adjusts nothing"),
        ("Web,,credit,,0,EUR,2026-01-01,,x", "column amount: 0 adjusts nothing"),
        ("Web,,credit,,5,,2026-01-01,,x", "column currency: is empty"),
        ("Web,,tax,19,,EUR,2026-01-01,,x", "column currency: is for amounts"),
        (",,tax,19,,,2026-01-01,,x", "column project: is empty"),
        ("Web,,tax,19,,,,,x", "column valid_from: is empty"),
        ("Web,,tax,19,,,2026-01-01,2026-01-01,x", "column valid_to: 2026-01-01 is not after valid_from"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column(tmp_path: Path, row: str, said: str) -> None:
    assert refused(tmp_path, row).startswith(f"adjustments.csv line 2, {said}")


def test_the_same_row_twice_is_refused(tmp_path: Path) -> None:
    row = "Web,,tax,19,,,2026-01-01,,VAT"

    assert refused(tmp_path, row, row).startswith("adjustments.csv lines 2 and 3: ")


def test_discounts_of_more_than_all_on_one_day_are_told(tmp_path: Path) -> None:
    """60 and 50.5 % from the 20th on are 110.5 %. 60 and 40 are all of it, and what never meets does not add up."""
    rows = (
        "Web,,discount,60,,,2026-01-01,,x",
        "Web,alpha-main,discount,50.5,,,2026-10-20,,x",
        "Shop,,discount,60,,,2026-01-01,,x",
        "Shop,,discount,40,,,2026-01-01,,x",
        "Blog,,discount,60,,,2026-01-01,2026-10-15,x",
        "Blog,,discount,60,,,2026-10-15,,x",
    )
    folder = tmp_path / "books"
    folder.mkdir()
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    folder.joinpath("adjustments.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")

    [told] = excessive_discounts(read_books(folder).adjustments, period=OCTOBER)
    assert told.startswith("adjustments.csv lines 2, 3 take 110.5 % of project 'Web' at alpha-main from 2026-10-20 on:")


@pytest.mark.parametrize("column", ["base_cost", "effective_cost"])
def test_a_percentage_of_something_else_is_found(tmp_path: Path, column: str) -> None:
    warehouse = warehouse_with(usage=[usage("1000")])
    adjusted(warehouse, tmp_path, "Web,,discount,10,,,2026-01-01,,x")
    charged = warehouse.select("marts.adjustment_charges")
    warehouse.delete("marts.adjustment_charges")
    warehouse.insert("marts.adjustment_charges", charged.with_columns(pl.col(column) + Decimal("0.000000000001")))

    assert failing(warehouse) == ["adjusted_cost"]


def test_a_percentage_of_a_day_without_costs_is_found(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1000")])
    adjusted(warehouse, tmp_path, "Web,,discount,10,,,2026-01-01,,x")
    charged = warehouse.select("marts.adjustment_charges")
    warehouse.delete("marts.adjustment_charges")
    times = pl.col("charge_period_start", "charge_period_end")
    warehouse.insert("marts.adjustment_charges", charged.with_columns(times + timedelta(days=1)))

    assert failing(warehouse) == ["adjusted_cost"]


ROWS = st.builds(
    lambda category, percent, amount, is_percent, first, days: Adjustment(
        line=2,
        project="Web",
        connection="",
        category=category,
        percent=percent if is_percent else None,
        amount=None if is_percent else amount,
        currency="" if is_percent else "EUR",
        valid_from=date(2026, 10, first),
        valid_to=None if days == 0 else date(2026, 10 + (first + days > 31), (first + days - 1) % 31 + 1),
        source="",
    ),
    st.sampled_from(["discount", "markup", "tax", "credit"]),
    st.decimals(min_value=1, max_value=100, places=3),
    st.decimals(min_value=1, max_value=10**6, places=12),
    st.booleans(),
    st.integers(1, 28),
    st.integers(0, 20),
)
COSTS = st.lists(st.decimals(min_value=0, max_value=10**9, places=12), min_size=1, max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, max_size=6), COSTS, st.randoms())
def test_amounts_stay_whole_and_the_order_of_rows_does_not_matter(
    rows: list[Adjustment], amounts: list[Decimal], chance: Any
) -> None:
    costs = {
        Place("Web", f"c{number % 3}", "EUR", date(2026, 10, number + 1)): one for number, one in enumerate(amounts)
    }
    charged = adjust(rows, costs, period=OCTOBER, connections=())

    whole = sum((one.signed(one.amount) for one in rows if one.amount and one.holds_in(OCTOBER)), Decimal(0))
    assert sum((one.effective_cost for one in charged if one.base_cost is None), Decimal(0)) == whole
    shuffled = list(rows)
    chance.shuffle(shuffled)
    again = adjust(shuffled, dict(reversed(costs.items())), period=OCTOBER, connections=())
    by_row = [sorted((str(one.adjustment), one.place, one.effective_cost) for one in each) for each in (charged, again)]
    assert by_row[0] == by_row[1]
