"""Costs and hours per workload, as their provider states them."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, known_sum, percent

_WORKLOAD = ("connection", "cluster", "namespace", "workload", "workload_type", "billing_currency")


def summarise_workloads(charges: pl.DataFrame, previous: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """One row per workload that ran, with spot_pct = 100 * spot hours / (spot + on-demand hours).

    Example: 30 spot and 10 on-demand hours give spot_pct 75; without hours, or with one kind not known, it is null.
    previous_effective_cost is null for a workload that had none.
    """
    rows = charges.filter(pl.col("basis") == "provider")
    sums = rows.group_by(*_WORKLOAD).agg(
        pl.col("provider", "project").min(),
        *(known_sum(name) for name in ("effective_cost", "spot_hours", "on_demand_hours", "savings_available")),
    )
    before = previous.filter(pl.col("basis") == "provider").group_by(*_WORKLOAD).agg(known_sum("effective_cost"))
    return (
        sums.join(before.rename({"effective_cost": "previous_effective_cost"}), on=_WORKLOAD, how="left")
        .with_columns(
            pl.lit(billing_period).alias("billing_period"),
            (pl.col("spot_hours") + pl.col("on_demand_hours")).alias("_hours"),
        )
        .with_columns(percent("spot_hours", "_hours").cast(AMOUNT).alias("spot_pct"))
        .select(
            "billing_period", *_WORKLOAD, "effective_cost", "spot_hours", "on_demand_hours", "spot_pct",
            "savings_available", "previous_effective_cost", "project", "provider",
        )
        .sort(_WORKLOAD)
    )  # fmt: skip
