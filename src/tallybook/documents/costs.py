"""Rows of connections, pricing, prices, months and days: amounts that add up to what is shown above them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.control import AdjustmentRow
from tallybook.documents.figures import (
    Row,
    add,
    bounds,
    column_figures,
    coverage_shown,
    difference,
    known,
    money,
    percent_of,
    quantity,
    shares,
    total_of,
    trimmed,
)
from tallybook.documents.inputs import MonthInputs, has_unseen
from tallybook.documents.model import DailyPoint, PriceRow, PricingRow, ProviderRow, TrendPoint
from tallybook.documents.values import Figure
from tallybook.documents.words import adjustment_words
from tallybook.pricing.books import Budget
from tallybook.pricing.examples import is_example_source

COUNTING_NOTHING = ("adjusted", "allocated")
"""The basis of lines that move or change a cost and count no usage."""


def dearest_first(row: Row) -> tuple[bool, str, bool, Decimal, str, str]:
    """The order of cost rows: by currency, then the dearest first; what is not known comes last."""
    currency, cost = row["billing_currency"], row["effective_cost"]
    return (
        currency is None,
        currency or "",
        cost is None,
        -(cost or Decimal(0)),
        row.get("project") or "",
        row.get("connection") or "",
    )


def provider_rows(inputs: MonthInputs) -> tuple[ProviderRow, ...]:
    """All connections, the dearest first."""
    rows = sorted(inputs.tables.providers.to_dicts(), key=dearest_first)
    basis = basis_of(inputs.tables.lines, "connection")
    return tuple(
        ProviderRow(
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            billing_currency=row["billing_currency"] or "",
            **cells,
            coverage_pct=coverage_shown(row["coverage_pct"]),
            basis=basis.get((row["connection"],), ()),
        )
        for row, cells in zip(rows, cost_columns(rows), strict=True)
    )


def basis_of(lines: pl.DataFrame, *by: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """How the quantities of each connection, or project and connection, are known, where they count any."""
    counted = lines.filter(~pl.col("basis").is_in(COUNTING_NOTHING)).group_by(by).agg(pl.col("basis").unique().sort())
    return {tuple(key): tuple(found) for *key, found in counted.iter_rows()}


def cost_columns(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The cells that project and provider rows share."""
    costs = column_figures(rows, "effective_cost")
    before = column_figures(rows, "previous_effective_cost")
    changes = [difference(cost, earlier) for cost, earlier in zip(costs, before, strict=True)]
    return [
        {
            "effective_cost": cost,
            "previous_effective_cost": earlier,
            "change": change,
            "change_pct": percent_of(change.exact, earlier.exact),
            "share_pct": share,
            **bounds(row),
        }
        for row, cost, earlier, change, share in zip(
            rows, costs, before, changes, shares(rows, "effective_cost"), strict=True
        )
    ]


_CATEGORIES = ("spot", "on_demand", "mixed", "unknown")


def pricing_rows(inputs: MonthInputs) -> tuple[PricingRow, ...]:
    """Pricing categories per currency over all projects; they add up to the currency's total.

    What rules of allocation.csv spread adds up to 0 over all projects and is left out.
    """
    rows = (
        inputs.tables.pricing.filter(pl.col("cost_basis") != "allocation")
        .group_by("billing_currency", "pricing_category", "cost_basis")
        .agg(
            pl.when(pl.col("hours").count() > 0).then(pl.col("hours").sum()).alias("hours"),
            pl.when(pl.col("effective_cost").count() > 0).then(pl.col("effective_cost").sum()).alias("effective_cost"),
            pl.col("is_lower_bound").any(),
        )
        .sort("billing_currency", pl.col("pricing_category").cast(pl.Enum(_CATEGORIES)), "cost_basis")
        .to_dicts()
    )
    costs, parts = column_figures(rows, "effective_cost"), shares(rows, "effective_cost")
    return tuple(
        PricingRow(
            billing_currency=row["billing_currency"],
            pricing_category=row["pricing_category"],
            hours=quantity(row["hours"], "hour"),
            effective_cost=cost,
            share_pct=share,
            cost_basis=row["cost_basis"],
            is_lower_bound=row["is_lower_bound"] or has_unseen(inputs, row["billing_currency"]),
        )
        for row, cost, share in zip(rows, costs, parts, strict=True)
    )


