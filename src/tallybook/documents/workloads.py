"""The dearest workloads of each currency, and one row for the rest."""

from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.figures import (
    Row,
    add,
    bounds,
    column_figures,
    difference,
    fit,
    percent_of,
    quantity,
    rounded_pct,
    shares,
)
from tallybook.documents.model import WorkloadRow
from tallybook.documents.values import Figure
from tallybook.money import minor_digits

TOP = 20

_NAMES = ("connection", "cluster", "namespace", "workload", "workload_type")
_SUMS = ("effective_cost", "previous_effective_cost", "spot_hours", "on_demand_hours", "savings_available")


def workload_rows(
    workloads: pl.DataFrame, *, top: int = TOP, totals: dict[str, Decimal] | None = None
) -> tuple[WorkloadRow, ...]:
    """The `top` workloads per currency, the dearest first, then the sum of the others.

    `totals` gives shown totals to add up to, per currency; without it the rows add up to their own rounded total.
    """
    found: list[WorkloadRow] = []
    for currency in workloads["billing_currency"].unique().sort().to_list():
        own = workloads.filter(pl.col("billing_currency") == currency)
        rows = _cut(own, top)
        costs = column_figures(rows, "effective_cost")
        if totals is not None and currency in totals:
            costs = _fitted(costs, total=totals[currency], currency=currency)
        before = column_figures(rows, "previous_effective_cost")
        savings = column_figures(rows, "savings_available")
        parts = shares(rows, "effective_cost")
        found += [_row(*cells) for cells in zip(rows, costs, before, savings, parts, strict=True)]
    return tuple(found)


def _cut(workloads: pl.DataFrame, top: int) -> list[dict[str, Any]]:
    ordered = workloads.sort("effective_cost", *_NAMES, descending=[True, *[False] * len(_NAMES)], nulls_last=True)
    rows = [{**row, "merged": 1} for row in ordered.head(top).to_dicts()]
    rest = ordered.slice(top)
    if rest.height == 1:
        rows += [{**rest.row(0, named=True), "merged": 1}]
    elif rest.height:
        rows.append(_rest(rest))
    return rows


def _rest(rest: pl.DataFrame) -> dict[str, Any]:
    sums: dict[str, Any] = {name: rest[name].sum() if rest[name].count() else None for name in _SUMS}
    hours = add([sums["spot_hours"], sums["on_demand_hours"]])
    known = sums["spot_hours"] is not None and sums["on_demand_hours"] is not None
    return {
        **dict.fromkeys(_NAMES, ""),
        **sums,
        "billing_currency": rest["billing_currency"][0],
        "spot_pct": percent_of(sums["spot_hours"], hours) if known else None,
        "merged": rest.height,
        "is_lower_bound": rest["is_lower_bound"].any(),
        "previous_is_lower_bound": rest["previous_is_lower_bound"].any(),
    }


def _row(row: Row, cost: Figure, before: Figure, savings: Figure, share: Decimal | None) -> WorkloadRow:
    change = difference(cost, before)
    return WorkloadRow(
        **{name: row[name] for name in _NAMES},
        billing_currency=row["billing_currency"],
        effective_cost=cost,
        previous_effective_cost=before,
        change_pct=percent_of(change.exact, before.exact),
        spot_hours=quantity(row["spot_hours"], "hour"),
        on_demand_hours=quantity(row["on_demand_hours"], "hour"),
        spot_pct=rounded_pct(row["spot_pct"]),
        savings_available=savings,
        merged=row["merged"],
        **bounds(row),
        change=change,
        share_pct=share,
    )


def _fitted(figures: list[Figure], *, total: Decimal, currency: str) -> list[Figure]:
    known = [one.exact for one in figures if one.exact is not None]
    shown = iter(fit(known, total=total, digits=minor_digits(currency)))
    return [one if one.exact is None else Figure(one.exact, next(shown)) for one in figures]
