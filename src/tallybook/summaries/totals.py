"""The tie-out line, the months before and the days within."""

from collections.abc import Mapping

import polars as pl

from tallybook.summaries.allocation import summarise_allocated
from tallybook.summaries.expressions import AMOUNT, COST_FEEDS, is_priced, is_unpriced, known_sum, zero


def summarise_tie_out(source_costs: pl.DataFrame, projects: pl.DataFrame, allocation: pl.DataFrame) -> pl.DataFrame:
    """Per currency: source total = allocated + shared + idle + unallocated, and the difference, which must be 0.

    Sources are counted in the facts (provider costs), in the priced charges and in the adjustments; the other side is
    the projects' summary, parted by what the rules of `allocation` gave (shared, idle) and left where it was though
    they named it (unallocated). Example: sources of 10 and 2.50 EUR, projects of 7.50 and 5 EUR, of which 2 are of a
    shared rule: allocated 10.50, shared 2, difference 0.
    """
    source = source_costs.group_by("billing_currency").agg(pl.col("effective_cost").sum().alias("source_total"))
    known = projects.filter(pl.col("billing_currency").is_not_null())
    sums = known.group_by("billing_currency").agg(pl.col("effective_cost").sum().alias("total"))
    both = source.join(sums, on="billing_currency", how="full", coalesce=True)
    parts, spread = ("allocated", "shared", "idle", "unallocated"), ("shared", "idle", "unallocated")
    return (
        both.join(summarise_allocated(allocation), on="billing_currency", how="left")
        .with_columns(pl.col("source_total", "total", *spread).fill_null(zero()))
        .with_columns((pl.col("total") - pl.sum_horizontal(spread)).cast(AMOUNT).alias("allocated"))
        .with_columns((pl.col("source_total") - pl.sum_horizontal(parts)).cast(AMOUNT).alias("difference"))
        .select("billing_currency", "source_total", *parts, "difference", (pl.col("difference") == 0).alias("holds"))
        .sort("billing_currency")
    )


def summarise_trend(
    trend_costs: pl.DataFrame, trend_coverage: pl.DataFrame, trend_charges: pl.DataFrame, currencies: pl.DataFrame
) -> pl.DataFrame:
    """The months' costs per currency. `is_complete`: all that feeds costs was received, to the month's last hour.

    A connection that lacks hours or prices in a month touches the currencies that it cost there, else those that are
    known for it (summarise_currencies), else all. Example: with 743 of 744 hours of a connection in EUR the month is
    not complete in EUR, and complete in USD; a month of which no coverage is known is in neither.
    """
    month = "billing_period"
    in_part = trend_coverage.filter(pl.col("received") < pl.col("expected")).select(month, "connection")
    unpriced = trend_charges.filter("is_unpriced").select(month, "connection")
    lacking = pl.concat([in_part, unpriced]).unique()
    own = trend_charges.filter(pl.col("billing_currency").is_not_null()).select(month, "connection", "billing_currency")
    silent = lacking.join(own, on=(month, "connection"), how="anti")
    anywhere = silent.join(currencies, on="connection", how="anti")[month].to_list()
    touched = pl.concat([lacking.join(own, on=(month, "connection")), silent.join(currencies, on="connection")])
    touched = touched.select(month, "billing_currency", is_touched=pl.lit(value=True)).unique()
    known = trend_coverage[month].unique().to_list()
    is_complete = pl.col("is_touched").is_null() & pl.col(month).is_in(known) & ~pl.col(month).is_in(anywhere)
    return (
        trend_costs.join(touched, on=(month, "billing_currency"), how="left")
        .select(month, "billing_currency", "effective_cost", is_complete.alias("is_complete"))
        .sort(month, "billing_currency")
    )


def summarise_currencies(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    prices: pl.DataFrame,
    connections: pl.DataFrame,
    *,
    stated: Mapping[str, str],
) -> pl.DataFrame:
    """The currencies that each connection's costs can be in, as far as anybody knows: connection, billing_currency.

    From its costs of this month and the one before, the currency that its settings state, and the month's prices
    that its usage could meet. Example: a silent connection with prices in EUR is known to cost EUR; one without
    prices, settings and costs is in no row, and could cost any.
    """
    columns = ("connection", "billing_currency")
    costs = [frame.filter(is_priced()).select(columns) for frame in (charges, previous)]
    settings = pl.DataFrame(list(stated.items()), schema=dict.fromkeys(columns, pl.String), orient="row")
    of_any = prices.filter(pl.col("connection") == "").select("provider", "billing_currency")
    met = connections.select("connection", "provider").join(of_any, on="provider").select(columns)
    named = prices.filter(pl.col("connection") != "").select(columns)
    return pl.concat([*costs, settings, met, named]).drop_nulls().unique().sort(columns)


def summarise_days(daily_costs: pl.DataFrame, days: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """What each UTC day cost per connection and currency, in the order of the days.

    A day is a lower bound when its connection lacks some of it, or has usage without a price in the month.
    """
    holes = days.filter((pl.col("missing") > 0) & pl.col("feeds").is_in(COST_FEEDS))
    holes = holes.select("connection", "date", has_hole=pl.lit(value=True)).unique()
    unpriced = charges.filter(is_unpriced())["connection"].unique().to_list()
    return (
        daily_costs.group_by("date", "connection", "provider", "billing_currency")
        .agg(known_sum("effective_cost"))
        .join(holes, on=("connection", "date"), how="left")
        .with_columns((pl.col("has_hole").is_not_null() | pl.col("connection").is_in(unpriced)).alias("is_lower_bound"))
        .drop("has_hole")
        .sort("date", "connection", "billing_currency")
    )
