"""Spot and on-demand by cluster, namespace and project."""

import polars as pl

from tallybook.documents.figures import Row, money, percent_of, quantity, rounded_pct
from tallybook.documents.model import SpotRow
from tallybook.summaries.spot import sum_spot

TOP_SPOT = 10

_BY = {
    "total": (),
    "cluster": ("connection", "cluster"),
    "namespace": ("connection", "cluster", "namespace"),
    "project": ("project",),
}
_AMOUNTS = ("effective_cost", "unknown_cost", "realised_savings", "savings_available")


def spot_rows(spot: pl.DataFrame) -> tuple[SpotRow, ...]:
    """The total of each currency, then its dearest clusters, namespaces and projects; `spot` is tables.spot."""
    rows = []
    for by, columns in _BY.items():
        sums = sum_spot(spot, by=columns)
        top = sums.group_by("billing_currency", maintain_order=True).head(TOP_SPOT)
        rows += [_row(by, row) for row in top.to_dicts()]
    return tuple(rows)


def project_spot(spot: pl.DataFrame, project: str) -> tuple[SpotRow, ...]:
    """One project's hours on spot and on demand and its savings, per currency; `spot` is tables.spot."""
    own = spot.filter(pl.col("project") == project)
    return tuple(_row("project", row) for row in sum_spot(own, by=_BY["project"]).to_dicts())


def _row(by: str, row: Row) -> SpotRow:
    currency = row["billing_currency"]
    name = row.get("project") or "/".join(row[column] for column in ("cluster", "namespace") if column in row)
    return SpotRow(
        by=by,
        name=name,
        connection=row.get("connection", ""),
        billing_currency=currency,
        spot_hours=quantity(row["spot_hours"], "hour"),
        on_demand_hours=quantity(row["on_demand_hours"], "hour"),
        spot_pct=rounded_pct(row["spot_pct"]),
        **{name: money(row[name], currency) for name in _AMOUNTS},
        realised_pct=rounded_pct(row["realised_pct"]),
        judged_pct=percent_of(row["judged_hours"], row["spot_hours"]),
        is_lower_bound=row["is_lower_bound"],
    )
