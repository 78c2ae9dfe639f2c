"""What was bought upfront: worked by hand, in a real warehouse."""

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
from tallybook.pricing.adjustments import COLUMNS as ADJUSTMENTS
from tallybook.pricing.books import Books, read_books, unknown_connections
from tallybook.pricing.charges import make_charges
from tallybook.pricing.checks import run_checks
from tallybook.summaries.month import MonthTables, read_frames, summarise_month
from tallybook.warehouse import Warehouse
from tests.documents.tiny_month import NOW
from tests.pricing.tiny_facts import (
    COMMITMENTS_HEADER,
    OCTOBER,
    PRICES_HEADER,
    TIERS_HEADER,
    charges,
    covered,
    priced,
    usage,
    warehouse_with,
)

CORE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"
DAY = "2026-10-05,2026-10-06"
UPFRONT = f"alpha-main,p1,,core_hours,core-hour,100,0.06,EUR,{DAY},frame contract"
ON_THE_DAY = "2026-10-05"


def committed(warehouse: Warehouse, folder: Path, *rows: str, prices: tuple[str, ...] = (CORE,), **more: Any) -> Books:
    return priced(warehouse, folder, *prices, commitments=rows, **more)


def failing(warehouse: Warehouse) -> list[str]:
    return [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds]


def lines(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    """Status, the columns, quantity and cost; used before unused before what is above."""
    found = charges(warehouse, "commitment_discount_status", *columns, "pricing_quantity", "effective_cost")
    return sorted(found, key=lambda row: (["Used", "Unused", ""].index(row[0]), *map(str, row[1:])))


def tables(warehouse: Warehouse) -> MonthTables:
    return summarise_month(read_frames(warehouse, period=OCTOBER), period=OCTOBER, now=NOW)


def refused(folder: Path, *rows: str) -> str:
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    folder.joinpath("commitments.csv").write_text(
        COMMITMENTS_HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8"
    )
    with pytest.raises(BookError) as caught:
        read_books(folder)
    return str(caught.value)


def test_usage_up_to_the_commitment_is_covered_and_the_rest_of_it_is_charged_too(tmp_path: Path) -> None:
    """100 cores cover 2,400 core-hours a day; 1,800 are used: 108 EUR, and 600 are not: 36 EUR."""
    warehouse = warehouse_with(usage=[usage("1800", start=ON_THE_DAY)])
    committed(warehouse, tmp_path, UPFRONT)

    found = lines(warehouse, "pricing_category", "cost_basis", "price_source", "basis", "consumed_quantity")
    assert found == [
        ("Used", "committed", "commitment", "commitments.csv line 2", "metered", 1800, 1800, 108),
        ("Unused", "committed", "commitment", "commitments.csv line 2", "contracted", None, 600, 36),
    ]
    assert failing(warehouse) == []


def test_usage_above_is_priced_by_the_price_book(tmp_path: Path) -> None:
    """2,700 core-hours: 2,400 at 0.06 are 144 EUR, 300 at 0.10 are 30; the day after has no commitment."""
    warehouse = warehouse_with(usage=[usage("2700", start=ON_THE_DAY), usage("10", start="2026-10-06")])
    committed(warehouse, tmp_path, UPFRONT)

    assert lines(warehouse, "price_source") == [
        ("Used", "commitments.csv line 2", 2400, 144),
        ("", "prices.csv line 2", 10, 1),
        ("", "prices.csv line 2", 300, 30),
    ]
    assert failing(warehouse) == []


def test_one_without_a_region_covers_all_regions_together(tmp_path: Path) -> None:
    """As SysEleven sells it, in the order of the regions: 1,500 in dbl, 900 of 1,000 in fes."""
    rows = [usage("1500", start=ON_THE_DAY, region="dbl"), usage("1000", start=ON_THE_DAY, region="fes")]
    warehouse = warehouse_with(usage=rows)
    committed(warehouse, tmp_path, UPFRONT)

    assert lines(warehouse, "region") == [
        ("Used", "dbl", 1500, 90),
        ("Used", "fes", 900, 54),
        ("", "fes", 100, 10),
    ]


def test_one_with_a_region_covers_that_one(tmp_path: Path) -> None:
    rows = [usage("1500", start=ON_THE_DAY, region="dbl"), usage("1000", start=ON_THE_DAY, region="fes")]
    warehouse = warehouse_with(usage=rows)
    committed(warehouse, tmp_path, UPFRONT.replace("p1,,", "p1,fes,"))

    assert lines(warehouse, "region") == [
        ("Used", "fes", 1000, 60),
        ("Unused", "fes", 1400, 84),
        ("", "dbl", 1500, 150),
    ]


def test_two_commitments_add_up_in_the_order_of_their_lines(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("3000", start=ON_THE_DAY)])
    committed(warehouse, tmp_path, UPFRONT, UPFRONT.replace("100,0.06", "50,0.05"))

    assert lines(warehouse, "price_source") == [
        ("Used", "commitments.csv line 2", 2400, 144),
        ("Used", "commitments.csv line 3", 600, 30),
        ("Unused", "commitments.csv line 3", 600, 30),
    ]


