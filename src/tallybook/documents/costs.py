"""Rows of projects, connections, pricing, prices, months and days: amounts that add up to what is shown above them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.figures import (
    Row,
    add,
    column_figures,
    coverage_shown,
    difference,
    money,
    percent_of,
    quantity,
    shares,
    trimmed,
)
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import DailyPoint, Figure, PriceRow, PricingRow, ProjectRow, ProviderRow, TrendPoint


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


def project_rows(inputs: MonthInputs, slugs: Mapping[str, str]) -> tuple[ProjectRow, ...]:
    """All projects, the dearest first."""
    rows = sorted(inputs.tables.projects.to_dicts(), key=dearest_first)
    columns = _cost_columns(rows)
    listed = column_figures(rows, "list_cost")
    answerable = answerable_for(inputs.tables.accounts)
    return tuple(
        ProjectRow(
            project=row["project"],
            slug=slugs[row["project"]],
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            billing_currency=row["billing_currency"] or "",
            list_cost=list_cost,
            **cells,
            coverage_pct=coverage_shown(row["coverage_pct"]),
            cost_center=answerable.get(row["project"], ("", ""))[0],
            owner=answerable.get(row["project"], ("", ""))[1],
        )
        for row, list_cost, cells in zip(rows, listed, columns, strict=True)
    )


def provider_rows(inputs: MonthInputs) -> tuple[ProviderRow, ...]:
    """All connections, the dearest first."""
    rows = sorted(inputs.tables.providers.to_dicts(), key=dearest_first)
    return tuple(
        ProviderRow(
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            billing_currency=row["billing_currency"] or "",
            **cells,
            coverage_pct=coverage_shown(row["coverage_pct"]),
        )
        for row, cells in zip(rows, _cost_columns(rows), strict=True)
    )


def _cost_columns(rows: Sequence[Row]) -> list[dict[str, Any]]:
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
        }
        for cost, earlier, change, share in zip(costs, before, changes, shares(rows, "effective_cost"), strict=True)
    ]


def answerable_for(accounts: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Cost centre and owner of each project; several of them are listed."""
    people: dict[str, tuple[set[str], set[str]]] = {}
    for project, cost_center, owner in accounts.select("project", "cost_center", "owner").iter_rows():
        centers, owners = people.setdefault(project, (set(), set()))
        centers.add(cost_center)
        owners.add(owner)
    return {
        project: (", ".join(sorted(centers - {""})), ", ".join(sorted(owners - {""})))
        for project, (centers, owners) in people.items()
    }


_CATEGORIES = ("spot", "on_demand", "mixed", "unknown")


def pricing_rows(inputs: MonthInputs) -> tuple[PricingRow, ...]:
    """Pricing categories per currency over all projects; they add up to the currency's total."""
    rows = (
        inputs.tables.pricing.group_by("billing_currency", "pricing_category", "cost_basis")
        .agg(
            pl.when(pl.col("hours").count() > 0).then(pl.col("hours").sum()).alias("hours"),
            pl.when(pl.col("effective_cost").count() > 0).then(pl.col("effective_cost").sum()).alias("effective_cost"),
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
        )
        for row, cost, share in zip(rows, costs, parts, strict=True)
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
            quantity=quantity(row["pricing_quantity"], row["pricing_unit"]),
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
        )
        for row in inputs.tables.trend.to_dicts()
    )


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
        )
        for row, cost in zip(rows, column_figures(rows, "effective_cost"), strict=True)
    )


def budget_of(inputs: MonthInputs, currency: str, *, project: str | None = None) -> Figure:
    """The month's budget in a currency, of one project or of all; not known without a line in budgets.csv."""
    lines = [
        line.budget
        for line in inputs.budgets
        if line.month == str(inputs.period) and line.currency == currency and project in (None, line.project)
    ]
    return money(add(lines), currency)