def pricing_totals(rows: Sequence[PricingRow]) -> tuple[PricingRow, ...]:
    """The sum of each category that has several rows: spot as stated and spot as estimated."""
    groups: dict[tuple[str, str], list[PricingRow]] = {}
    for row in rows:
        groups.setdefault((row.billing_currency, row.pricing_category), []).append(row)
    return tuple(
        PricingRow(
            billing_currency=currency,
            pricing_category=category,
            hours=total_of(row.hours for row in group),
            effective_cost=total_of(row.effective_cost for row in group),
            share_pct=add(row.share_pct for row in group),
            cost_basis="",
            is_lower_bound=any(row.is_lower_bound for row in group),
        )
        for (currency, category), group in groups.items()
        if len(group) > 1
    )


def price_rows(inputs: MonthInputs) -> tuple[PriceRow, ...]:
    """The price rows that made charges, in the price book's order of keys."""
    rows = inputs.tables.prices.to_dicts()
    return tuple(
        PriceRow(
            provider_label=inputs.label(row["provider"]),
            meter=row["meter"],
            unit=row["pricing_unit"],
            unit_price=trimmed(row["list_unit_price"]),
            billing_currency=row["billing_currency"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            source=row["source"] or row["price_source"],
            is_example=is_example_source(row["source"]),
            quantity=quantity(row["pricing_quantity"], row["pricing_unit"]),
            effective_cost=cost,
            is_lower_bound=row["is_lower_bound"],
            from_quantity=known(row["from_quantity"] or None),
            minimum_cost=known(row["minimum_cost"] or None),
            committed_quantity=known(row["committed_quantity"] or None),
            connection=row["connection"] or "",
            sub_account_id=row["sub_account_id"] or "",
            region=row["region"] or "",
        )
        for row, cost in zip(rows, column_figures(rows, "effective_cost"), strict=True)
    )


def adjustment_rows(inputs: MonthInputs) -> tuple[AdjustmentRow, ...]:
    """What adjustments.csv added to or took from the costs, by project."""
    rows = inputs.tables.lines.filter(pl.col("adjustment") != "").to_dicts()
    return tuple(
        AdjustmentRow(
            project=row["project"],
            connection=row["connection"],
            adjustment=adjustment_words(row["adjustment"], language=inputs.language),
            billing_currency=row["billing_currency"],
            effective_cost=cost,
        )
        for row, cost in zip(rows, column_figures(rows, "effective_cost"), strict=True)
    )


def trend_points(inputs: MonthInputs) -> tuple[TrendPoint, ...]:
    """The months up to this one, each shown as its own report shows it."""
    return tuple(
        TrendPoint(
            billing_period=row["billing_period"],
            billing_currency=row["billing_currency"],
            effective_cost=money(row["effective_cost"], row["billing_currency"]),
            is_complete=row["is_complete"],
            budget=_month_budget(inputs, row["billing_period"], row["billing_currency"]),
        )
        for row in inputs.tables.trend.to_dicts()
    )


def _month_budget(inputs: MonthInputs, month: str, currency: str) -> Figure:
    lines = [line for line in inputs.budgets if (line.month, line.currency) == (month, currency)]
    return money(add(line.budget for line in lines), currency)


def daily_points(inputs: MonthInputs) -> tuple[DailyPoint, ...]:
    """The month's days; they add up to the currency's total."""
    rows = inputs.tables.daily.to_dicts()
    return tuple(
        DailyPoint(
            date=row["date"],
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            billing_currency=row["billing_currency"],
            effective_cost=cost,
            is_lower_bound=row["is_lower_bound"],
        )
        for row, cost in zip(rows, column_figures(rows, "effective_cost"), strict=True)
    )


def budget_lines(inputs: MonthInputs, *, currency: str | None = None, project: str | None = None) -> list[Budget]:
    """The month's lines of budgets.csv, of one currency and project or of all."""
    return [
        line
        for line in inputs.budgets
        if line.month == str(inputs.period) and currency in (None, line.currency) and project in (None, line.project)
    ]