def test_it_is_owed_on_each_day_also_without_any_usage(tmp_path: Path) -> None:
    """31 days of 24 core-hours at 0.06: 44.64 EUR, in the project that projects.csv gives the sub account."""
    warehouse = warehouse_with(coverage=[covered("24", on=date(2026, 10, 1))])
    row = "alpha-main,p9,,core_hours,core-hour,1,0.06,EUR,2026-01-01,,contract"
    committed(warehouse, tmp_path, row, projects="alpha-main,p9,Shop,,\n")

    found = charges(warehouse, "commitment_discount_status", "project", "effective_cost")
    assert found == [("Unused", "Shop", Decimal("1.44"))] * 31
    [project] = tables(warehouse).projects.to_dicts()
    assert (project["project"], project["effective_cost"]) == ("Shop", Decimal("44.64"))
    assert failing(warehouse) == []


def test_of_a_connection_that_the_month_does_not_know_nothing_is_charged_and_that_is_told(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1")])
    books = committed(warehouse, tmp_path, UPFRONT.replace("alpha-main", "alpha-mian"))

    assert [row[0] for row in lines(warehouse)] == [""]
    assert unknown_connections(books, ["alpha-main"]) == (
        "commitments.csv line 2 charges nothing: no connection 'alpha-mian' is configured; did you mean 'alpha-main'?",
    )


def test_other_meters_and_sub_accounts_are_left_alone(tmp_path: Path) -> None:
    warehouse = warehouse_with(
        usage=[usage("10", start=ON_THE_DAY, account="p2"), usage("10", start=ON_THE_DAY, meter="gpu_hours")]
    )
    committed(warehouse, tmp_path, UPFRONT)

    assert lines(warehouse) == [("Unused", 2400, 144), ("", 10, 1), ("", 10, None)]


def test_what_is_above_counts_for_tiers_and_minimums(tmp_path: Path) -> None:
    """Of 2,700 core-hours 300 are above: 200 at 0.10 and 100 at 0.05 are 25 EUR, 75 below the minimum of 100."""
    warehouse = warehouse_with(usage=[usage("2700", start=ON_THE_DAY)])
    committed(
        warehouse,
        tmp_path,
        UPFRONT,
        prices=(f"{CORE},,100", f"{CORE.replace('0.10', '0.05')},200,"),
        header=TIERS_HEADER,
    )

    assert lines(warehouse, "cost_basis") == [
        ("Used", "commitment", 2400, 144),
        ("", "minimum", None, 75),
        ("", "price_book", 100, 5),
        ("", "price_book", 200, 20),
    ]
    assert failing(warehouse) == []


def test_above_a_commitment_without_a_price_the_cost_is_not_known(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("2500", start=ON_THE_DAY)])
    committed(warehouse, tmp_path, UPFRONT, prices=())

    assert lines(warehouse, "billing_currency") == [("Used", "EUR", 2400, 144), ("", None, 100, None)]
    assert failing(warehouse) == []


