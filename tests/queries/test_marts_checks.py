"""Each check of queries/checks finds what it is for, and nothing in a month that is right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tallybook.pricing.checks import run_checks
from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import OCTOBER, Row, add_facts, cost, priced, usage, warehouse_with

PRICE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"


def offending(warehouse: Warehouse) -> dict[str, int]:
    return {check.name: check.offending.height for check in run_checks(warehouse, period=OCTOBER) if not check.holds}


def month(folder: Path, usages: list[Row], costs: list[Row]) -> Warehouse:
    warehouse = warehouse_with(usage=usages, costs=costs)
    priced(warehouse, folder, PRICE)
    return warehouse


def test_a_month_that_is_right_offends_no_check(tmp_path: Path) -> None:
    usages = [usage("1"), usage("2", start="2026-10-01T01"), usage("3", meter="instance_hours")]
    costs = [cost("1", day=1), cost("2", day=2), cost(None, day=3)]

    assert offending(month(tmp_path, usages, costs)) == {}


@pytest.mark.parametrize(
    ("usages", "costs", "found"),
    [
        ([usage("-1")], [], {"negative_usage": 1}),
        ([usage("1"), usage("1")], [], {"repeated_usage": 1}),
        ([usage("1", hours=24), usage("1", start="2026-10-01T05")], [], {"repeated_usage": 1}),
        ([], [cost("1"), cost("1")], {"repeated_costs": 1}),
        ([usage("1", start="2026-11-01")], [], {"outside_period": 1}),
        ([usage("1", start="2026-10-31T23", hours=2)], [], {"outside_period": 1}),
        ([usage("1", hours=0)], [], {"outside_period": 1}),
        ([], [cost("1", currency="")], {"cost_without_currency": 1}),
    ],
)
def test_wrong_facts_are_found(tmp_path: Path, usages: list[Row], costs: list[Row], found: dict[str, int]) -> None:
    assert offending(month(tmp_path, usages, costs)) == found


def _late_usage(warehouse: Warehouse) -> None:
    add_facts(warehouse, "usage", [usage("0.000000000001", start="2026-10-02")])


def _late_meter(warehouse: Warehouse) -> None:
    add_facts(warehouse, "usage", [usage("1", meter="gpu_hours")])


def _lost_charges(warehouse: Warehouse) -> None:
    warehouse.delete("pricing.accounts", provider="kube")


def _doubled_cost(warehouse: Warehouse) -> None:
    warehouse.insert("pricing.accounts", warehouse.select("pricing.accounts", provider="kube"))


def _wrong_cost(warehouse: Warehouse) -> None:
    rows = warehouse.select("marts.book_charges")
    warehouse.delete("marts.book_charges")
    warehouse.insert("marts.book_charges", rows.with_columns(list_cost=rows["list_cost"] + rows["list_cost"]))


def _lost_cost(warehouse: Warehouse) -> None:
    rows = warehouse.select("marts.book_charges")
    warehouse.delete("marts.book_charges")
    warehouse.insert("marts.book_charges", rows.with_columns(list_cost=None))


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_late_usage, {"usage_quantity": 1}),
        (_late_meter, {"usage_quantity": 1}),
        (_lost_charges, {"provider_cost": 1}),
        (_doubled_cost, {"provider_cost": 1}),
        (_wrong_cost, {"price_times_quantity": 1}),
        (_lost_cost, {"price_times_quantity": 1}),
    ],
)
def test_charges_that_do_not_follow_from_facts_are_found(
    tmp_path: Path, harm: Callable[[Warehouse], None], found: dict[str, int]
) -> None:
    warehouse = month(tmp_path, [usage("1")], [cost("0")])
    harm(warehouse)

    assert offending(warehouse) == found
