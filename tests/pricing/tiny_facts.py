"""Facts written by hand, put into a real warehouse in memory."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Books, read_books
from tallybook.pricing.charges import make_charges
from tallybook.warehouse import Warehouse

OCTOBER = BillingPeriod(2026, 10)
Row = dict[str, Any]

PRICES_HEADER = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
TIERS_HEADER = f"{PRICES_HEADER.rstrip()},from_quantity,minimum_cost\n"
COMMITMENTS_HEADER = (
    "connection,sub_account_id,region,meter,unit,committed_quantity,unit_price,currency,valid_from,valid_to,source\n"
)


def at(text: str) -> datetime:
    """An instant as the warehouse keeps it: naive UTC."""
    return datetime.fromisoformat(text)


def usage(
    quantity: str,
    *,
    start: str = "2026-10-01",
    hours: int = 1,
    month: str = "2026-10",
    meter: str = "core_hours",
    connection: str = "alpha-main",
    provider: str = "alpha",
    account: str = "p1",
    name: str = "Web",
    region: str = "",
    resource: str = "",
) -> Row:
    return {
        "connection": connection,
        "provider": provider,
        "dataset": "usage",
        "billing_period": month,
        "sub_account_id": account,
        "sub_account_name": name,
        "region": region,
        "resource_id": resource,
        "resource_name": resource,
        "meter": meter,
        "charge_period_start": at(start),
        "charge_period_end": at(start) + timedelta(hours=hours),
        "consumed_quantity": Decimal(quantity),
        "basis": "metered",
    }


def cost(
    amount: str | None,
    *,
    day: int = 1,
    month: str = "2026-10",
    workload: str = "api",
    spot: str | None = None,
    on_demand: str | None = None,
    savings: str | None = None,
    connection: str = "kube-main",
    currency: str = "USD",
    namespace: str = "shop",
    labels: str = "[]",
) -> Row:
    start = datetime.fromisoformat(f"{month}-{day:02d}")
    return {
        "connection": connection,
        "provider": "kube",
        "dataset": "workloads",
        "billing_period": month,
        "sub_account_id": f"c1/{namespace}",
        "sub_account_name": f"c1/{namespace}",
        "cluster": "c1",
        "namespace": namespace,
        "workload": workload,
        "workload_type": "Deployment",
        "resource_id": f"c1/{namespace}/{workload}",
        "labels": labels,
        "charge_period_start": start,
        "charge_period_end": start + timedelta(days=1),
        "billing_currency": currency,
        "effective_cost": _decimal(amount),
        "spot_hours": _decimal(spot),
        "on_demand_hours": _decimal(on_demand),
        "savings_available": _decimal(savings),
    }


def quota(
    limit: str | None,
    used: str | None,
    *,
    unlimited: bool = False,
    resource: str = "compute.cores",
    captured: str = "2026-10-31T12",
    account: str = "p1",
    unit: str = "core",
) -> Row:
    return {
        "connection": "alpha-main",
        "provider": "alpha",
        "dataset": "quota",
        "billing_period": captured[:7],
        "sub_account_id": account,
        "sub_account_name": "Web",
        "region": "north",
        "resource": resource,
        "unit": unit,
        "limit_quantity": _decimal(limit),
        "is_unlimited": unlimited,
        "used_quantity": _decimal(used),
        "captured_at": at(captured),
    }


def covered(
    received: str,
    *,
    on: date,
    expected: str = "24",
    connection: str = "alpha-main",
    dataset: str = "usage",
    feeds: str = "usage",
    unit: str = "hours",
    backfillable: bool = True,
) -> Row:
    return {
        "connection": connection,
        "provider": connection.removesuffix("-main"),
        "dataset": dataset,
        "billing_period": f"{on:%Y-%m}",
        "date": on,
        "feeds": feeds,
        "unit": unit,
        "expected": Decimal(expected),
        "received": Decimal(received),
        "is_backfillable": backfillable,
        "note": "",
    }


def warehouse_with(**facts: Iterable[Row]) -> Warehouse:
    """A warehouse in memory with rows of facts.<name>."""
    warehouse = Warehouse.in_memory()
    for name, rows in facts.items():
        add_facts(warehouse, name, list(rows))
    return warehouse


def add_facts(warehouse: Warehouse, name: str, rows: list[Row]) -> None:
    """Append rows of facts.<name>."""
    table = f"facts.{name}"
    warehouse.insert(table, pl.DataFrame(rows, schema=warehouse.select(table).schema))


def priced(
    warehouse: Warehouse,
    folder: Path,
    *rows: str,
    projects: str = "",
    commitments: Iterable[str] = (),
    header: str = PRICES_HEADER,
    period: BillingPeriod = OCTOBER,
) -> Books:
    """Write books with these price rows, make the month's charges, and give the books back."""
    folder.joinpath("prices.csv").write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    if commitments:
        lines = "".join(f"{row}\n" for row in commitments)
        folder.joinpath("commitments.csv").write_text(COMMITMENTS_HEADER + lines, encoding="utf-8")
    if projects:
        header = "connection,sub_account_id,project,cost_center,owner\n"
        folder.joinpath("projects.csv").write_text(header + projects, encoding="utf-8")
    books = read_books(folder)
    make_charges(warehouse, period=period, books=books)
    return books


def charges(warehouse: Warehouse, *columns: str, month: str = "2026-10") -> list[tuple[Any, ...]]:
    """The charges of a month in their fixed order, only some columns."""
    return whole_charges(warehouse, month).select(columns).rows()


def whole_charges(warehouse: Warehouse, month: str = "2026-10") -> pl.DataFrame:
    """The charges of a month with all their columns, in the order of tables/charges."""
    spans = {"first_day": date(2000, 1, 1), "end_day": date(2100, 1, 1)}
    return warehouse.frame("marts/charges", billing_period=month, **spans).sort(pl.all(), nulls_last=True)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
