"""Costs and hours per workload, as their provider states them."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, is_unpriced, known_sum, lower_bound, percent

_WORKLOAD = ("connection", "cluster", "namespace", "workload", "workload_type", "billing_currency")
_GRAIN = (*_WORKLOAD, "project")


def summarise_workloads(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    connections: pl.DataFrame,
    *,
    previous_connections: pl.DataFrame,
    billing_period: str,
) -> pl.DataFrame:
    """One row per workload that ran and project, with spot_pct = 100 * spot hours / (spot + on-demand hours).

    Example: 30 spot and 10 on-demand hours give spot_pct 75; without hours, or with one kind not known, it is null.
    previous_effective_cost is null for a workload that had none; a workload whose label became another one within the
    month belongs to two projects. A cost is a lower bound when its connection was seen
    in part or one of its days has no cost.
    """
    sums = _sums(charges, connections)
    before = _sums(previous, previous_connections).select(
        *_GRAIN, previous_effective_cost="effective_cost", previous_is_lower_bound="is_lower_bound"
    )
    return (
        sums.join(before, on=_GRAIN, how="left")
        .with_columns(
            pl.lit(billing_period).alias("billing_period"),
            pl.col("previous_is_lower_bound").fill_null(value=False),
            (pl.col("spot_hours") + pl.col("on_demand_hours")).alias("_hours"),
        )
        .with_columns(percent("spot_hours", "_hours").cast(AMOUNT).alias("spot_pct"))
        .select(
            "billing_period", *_WORKLOAD, "effective_cost", "spot_hours", "on_demand_hours", "spot_pct",
            "savings_available", "previous_effective_cost", "project", "provider", "is_lower_bound",
            "previous_is_lower_bound",
        )
        .sort(_GRAIN)
    )  # fmt: skip


def _sums(charges: pl.DataFrame, connections: pl.DataFrame) -> pl.DataFrame:
    rows = charges.filter(pl.col("basis") == "provider")
    sums = rows.group_by(_GRAIN).agg(
        pl.col("provider").min(),
        is_unpriced().sum().alias("unpriced"),
        *(known_sum(name) for name in ("effective_cost", "spot_hours", "on_demand_hours", "savings_available")),
    )
    return sums.join(connections.select("connection", "coverage_pct"), on="connection", how="left").with_columns(
        lower_bound("effective_cost", unpriced="unpriced", coverage="coverage_pct").alias("is_lower_bound")
    )
