"""Costs per project and per connection, beside those of the month before."""

from collections.abc import Collection

import polars as pl

from tallybook.summaries.comparison import CURRENCY, compare_costs
from tallybook.summaries.expressions import lower_bound, zero


def summarise_projects(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    connections: pl.DataFrame,
    *,
    previous_connections: pl.DataFrame,
    billing_period: str,
    observed: Collection[str],
    previously_observed: Collection[str],
) -> pl.DataFrame:
    """One row per project, connection and currency; `connections` gives coverage_pct.

    Example: project Web has charges of 3 and 4.50 EUR at one connection, and had 5 EUR last month: list_cost 7.50 (when
    both come from the price book), effective_cost 7.50, previous_effective_cost 5. With 99.5 % of the connection's
    hours seen the 7.50 is a lower bound, and says so in is_lower_bound.
    """
    rows = compare_costs(
        charges,
        previous,
        by=("project", "connection", "provider"),
        observed=observed,
        previously_observed=previously_observed,
    )
    keys = ("project", "connection", "provider")
    return _finish(rows, connections, previous_connections, billing_period=billing_period, keys=keys)


def summarise_providers(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    connections: pl.DataFrame,
    *,
    previous_connections: pl.DataFrame,
    billing_period: str,
    observed: Collection[str],
    previously_observed: Collection[str],
) -> pl.DataFrame:
    """One row per connection and currency: the sum of its projects. Example: 7.50 + 2.50 EUR give 10 EUR.

    A connection that should have answered and left nothing stands in a row without currency and cost.
    """
    rows = compare_costs(
        charges,
        previous,
        by=("connection", "provider"),
        observed=observed,
        previously_observed=previously_observed,
    )
    silent = connections.join(rows, on="connection", how="anti").select("connection", "provider")
    known = pl.concat([rows, silent], how="diagonal").with_columns(
        pl.col("unpriced_meters", "unpriced_before").fill_null(0)
    )
    keys = ("connection", "provider")
    return _finish(known, connections, previous_connections, billing_period=billing_period, keys=keys)


def _finish(
    rows: pl.DataFrame,
    connections: pl.DataFrame,
    previous_connections: pl.DataFrame,
    *,
    billing_period: str,
    keys: tuple[str, ...],
) -> pl.DataFrame:
    # A month that is over and of which no coverage is known was not seen.
    before = previous_connections.select("connection", previous_coverage_pct="coverage_pct")
    return (
        rows.join(connections.select("connection", "coverage_pct"), on="connection", how="left")
        .join(before, on="connection", how="left")
        .with_columns(pl.col("previous_coverage_pct").fill_null(zero()))
        .with_columns(
            lower_bound("effective_cost", unpriced="unpriced_meters", coverage="coverage_pct").alias("is_lower_bound"),
            lower_bound("previous_effective_cost", unpriced="unpriced_before", coverage="previous_coverage_pct").alias(
                "previous_is_lower_bound"
            ),
        )
        .select(
            pl.lit(billing_period).alias("billing_period"),
            *keys,
            CURRENCY,
            "list_cost",
            "effective_cost",
            "previous_effective_cost",
            "coverage_pct",
            "unpriced_meters",
            "is_lower_bound",
            "previous_is_lower_bound",
        )
        .sort(*keys, CURRENCY, nulls_last=True)
    )
