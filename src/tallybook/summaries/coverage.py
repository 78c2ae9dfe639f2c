"""How much of the month was seen. Only days that have ended count; the one in progress is pending."""

from datetime import UTC, datetime, timedelta

import polars as pl

from tallybook.summaries.expressions import AMOUNT, CONTRACTED, COST_FEEDS, is_unpriced, percent, zero

DUE_AFTER = timedelta(days=3)  # of the month's end: the day after the scheduled report, and a day to repeat it in
_SERIES = ("connection", "provider", "dataset", "feeds", "unit", "is_backfillable")


def summarise_coverage(coverage: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """One row per connection, dataset and UTC day, with what is missing, what came late, and a status.

    complete: all that was expected is here; pending: the day has not ended by `now`, and nothing counts as missing
    yet; missing: nothing is here; partial: some. Example: 18 of 24 hours of a day that is over: missing 6, partial.
    Late is what was first fetched three days after the month's end or later: of October, from 4 November on. What
    can only be asked about now is never late: it came in time or is missing.
    """
    today = now.astimezone(UTC).date()
    missing = pl.max_horizontal(pl.col("expected") - pl.col("received"), zero())
    has_ended = pl.col("date") < today
    status = (
        pl.when(pl.col("received") >= pl.col("expected"))
        .then(pl.lit("complete"))
        .when(~has_ended)
        .then(pl.lit("pending"))
        .when(pl.col("received") <= 0)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("partial"))
    )
    return (
        coverage.with_columns(
            pl.when(has_ended).then(missing).otherwise(zero()).alias("missing"),
            pl.when(_is_late()).then(pl.col("received")).otherwise(zero()).alias("late"),
            status.alias("status"),
            has_ended.alias("has_ended"),
        )
        .select(
            "connection", "dataset", "date", "expected", "received", "missing", "status", "late",
            "billing_period", "provider", "feeds", "unit", "is_backfillable", "has_ended", "note",
        )
        .sort("connection", "dataset", "date", "feeds", "unit")
    )  # fmt: skip


def _is_late() -> pl.Expr:
    month_end = (pl.col("billing_period") + "-01").str.to_datetime("%Y-%m-%d").dt.offset_by("1mo")
    return (pl.col("first_fetched_at") >= month_end + DUE_AFTER).fill_null(value=False)


def summarise_datasets(days: pl.DataFrame) -> pl.DataFrame:
    """One row per dataset over the month's ended days: coverage_pct = 100 * received / expected, sums by sums.

    Example: 24 + 18 + 24 of 3 * 24 hours give 91.666666666667. Without an ended day it is null and pending.
    """
    sums = _over_ended_days(days, _SERIES)
    status = (
        pl.when(pl.col("days") == 0)
        .then(pl.lit("pending"))
        .when(pl.col("missing") <= 0)
        .then(pl.lit("complete"))
        .when(pl.col("received") <= 0)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("partial"))
    )
    return (
        sums.with_columns(status.alias("status"))
        .select("connection", "provider", "dataset", "feeds", "unit", "expected", "received", "missing",
                "coverage_pct", "status", "is_backfillable")
        .sort("connection", "dataset", "feeds", "unit")
    )  # fmt: skip


def summarise_connections(days: pl.DataFrame) -> pl.DataFrame:
    """One row per connection: coverage of the datasets that feed usage or costs, over ended days.

    Hours and windows cannot be added: with several units the lowest percentage counts. Example: 700 of 720 hours
    (97.2 %) and 30 of 30 windows (100 %) give 97.222222222222.
    """
    feeding = days.filter(pl.col("feeds").is_in(COST_FEEDS))
    by_unit = _over_ended_days(feeding, ("connection", "provider", "unit"))
    return (
        by_unit.group_by("connection", "provider")
        .agg(pl.col("coverage_pct").min(), pl.col("missing").sum() <= 0, pl.col("received_so_far").sum() > 0)
        .rename({"missing": "is_complete", "received_so_far": "has_data"})
        .sort("connection")
    )


def observed_connections(charges: pl.DataFrame, connections: pl.DataFrame) -> list[str]:
    """The connections of which something is known in a month: charges, or an answer that said there are none.

    What a book says is owed there without usage tells nothing of it.
    """
    answered = connections.filter(pl.col("has_data"))["connection"].to_list()
    told = charges.filter(pl.col("basis") != CONTRACTED)["connection"].unique().to_list()
    return sorted({*told, *answered})


def never_seen(connections: pl.DataFrame) -> pl.DataFrame:
    """The connections that feed costs and of which nothing at all was received over the days that have ended.

    Example: 0 of 744 hours. 1 of 744 hours is a gap, and no ended day is neither.
    """
    return connections.filter(~pl.col("has_data") & (pl.col("coverage_pct") == 0))


def lacking_connections(charges: pl.DataFrame, connections: pl.DataFrame) -> list[str]:
    """The connections whose costs are lower bounds: seen in part, or with usage or workloads without a cost."""
    in_part = connections.filter(pl.col("coverage_pct") < 100)["connection"]
    unpriced = charges.filter(is_unpriced())["connection"]
    return sorted({*in_part.to_list(), *unpriced.to_list()})


def lacking_before(charges: pl.DataFrame, connections: pl.DataFrame) -> list[str]:
    """The same of an earlier month: a connection of which no coverage is known was not seen whole."""
    unseen = charges.join(connections, on="connection", how="anti")["connection"]
    return sorted({*lacking_connections(charges, connections), *unseen.to_list()})


def summarise_gaps(days: pl.DataFrame) -> pl.DataFrame:
    """Days on which something is missing, joined where they touch, of whatever it feeds.

    Example: 3 hours missing on the 10th and 2 on the 11th give one gap from the 10th to the 11th of 5 hours.
    """
    ordered = days.filter(pl.col("missing") > 0).sort(*_SERIES, "date")
    starts = (pl.col("date").diff() != pl.duration(days=1)).fill_null(value=True).cum_sum().over(_SERIES)
    return (
        ordered.with_columns(starts.alias("gap"))
        .group_by(*_SERIES, "gap")
        .agg(
            pl.col("date").min().alias("first_date"),
            pl.col("date").max().alias("last_date"),
            pl.col("missing").sum(),
        )
        .drop("gap")
        .sort("connection", "dataset", "first_date", "feeds", "unit")
    )


def _over_ended_days(days: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    ended = pl.col("has_ended")
    sums = days.group_by(by).agg(
        ended.sum().alias("days"),
        pl.col("received").sum().alias("received_so_far"),
        *(pl.col(name).filter(ended).sum() for name in ("expected", "received", "missing")),
    )
    return sums.with_columns(percent("received", "expected").cast(AMOUNT).alias("coverage_pct"))
