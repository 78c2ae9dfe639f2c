"""Costs by pricing category. Where a provider gives hours per category but one cost, the split is an estimate."""

import polars as pl

from tallybook.summaries.coverage import lacking_connections
from tallybook.summaries.expressions import known_sum, ratio

_GROUP = ("connection", "provider", "project", "billing_currency")
_WORKLOAD = (*_GROUP, "cluster", "namespace", "workload", "workload_type")
_READ = (*_WORKLOAD, "pricing_category", "cost_basis", "basis", "spot_hours", "on_demand_hours", "effective_cost")
_COLUMNS = (*_GROUP, "pricing_category", "cost_basis", "hours", "effective_cost")


def summarise_pricing(charges: pl.DataFrame, connections: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """One row per connection, project, currency, pricing category and cost basis; the costs add up to all costs.

    A workload's mixed charges are split by its hours in them and marked hours_weighted; on-demand gets the rest, so
    the parts add up exactly. Example: 10 USD with 2 spot and 1 on-demand hours give spot 6.666666666667 and
    on-demand 3.333333333333. Everything else keeps its category and its basis; the price book knows no category.
    Committed charges are unknown here, where the four categories are a promise: their cost_basis is commitment.
    A connection that lacks hours or prices makes all its rows lower bounds: nobody knows their category.
    """
    costs = charges.select(_READ).filter(pl.col("effective_cost").is_not_null() | (pl.col("basis") == "provider"))
    mixed = costs.filter(pl.col("pricing_category") == "mixed")
    stated = _as_stated(costs.filter(pl.col("pricing_category") != "mixed"))
    # each part by itself first: all workloads of all parts beside each other would take the most memory of a report
    rows = pl.concat([_added_up(part) for part in (stated, *_split(mixed))])
    return (
        _added_up(rows.lazy())
        .with_columns(pl.col("connection").is_in(lacking_connections(charges, connections)).alias("is_lower_bound"))
        .select(
            pl.lit(billing_period).alias("billing_period"), "connection", "project", "pricing_category",
            "hours", "effective_cost", "billing_currency", "cost_basis", "provider",
            "is_lower_bound",
        )
        .sort("connection", "project", "billing_currency", "pricing_category", "cost_basis")
    )  # fmt: skip


def _added_up(rows: pl.LazyFrame) -> pl.DataFrame:
    sums = rows.group_by(*_GROUP, "pricing_category", "cost_basis").agg(known_sum("hours"), known_sum("effective_cost"))
    return sums.collect()


def _as_stated(charges: pl.DataFrame) -> pl.LazyFrame:
    hours = (
        pl.when(pl.col("pricing_category") == "spot")
        .then(pl.col("spot_hours"))
        .when(pl.col("pricing_category") == "on_demand")
        .then(pl.col("on_demand_hours"))
        .otherwise(pl.col("spot_hours") + pl.col("on_demand_hours"))
    )
    return (
        charges.lazy()
        .with_columns(
            pl.col("pricing_category").replace("committed", "unknown"),
            hours.alias("hours"),
            pl.col("cost_basis").fill_null("provider"),
        )
        .select(_COLUMNS)
    )


def _split(mixed: pl.DataFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    amounts = ("effective_cost", "spot_hours", "on_demand_hours")
    whole = mixed.group_by(*_WORKLOAD).agg(known_sum(name) for name in amounts)
    spot = ratio(pl.col("effective_cost") * pl.col("spot_hours"), pl.col("spot_hours") + pl.col("on_demand_hours"))
    # the product is rounded before it is divided: at the last decimal it could pass the whole
    at_most = pl.min_horizontal(spot, "effective_cost")
    parts = whole.lazy().with_columns(at_most.alias("spot_cost"), pl.lit("hours_weighted").alias("cost_basis"))
    return (
        parts.with_columns(
            pl.lit("spot").alias("pricing_category"), hours="spot_hours", effective_cost="spot_cost"
        ).select(_COLUMNS),
        parts.with_columns(
            pl.lit("on_demand").alias("pricing_category"),
            hours="on_demand_hours",
            effective_cost=pl.col("effective_cost") - pl.col("spot_cost"),
        ).select(_COLUMNS),
    )