def test_the_summary_says_what_was_used_and_what_the_rest_cost(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1800", start=ON_THE_DAY)])
    committed(warehouse, tmp_path, UPFRONT)
    made = tables(warehouse)

    [row] = made.commitments.to_dicts()
    wanted = {
        "committed_quantity": 100, "used_quantity": 1800, "unused_quantity": 600, "used_cost": 108, "unused_cost": 36,
        "effective_cost": 144, "utilisation_pct": 75, "project": "Web", "price_source": "commitments.csv line 2",
        "is_lower_bound": False, "region": "",
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert made.usage["quantity"].to_list() == [1800]
    assert made.tie_out.select("source_total", "difference").rows() == [(144, 0)]
    [category] = made.pricing.to_dicts()
    assert (category["pricing_category"], category["cost_basis"]) == ("unknown", "commitment")


def test_what_was_used_of_a_month_seen_in_part_is_a_lower_bound_and_the_cost_is_not(tmp_path: Path) -> None:
    seen = [covered("24" if day != 9 else "12", on=date(2026, 10, day)) for day in range(1, 32)]
    warehouse = warehouse_with(usage=[usage("1800", start=ON_THE_DAY)], coverage=seen)
    committed(warehouse, tmp_path, UPFRONT)

    [row] = tables(warehouse).commitments.to_dicts()
    assert (row["is_lower_bound"], row["effective_cost"]) == (True, 144)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            UPFRONT.replace("core_hours,core-hour", "network_out_bytes,GiB"),
            "column meter: network_out_bytes is a volume",
        ),
        (UPFRONT.replace("core_hours", "cores"), "column meter: unknown meter 'cores'; known: core_hours,"),
        (UPFRONT.replace("core-hour,", "core,"), "column unit: 'core' is not the unit of core_hours; write core-hour"),
        (UPFRONT.replace(",100,", ",0,"), "column committed_quantity: 0 commits to nothing"),
        (UPFRONT.replace(",100,", ",1000000000,"), "column committed_quantity: 1000000000 has more than 9 digits"),
        (UPFRONT.replace("p1", ""), "column sub_account_id: is empty"),
        (UPFRONT.replace("alpha-main", ""), "column connection: is empty"),
        (UPFRONT.replace(DAY, "2026-10-05,2026-10-05"), "column valid_to: 2026-10-05 is not after valid_from"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column(tmp_path: Path, row: str, told: str) -> None:
    assert refused(tmp_path, row).startswith(f"commitments.csv line 2, {told}")


def test_what_covers_what_must_be_clear(tmp_path: Path) -> None:
    assert refused(tmp_path, UPFRONT, UPFRONT).startswith("commitments.csv lines 2 and 3: the same commitment twice")
    message = refused(tmp_path, UPFRONT, UPFRONT.replace("p1,,", "p1,fes,"))
    assert message.startswith("commitments.csv lines 2 and 3: one is for all regions and one for fes, at the same time")


def test_a_commitment_that_is_not_charged_whole_is_found(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1800", start=ON_THE_DAY)])
    committed(warehouse, tmp_path, UPFRONT)
    made = warehouse.select("marts.book_graded_charges")
    warehouse.delete("marts.book_graded_charges")
    warehouse.insert("marts.book_graded_charges", made.filter(pl.col("commitment_discount_status") == "Used"))

    assert failing(warehouse) == ["committed_quantity"]


def test_a_silent_connection_stays_silent_whatever_is_owed_there(tmp_path: Path) -> None:
    """Web cost 10 EUR in September. Nobody saw October: what it cost there is not known, beside 144 EUR of p9."""
    seen = [covered("24", on=date(2026, 9, day)) for day in range(1, 31)]
    silent = [covered("0", on=date(2026, 10, day)) for day in range(1, 32)]
    warehouse = warehouse_with(usage=[usage("100", month="2026-09", start="2026-09-05")], coverage=[*seen, *silent])
    books = committed(warehouse, tmp_path, UPFRONT.replace("p1", "p9"))
    make_charges(warehouse, period=OCTOBER.shift(-1), books=books)

    costs = tables(warehouse).projects.select("project", "effective_cost", "previous_effective_cost").rows()
    assert sorted(costs) == [("Web", None, 10), ("p9", 144, 0)]


def test_adjustments_are_taken_of_commitments_and_minimums_too(tmp_path: Path) -> None:
    """144 EUR committed, and 30 of a minimum of 50 above it: 10 % of 194 are 19.40."""
    row = "Web,,tax,10,,,2026-01-01,,VAT"
    tmp_path.joinpath("adjustments.csv").write_text(f"{','.join(ADJUSTMENTS)}\n{row}\n", encoding="utf-8")
    warehouse = warehouse_with(usage=[usage("2700", start=ON_THE_DAY)])
    committed(
        warehouse, tmp_path, UPFRONT, prices=(f"{CORE},,50",), header=TIERS_HEADER, projects="alpha-main,*,Web,,\n"
    )

    taxes = [row[1] for row in charges(warehouse, "charge_category", "effective_cost") if row[0] == "Tax"]
    assert sum(taxes) == Decimal("19.4")
    assert failing(warehouse) == []


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.decimals(min_value=0, max_value=10**4, places=6), min_size=2, max_size=2),
    st.decimals(min_value="0.000001", max_value=10**4, places=6),
    st.decimals(min_value="0.01", max_value=10**3, places=2),
)
def test_the_bridge_between_two_such_months_sums(
    tmp_path: Path, amounts: list[Decimal], boundary: Decimal, minimum: Decimal
) -> None:
    months = [("2026-09", amounts[0]), ("2026-10", amounts[1])]
    warehouse = warehouse_with(usage=[usage(str(one), month=month, start=f"{month}-05") for month, one in months])
    rows = (f"{CORE},,{minimum}", f"{CORE.replace('0.10', '0.03')},{boundary:f},")
    books = committed(warehouse, tmp_path, UPFRONT, prices=rows, header=TIERS_HEADER)
    make_charges(warehouse, period=OCTOBER.shift(-1), books=books)
    made = tables(warehouse)

    [bridge] = made.bridge.to_dicts()
    parts = sum(amount for name, amount in bridge.items() if name.endswith("_effect"))
    assert bridge["opening_cost"] + parts == bridge["closing_cost"]
    [tie_out] = made.tie_out.to_dicts()
    assert (tie_out["difference"], tie_out["allocated"]) == (0, bridge["closing_cost"])


QUANTITIES = st.decimals(min_value=0, max_value=10**5, places=12)
LEVELS = st.decimals(min_value="0.000000000001", max_value=10**3, places=12)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.tuples(st.sampled_from(["", "dbl", "fes"]), st.sampled_from("ab")), QUANTITIES, min_size=1),
    st.lists(LEVELS, min_size=1, max_size=3, unique=True),
    st.decimals(min_value=0, max_value=10, places=12),
)
def test_used_unused_and_above_sum_to_the_usage_and_to_the_commitment(
    tmp_path: Path, amounts: dict[tuple[str, str], Decimal], levels: list[Decimal], price: Decimal
) -> None:
    rows = [
        usage(str(amount), start=ON_THE_DAY, region=region, resource=name) for (region, name), amount in amounts.items()
    ]
    warehouse = warehouse_with(usage=rows)
    committed(warehouse, tmp_path, *(UPFRONT.replace("100,0.06", f"{level:f},{price:f}") for level in levels))

    sums: dict[str, Decimal] = {"Used": Decimal(0), "Unused": Decimal(0), "": Decimal(0)}
    found = charges(warehouse, "commitment_discount_status", "pricing_quantity", "list_unit_price", "effective_cost")
    for status, quantity, unit_price, cost in found:
        sums[status] += quantity
        assert cost == quantise(CONTEXT.multiply(quantity, unit_price), 12)
    total, covers = sum(amounts.values(), Decimal(0)), 24 * sum(levels, Decimal(0))
    assert (sums["Used"] + sums[""], sums["Used"] + sums["Unused"]) == (total, covers)
    assert sums["Used"] == min(total, covers)
    assert failing(warehouse) == []
