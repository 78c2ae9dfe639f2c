"""Literal frames in the shapes of queries/marts."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

AMOUNT = pl.Decimal(38, 12)
Row = dict[str, Any]

_CHARGES = {
    "adjustment": pl.String,
    "allocation": pl.String,
    "billing_period": pl.String,
    "provider": pl.String,
    "connection": pl.String,
    "sub_account_id": pl.String,
    "sub_account_name": pl.String,
    "project": pl.String,
    "region": pl.String,
    "cluster": pl.String,
    "namespace": pl.String,
    "workload": pl.String,
    "workload_type": pl.String,
    "meter": pl.String,
    "unit": pl.String,
    "pricing_unit": pl.String,
    "list_unit_price": AMOUNT,
    "price_source": pl.String,
    "billing_currency": pl.String,
    "pricing_category": pl.String,
    "cost_basis": pl.String,
    "basis": pl.String,
    "consumed_quantity": AMOUNT,
    "pricing_quantity": AMOUNT,
    "list_cost": AMOUNT,
    "effective_cost": AMOUNT,
    "spot_hours": AMOUNT,
    "on_demand_hours": AMOUNT,
    "savings_available": AMOUNT,
    "charges": pl.Int64,
}
_COVERAGE = {
    "billing_period": pl.String,
    "connection": pl.String,
    "provider": pl.String,
    "dataset": pl.String,
    "date": pl.Date,
    "feeds": pl.String,
    "unit": pl.String,
    "expected": AMOUNT,
    "received": AMOUNT,
    "is_backfillable": pl.Boolean,
    "first_fetched_at": pl.Datetime("us"),
    "note": pl.String,
}


def used(
    cost: str | None,
    *,
    quantity: str = "1",
    project: str = "Web",
    connection: str = "alpha-main",
    meter: str = "core_hours",
    currency: str | None = "EUR",
    unit_price: str | None = "1",
    source: str = "prices.csv line 2",
    region: str = "",
) -> Row:
    """Usage, priced unless the cost is None."""
    priced = cost is not None
    return {
        "billing_period": "2026-10",
        "provider": connection.removesuffix("-main"),
        "connection": connection,
        "sub_account_id": f"id of {project}",
        "sub_account_name": project,
        "project": project,
        "region": region,
        "cluster": "",
        "namespace": "",
        "workload": "",
        "workload_type": "",
        "meter": meter,
        "unit": "core-hour",
        "pricing_unit": "core-hour",
        "list_unit_price": decimal(unit_price) if priced else None,
        "price_source": source if priced else None,
        "billing_currency": currency if priced else None,
        "pricing_category": "unknown",
        "cost_basis": "price_book" if priced else None,
        "basis": "metered",
        "adjustment": "",
        "allocation": "",
        "consumed_quantity": decimal(quantity),
        "pricing_quantity": decimal(quantity),
        "list_cost": decimal(cost),
        "effective_cost": decimal(cost),
        "spot_hours": None,
        "on_demand_hours": None,
        "savings_available": None,
        "charges": 1,
    }


def ran(
    cost: str | None,
    *,
    spot: str | None = None,
    on_demand: str | None = None,
    category: str = "unknown",
    workload: str = "api",
    project: str = "Web",
    currency: str = "USD",
    connection: str = "kube-main",
) -> Row:
    """A workload with its provider's cost."""
    return {
        **used(cost, project=project, connection=connection, currency=currency),
        "sub_account_id": "c1/shop",
        "sub_account_name": "c1/shop",
        "cluster": "c1",
        "namespace": "shop",
        "workload": workload,
        "workload_type": "Deployment",
        "meter": "",
        "unit": "",
        "pricing_unit": "",
        "list_unit_price": None,
        "price_source": None,
        "billing_currency": currency,
        "pricing_category": category,
        "cost_basis": None if cost is None else "provider",
        "basis": "provider",
        "consumed_quantity": None,
        "pricing_quantity": None,
        "list_cost": None,
        "spot_hours": decimal(spot),
        "on_demand_hours": decimal(on_demand),
    }


