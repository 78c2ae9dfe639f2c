"""Graduated tiers and minimums: worked by hand, in a real warehouse."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallybook.errors import BookError
from tallybook.money import CONTEXT, quantise
from tallybook.pricing.books import Books, read_books
from tallybook.pricing.checks import run_checks
from tallybook.summaries.month import read_frames, summarise_month
from tallybook.warehouse import Warehouse
from tests.documents.tiny_month import NOW
from tests.pricing.tiny_facts import OCTOBER, TIERS_HEADER, Row, charges, priced, usage, warehouse_with

KEYS = "alpha,,,,core_hours,core-hour"
FIRST = f"{KEYS},0.10,EUR,2026-01-01,,list,,"
SECOND = f"{KEYS},0.05,EUR,2026-01-01,,list,1000,"
THIRD = f"{KEYS},0.02,EUR,2026-01-01,,list,5000,"


def tiered(warehouse: Warehouse, folder: Path, *rows: str) -> Books:
    return priced(warehouse, folder, *rows, header=TIERS_HEADER)


def failing(warehouse: Warehouse) -> list[str]:
    return [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds]


def costs(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    return charges(warehouse, *columns, "pricing_quantity", "list_unit_price", "effective_cost", "price_source")


def minimums(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    found = charges(warehouse, "cost_basis", *columns, "effective_cost", "price_source")
    return [row[1:] for row in found if row[0] == "minimum"]


def refused(folder: Path, *rows: str, header: str = TIERS_HEADER) -> str:
    folder.joinpath("prices.csv").write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_books(folder)
    return str(caught.value)


def test_each_tier_prices_its_part_of_the_month(tmp_path: Path) -> None:
    """900, 300 and 4,800 core-hours: 1,000 at 0.10, 4,000 at 0.05 and 1,000 at 0.02 are 100 + 200 + 20 = 320 EUR."""
    warehouse = warehouse_with(
        usage=[usage("900"), usage("300", start="2026-10-02"), usage("4800", start="2026-10-03")]
    )
    tiered(warehouse, tmp_path, FIRST, SECOND, THIRD)

    found = [(row[0].day, *row[1:]) for row in costs(warehouse, "charge_period_start", "from_quantity")]
    assert sorted(found) == [
        (1, 0, 900, Decimal("0.10"), 90, "prices.csv line 2"),
        (2, 0, 100, Decimal("0.10"), 10, "prices.csv line 2"),
        (2, 1000, 200, Decimal("0.05"), 10, "prices.csv line 3"),
        (3, 1000, 3800, Decimal("0.05"), 190, "prices.csv line 3"),
        (3, 5000, 1000, Decimal("0.02"), 20, "prices.csv line 4"),
    ]
    assert failing(warehouse) == []
    tables = summarise_month(read_frames(warehouse, period=OCTOBER), period=OCTOBER, now=NOW)
    assert tables.tie_out.select("source_total", "allocated", "difference").rows() == [(320, 320, 0)]
    assert tables.usage["quantity"].to_list() == [6000]


def test_each_sub_account_has_its_own_running_quantity(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1000"), usage("1000", account="p2"), usage("1", meter="gpu_hours")])
    tiered(warehouse, tmp_path, FIRST, SECOND)

    assert {row[-1] for row in costs(warehouse)} == {"prices.csv line 2", None}


def test_regions_run_together_unless_the_row_names_one(tmp_path: Path) -> None:
    """South has its own row: its 800 neither count for the others nor are priced by them."""
    regions = {"east": "600", "north": "600", "south": "800"}
    warehouse = warehouse_with(usage=[usage(amount, region=region) for region, amount in regions.items()])
    tiered(warehouse, tmp_path, FIRST, SECOND, "alpha,,,south,core_hours,core-hour,0.20,EUR,2026-01-01,,list,,")

    found = [row[:3] for row in costs(warehouse, "region")]
    assert sorted(found) == [
        ("east", 600, Decimal("0.10")),
        ("north", 200, Decimal("0.05")),
        ("north", 400, Decimal("0.10")),
        ("south", 800, Decimal("0.20")),
    ]


def test_the_running_quantity_goes_on_when_the_price_changes_within_the_month(tmp_path: Path) -> None:
    """800 before the 15th; then 200 are left of the first tier."""
    warehouse = warehouse_with(usage=[usage("800"), usage("500", start="2026-10-20")])
    old, new = FIRST.replace("2026-01-01,", "2026-01-01,2026-10-15"), FIRST.replace("2026-01-01", "2026-10-15")
    tiered(warehouse, tmp_path, old, new.replace("0.10", "0.30"), SECOND)

    assert [row[:2] for row in costs(warehouse)] == [
        (800, Decimal("0.10")),
        (200, Decimal("0.30")),
        (300, Decimal("0.05")),
    ]


def test_a_month_begins_again_at_nothing(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("5000", month="2026-09", start="2026-09-30"), usage("10")])
    tiered(warehouse, tmp_path, FIRST, SECOND)

    assert [row[:2] for row in costs(warehouse)] == [(10, Decimal("0.10"))]


def test_bytes_keep_their_last_one_when_a_tier_splits_them(tmp_path: Path) -> None:
    """3 GiB and a byte: 2 GiB in the first tier are 2,147,483,648 bytes; the rest is 1 GiB and that byte."""
    warehouse = warehouse_with(usage=[usage("3221225473", meter="network_out_bytes")])
    keys = "alpha,,,,network_out_bytes,GiB"
    tiered(warehouse, tmp_path, f"{keys},0.08,EUR,2026-01-01,,list,,", f"{keys},0.04,EUR,2026-01-01,,list,2,")

    assert charges(warehouse, "consumed_quantity", "pricing_quantity", "effective_cost") == [
        (1073741825, Decimal("1.000000000931"), Decimal("0.040000000037")),
        (2147483648, 2, Decimal("0.16")),
    ]
    assert failing(warehouse) == []


def test_usage_of_nothing_stays_a_line_of_nothing(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("0"), usage("1000", start="2026-10-02"), usage("0", start="2026-10-03")])
    tiered(warehouse, tmp_path, FIRST, SECOND)

    assert [row[:3] for row in costs(warehouse)] == [
        (0, Decimal("0.10"), 0),
        (1000, Decimal("0.10"), 100),
        (0, Decimal("0.05"), 0),
    ]
    assert failing(warehouse) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([SECOND], "prices.csv line 2, column from_quantity: nothing prices alpha core_hours below 1000"),
        (
            [FIRST.replace("2026-01-01,", "2026-01-01,2026-10-15"), SECOND],
            "prices.csv line 3, column from_quantity: nothing prices alpha core_hours below 1000.0 on 2026-10-15",
        ),
        ([FIRST, SECOND, SECOND.replace("0.05", "0.04")], "prices.csv lines 3 and 4, column from_quantity: both price"),
        ([FIRST, SECOND.replace("EUR", "USD")], "prices.csv lines 2 and 3, column currency: both are tiers of alpha"),
        ([FIRST, FIRST.replace("list", "other")], "prices.csv lines 2 and 3: both apply to alpha core_hours"),
        ([FIRST, f"{SECOND}5"], "prices.csv line 3, column minimum_cost: stands in the row of the first tier"),
        ([FIRST, SECOND.replace("1000", "-1")], "prices.csv line 3, column from_quantity: -1 is below zero"),
        ([FIRST, SECOND.replace("1000", "1k")], "prices.csv line 3, column from_quantity: '1k' is no decimal number"),
    ],
)
def test_tiers_that_leave_a_choice_or_a_hole_are_refused(tmp_path: Path, rows: list[str], told: str) -> None:
    assert refused(tmp_path, *rows).startswith(told)


def test_an_unknown_column_is_told_beside_the_optional_ones(tmp_path: Path) -> None:
    message = refused(tmp_path, header=TIERS_HEADER.replace("minimum_cost", "minimum"))

    assert message.startswith("prices.csv line 1, column minimum: unknown; the columns are provider,")
    assert message.endswith("; optional: from_quantity, minimum_cost")


def test_a_month_costs_at_least_its_minimum(tmp_path: Path) -> None:
    """600 core-hours at 0.10 are 60 EUR; of a minimum of 75 EUR 15 are owed besides, by a line of their own."""
    warehouse = warehouse_with(usage=[usage("400", region="north"), usage("200", region="south", start="2026-10-09")])
    tiered(warehouse, tmp_path, f"{FIRST}75", SECOND)

    found = minimums(warehouse, "charge_period_start", "charge_period_end", "meter", "consumed_quantity", "list_cost")
    [(start, end, meter, consumed, list_cost, cost, source)] = found
    assert (start.date(), end.date()) == (date(2026, 10, 1), date(2026, 11, 1))
    assert (meter, consumed, list_cost, cost, source) == ("core_hours", None, 15, 15, "prices.csv line 2")
    assert failing(warehouse) == []
    tables = summarise_month(read_frames(warehouse, period=OCTOBER), period=OCTOBER, now=NOW)
    assert tables.tie_out.select("source_total", "difference").rows() == [(75, 0)]
    assert sum(tables.usage["quantity"].to_list()) == 600
    assert {row["cost_basis"]: row["effective_cost"] for row in tables.pricing.to_dicts()} == {
        "price_book": 60,
        "minimum": 15,
    }


@pytest.mark.parametrize("amount", ["750", "751"])
def test_a_month_that_costs_its_minimum_or_more_owes_nothing_besides(tmp_path: Path, amount: str) -> None:
    warehouse = warehouse_with(usage=[usage(amount)])
    tiered(warehouse, tmp_path, f"{FIRST}75")

    assert minimums(warehouse) == []
    assert failing(warehouse) == []


def test_a_minimum_is_owed_by_each_sub_account_that_used_the_meter(tmp_path: Path) -> None:
    warehouse = warehouse_with(
        usage=[usage("100"), usage("0", account="p2"), usage("1", account="p3", meter="gpu_hours")]
    )
    tiered(warehouse, tmp_path, f"{FIRST}75")

    assert minimums(warehouse, "sub_account_id") == [("p1", 65, "prices.csv line 2"), ("p2", 75, "prices.csv line 2")]


def test_a_minimum_that_names_its_sub_account_is_owed_without_usage(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("100", account="p2")])
    priced(
        warehouse,
        tmp_path,
        "alpha,alpha-main,p1,,core_hours,core-hour,0.10,EUR,2026-01-01,,contract,,75",
        header=TIERS_HEADER,
        projects="alpha-main,p1,Web,,\n",
    )

    assert minimums(warehouse, "sub_account_id", "project") == [("p1", "Web", 75, "prices.csv line 2")]
    assert failing(warehouse) == []


@pytest.mark.parametrize(
    ("rows", "owed"),
    [
        ([FIRST.replace("2026-01-01,", "2026-10-15,2026-10-20") + "75"], 65),
        ([FIRST.replace("2026-01-01,", "2026-01-01,2026-10-15") + "75", FIRST.replace("2026-01-01", "2026-10-15")], 55),
        (
            [
                FIRST.replace("2026-01-01,", "2026-01-01,2026-10-15") + "75",
                FIRST.replace("2026-01-01", "2026-10-15") + "90",
            ],
            70,
        ),
    ],
    ids=["five days of validity", "ends within the month", "the last one counts"],
)
def test_a_minimum_is_not_prorated(tmp_path: Path, rows: list[str], owed: int) -> None:
    """100 core-hours on the 1st and the 15th: 20 EUR when both are priced, 10 when only one is."""
    warehouse = warehouse_with(usage=[usage("100"), usage("100", start="2026-10-15")])
    tiered(warehouse, tmp_path, *rows)

    assert [row[0] for row in minimums(warehouse)] == [owed]
    assert failing(warehouse) == []


def test_what_is_owed_to_a_minimum_is_in_no_forecast_and_no_anomaly(tmp_path: Path) -> None:
    """10 EUR of use on the 1st, and 65 that are no day's."""
    warehouse = warehouse_with(usage=[usage("100")])
    tiered(warehouse, tmp_path, f"{FIRST}75")
    span = {"first_period": "2026-09", "billing_period": "2026-10"}

    assert warehouse.frame("marts/recent_days", **span)["effective_cost"].to_list() == [10]
    assert warehouse.frame("marts/item_days", **span, least_cost=Decimal(1))["effective_cost"].to_list() == [10]
    assert warehouse.frame("marts/daily_costs", **span)["effective_cost"].to_list() == [75]


