"""Costs are added up before they are joined: what is read of a month is what its charges come to, label by label."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import cost, priced, usage, warehouse_with, whole_charges

CORE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"
CHECKOUT, SHOP = (json.dumps([{"key": "team", "value": value}]) for value in ("checkout", "shop"))
PROJECTS = "kube-main,*,Shop,,\nkube-main,label:team=checkout,Checkout,,\nkube-main,label:team=shop,Shop,,\n"
SUMS = ("effective_cost", "consumed_quantity", "spot_hours", "on_demand_hours", "savings_available")


@pytest.fixture
def month(tmp_path: Path) -> Warehouse:
    """Priced and unpriced usage, and costs of the same workloads with and without labels, hours and a cost."""
    warehouse = warehouse_with(
        usage=[
            usage("10"),
            usage("5", start="2026-10-02"),
            usage("3", meter="memory_gib_hours", region="north"),
            usage("0", meter="memory_gib_hours", start="2026-10-05"),
        ],
        costs=[
            cost("1", spot="2", on_demand="0", savings="0.5"),
            cost("2", day=2, spot="1", on_demand="1", labels=SHOP),
            cost("4", day=3, spot="1", on_demand="1", labels=CHECKOUT),
            cost("8", day=3, spot="1", on_demand="1", workload="job"),
            cost(None, day=3, workload="lost", labels=CHECKOUT),
        ],
    )
    priced(warehouse, tmp_path, CORE, projects=PROJECTS)
    return warehouse


def known_sums(frame: pl.DataFrame, *keys: str) -> list[tuple[object, ...]]:
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in SUMS]
    return frame.group_by(keys).agg(*sums, charges=pl.len()).sort(keys).rows()


def test_the_month_s_rows_add_up_its_charges(month: Warehouse) -> None:
    keys = ("connection", "sub_account_id", "sub_account_name", "project", "provider", "region", "meter", "unit")
    keys += ("workload", "pricing_category", "cost_basis", "basis", "billing_currency", "price_source")
    rows = month.frame("marts/month_charges", billing_period="2026-10").select(*keys, *SUMS, "charges").sort(keys)

    assert rows.rows() == known_sums(whole_charges(month), *keys)


def test_a_label_that_says_what_the_namespace_says_parts_no_row(month: Warehouse) -> None:
    rows = month.frame("marts/month_charges", billing_period="2026-10").filter(pl.col("workload") == "api")

    assert sorted(rows.select("project", "pricing_category", "effective_cost").rows()) == [
        ("Checkout", "mixed", 4),
        ("Shop", "mixed", 2),
        ("Shop", "spot", 1),
    ]


def test_the_month_s_days_are_those_of_its_charges(month: Warehouse) -> None:
    days = month.select("marts.day_costs").sort("date", "project", "cost_basis", nulls_last=True)

    assert days.select("date", "project", "billing_currency", "cost_basis", "effective_cost").rows() == [
        (date(2026, 10, 1), "Shop", "USD", "provider", Decimal(1)),
        (date(2026, 10, 1), "Web", "EUR", "price_book", Decimal(1)),
        (date(2026, 10, 1), "Web", None, None, None),
        (date(2026, 10, 2), "Shop", "USD", "provider", Decimal(2)),
        (date(2026, 10, 2), "Web", "EUR", "price_book", Decimal("0.5")),
        (date(2026, 10, 3), "Checkout", "USD", "provider", Decimal(4)),
        (date(2026, 10, 3), "Checkout", "USD", None, None),
        (date(2026, 10, 3), "Shop", "USD", "provider", Decimal(8)),
    ]
