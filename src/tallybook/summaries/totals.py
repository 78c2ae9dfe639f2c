"""The tie-out line, the months before and the days within."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, known_sum, zero


def summarise_tie_out(source_costs: pl.DataFrame, projects: pl.DataFrame) -> pl.DataFrame:
    """Per currency: source total = allocated + shared + idle + unallocated, and the difference, which must be 0.

    Sources are counted in the facts (provider costs) and in the priced charges, the allocated part in the projects'
    summary. Nothing is shared or idle before there are rules for it. Example: sources of 10 and 2.50 EUR, projects
    of 7.50 and 5 EUR: difference 0.
    """
    source = source_costs.group_by("billing_currency").agg(pl.col("effective_cost").sum().alias("source_total"))
    known = projects.filter(pl.col("billing_currency").is_not_null())
    allocated = known.group_by("billing_currency").agg(pl.col("effective_cost").sum().alias("allocated"))
    both = source.join(allocated, on="billing_currency", how="full", coalesce=True)
    parts = ("allocated", "shared", "idle", "unallocated")
    return (
        both.with_columns(
            pl.col("source_total", "allocated").fill_null(zero()),
            *(zero().alias(name) for name in parts[1:]),
        )
        .with_columns((pl.col("source_total") - pl.sum_horizontal(parts)).cast(AMOUNT).alias("difference"))
        .select("billing_currency", "source_total", *parts, "difference", (pl.col("difference") == 0).alias("holds"))
        .sort("billing_currency")
    )


def summarise_trend(trend_costs: pl.DataFrame, trend_coverage: pl.DataFrame) -> pl.DataFrame:
    """The months' costs per currency. `is_complete`: all that feeds costs was received, to the month's last hour.

    Example: a month with 743 of 744 hours received is not complete; nor is one of which no coverage is known.
    """
    complete = trend_coverage.group_by("billing_period").agg(
        (pl.col("received") >= pl.col("expected")).all().alias("is_complete")
    )
    return (
        trend_costs.join(complete, on="billing_period", how="left")
        .with_columns(pl.col("is_complete").fill_null(value=False))
        .select("billing_period", "billing_currency", "effective_cost", "is_complete")
        .sort("billing_period", "billing_currency")
    )


def summarise_days(daily_costs: pl.DataFrame) -> pl.DataFrame:
    """What each UTC day cost per connection and currency, in the order of the days."""
    return (
        daily_costs.group_by("date", "connection", "provider", "billing_currency")
        .agg(known_sum("effective_cost"))
        .sort("date", "connection", "billing_currency")
    )