def test_checks_find_parts_that_do_not_add_up_and_a_minimum_that_is_not_reached(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1200")])
    tiered(warehouse, tmp_path, f"{FIRST}200", SECOND)
    graded = warehouse.select("marts.book_graded_charges")
    warehouse.delete("marts.book_graded_charges")
    part = pl.col("from_quantity") == 1000
    spoilt = graded.with_columns(
        pl.when(part).then(pl.col("pricing_quantity") - 1).otherwise("pricing_quantity").alias("pricing_quantity"),
        pl.when(part).then(pl.col("list_cost") - Decimal("0.05")).otherwise("list_cost").alias("list_cost"),
    )
    warehouse.insert("marts.book_graded_charges", spoilt)

    assert failing(warehouse) == ["graded_quantity", "minimum_cost"]


AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=12)
BOUNDARIES = st.lists(st.decimals("0.000000000001", 10**6, places=12), max_size=4, unique=True).map(sorted)
PRICES = st.lists(st.decimals(min_value=0, max_value=10**5, places=12), min_size=5, max_size=5)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(AMOUNTS, min_size=1, max_size=12),
    BOUNDARIES,
    PRICES,
    st.sampled_from(["core_hours,core-hour", "network_in_bytes,GiB"]),
)
def test_tiers_split_every_quantity_and_the_parts_sum_to_the_line_and_the_month(
    tmp_path: Path, amounts: list[Decimal], boundaries: list[Decimal], prices: list[Decimal], meter: str
) -> None:
    name, _ = meter.split(",")
    rows: list[Row] = [usage(str(one), meter=name, resource=f"r{n:02d}") for n, one in enumerate(amounts)]
    warehouse = warehouse_with(usage=rows)
    starts = [Decimal(0), *boundaries]
    book = zip(starts, prices, strict=False)
    tiered(warehouse, tmp_path, *(f"alpha,,,,{meter},{price:f},EUR,2026-01-01,,x,{start:f}," for start, price in book))

    found = charges(warehouse, "consumed_quantity", "pricing_quantity", "list_unit_price", "effective_cost")
    assert sum(row[0] for row in found) == sum(amounts)
    factor = 2**30 if name == "network_in_bytes" else 1
    whole = sum((quantise(CONTEXT.divide(one, Decimal(factor)), 12) for one in amounts), Decimal(0))
    assert sum(row[1] for row in found) == whole
    assert [row[3] for row in found] == [quantise(CONTEXT.multiply(row[1], row[2]), 12) for row in found]
    ends = [*boundaries, max(whole, *starts)]
    for start, end, price in zip(starts, ends, prices, strict=False):
        inside = max(min(whole, end) - start, Decimal(0))
        assert sum(row[1] for row in found if row[2] == price) == inside or prices.count(price) > 1
    assert failing(warehouse) == []