_ALLOCATION = {
    "charge_period_start": pl.Datetime("us"),
    "charge_period_end": pl.Datetime("us"),
    **dict.fromkeys(("provider", "connection", "project", "rule", "kind", "method", "meter", "role"), pl.String),
    **dict.fromkeys(("source_cost", "received_shared_cost", "received_idle_cost", "weight", "total_weight"), AMOUNT),
    "is_even_instead": pl.Boolean,
    "effective_cost": AMOUNT,
    "billing_currency": pl.String,
    "price_source": pl.String,
}


def taken(cost: str, *, of: str, project: str = "Platform", rule: str = "platform", received: str = "0") -> Row:
    """What a rule takes of a project that costs `of`; `received` of it is of an earlier shared rule."""
    return {
        "charge_period_start": datetime.fromisoformat("2026-10-01"),
        "charge_period_end": datetime.fromisoformat("2026-11-01"),
        "provider": "alpha",
        "connection": "alpha-main",
        "project": project,
        "rule": rule,
        "kind": "shared",
        "method": "cost",
        "meter": "",
        "role": "source",
        "source_cost": decimal(of),
        "received_shared_cost": decimal(received),
        "received_idle_cost": decimal("0"),
        "weight": None,
        "total_weight": None,
        "is_even_instead": False,
        "effective_cost": decimal(cost),
        "billing_currency": "EUR",
        "price_source": "allocation.csv line 2",
    }


def given(cost: str, project: str, *, weight: str = "1", of: str = "1", rule: str = "platform") -> Row:
    """What a rule gives to a project by its weight of all weights."""
    none = {"source_cost": None, "received_shared_cost": None, "received_idle_cost": None}
    weights = {"weight": decimal(weight), "total_weight": decimal(of)}
    return {**taken(cost, of="0", project=project, rule=rule), **none, **weights, "role": "target"}


def allocation(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_ALLOCATION)


def charges(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_CHARGES)


def day(
    number: int,
    received: str,
    *,
    expected: str = "24",
    connection: str = "alpha-main",
    dataset: str = "usage",
    feeds: str = "usage",
    unit: str = "hours",
    backfillable: bool = True,
    fetched: str | None = None,
) -> Row:
    return {
        "billing_period": "2026-10",
        "connection": connection,
        "provider": connection.removesuffix("-main"),
        "dataset": dataset,
        "date": date(2026, 10, number),
        "feeds": feeds,
        "unit": unit,
        "expected": decimal(expected),
        "received": decimal(received),
        "is_backfillable": backfillable,
        "first_fetched_at": None if fetched is None else datetime.fromisoformat(fetched),
        "note": "",
    }


def coverage(rows: Iterable[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=_COVERAGE)


def limits(*rows: tuple[str, str | None, bool, str | None, int]) -> pl.DataFrame:
    """Quotas as (resource, limit, is unlimited, used, day of October)."""
    shape = {
        "connection": pl.String,
        "provider": pl.String,
        "dataset": pl.String,
        "sub_account_id": pl.String,
        "sub_account_name": pl.String,
        "project": pl.String,
        "region": pl.String,
        "resource": pl.String,
        "unit": pl.String,
        "limit_quantity": AMOUNT,
        "is_unlimited": pl.Boolean,
        "used_quantity": AMOUNT,
        "captured_at": pl.Datetime("us"),
    }
    names = ("alpha-main", "alpha", "quota", "p1", "Web", "Web", "north")
    return pl.DataFrame(
        [
            (
                *names,
                resource,
                "core",
                decimal(limit),
                unlimited,
                decimal(use),
                datetime.fromisoformat(f"2026-10-{on:02d}"),
            )
            for resource, limit, unlimited, use, on in rows
        ],
        schema=shape,
        orient="row",
    )


def connections(**coverage_pct: str | None) -> pl.DataFrame:
    """Coverage per connection; `alpha="99.5"` is alpha-main."""
    return pl.DataFrame(
        [(f"{name}-main", name, decimal(pct), pct == "100", True) for name, pct in coverage_pct.items()],
        schema={
            "connection": pl.String,
            "provider": pl.String,
            "coverage_pct": AMOUNT,
            "is_complete": pl.Boolean,
            "has_data": pl.Boolean,
        },
        orient="row",
    )


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
