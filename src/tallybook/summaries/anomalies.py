"""Days on which a project or workload cost far more or less than it usually does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.summaries.expressions import AMOUNT
from tallybook.summaries.forecast import whole_days

LEAST_DAYS = 8
# Of normally scattered costs one day in 2,000 lies so far from the median: 3.5 standard deviations of 1.4826 MAD.
SPREADS = Decimal("3.5") * Decimal("1.4826")

ITEM = ("connection", "project", "cluster", "namespace", "workload", "workload_type", "billing_currency")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a day is worth a look: by so much money, and by so many percent of what is usual."""

    amount: Decimal = Decimal(10)
    percent: Decimal = Decimal(30)


USUAL_THRESHOLDS = Thresholds()


def summarise_anomalies(
    costs: pl.DataFrame, days: pl.DataFrame, *, period: BillingPeriod, now: datetime, thresholds: Thresholds
) -> pl.DataFrame:
    """One row per project or workload and direction, with the days of the month that were unlike the others.

    `costs` has a cost per day of ITEM ("" in the workload's columns for a project's), `days` the coverage, both of
    this month and the one before. Only days that were seen whole count, on either side. Weekdays are held against
    weekdays, weekends against weekends: typical is the median of at least 8 such days. A day is an anomaly when it
    is further from that than 3.5 * 1.4826 times the median of all distances (MAD), than `thresholds.amount`, and
    than `thresholds.percent` of the typical cost. excess_cost is the sum of these days less what is typical.
    Example: nine weekdays of 10 EUR, give or take one, and one of 50: typical 10, excess 40.
    """
    whole = costs.join(whole_days(days, now=now), on=("connection", "date"))
    kind = (*ITEM, "is_weekend")
    rows = whole.with_columns(is_weekend=pl.col("date").dt.weekday() > 5)
    rows = rows.join(_typical(rows, kind), on=kind).with_columns(
        excess=(pl.col("effective_cost") - pl.col("typical_cost")).cast(AMOUNT)
    )
    spread = rows.group_by(kind).agg(spread=_median(pl.col("excess").abs()))
    return _told(_flagged(rows.join(spread, on=kind), period=period, thresholds=thresholds))


def _typical(rows: pl.DataFrame, kind: Sequence[str]) -> pl.DataFrame:
    sums = rows.group_by(kind).agg(typical_cost=_median(pl.col("effective_cost")), history_days=pl.len())
    return sums.filter(pl.col("history_days") >= LEAST_DAYS)


def _median(column: pl.Expr) -> pl.Expr:
    """The middle one of the sorted values, the lower of two: a cost that there was, and no float."""
    return column.sort().get((pl.len() - 1) // 2)


def _flagged(rows: pl.DataFrame, *, period: BillingPeriod, thresholds: Thresholds) -> pl.DataFrame:
    distance = pl.col("excess").abs()
    in_month = pl.col("date").is_between(period.start.date(), period.end.date(), closed="left")
    return rows.filter(
        in_month
        & (distance > (pl.col("spread") * pl.lit(SPREADS).cast(AMOUNT)))
        & (distance >= pl.lit(thresholds.amount).cast(AMOUNT))
        & (distance * 100 >= pl.col("typical_cost").abs() * pl.lit(thresholds.percent).cast(AMOUNT))
    )


def _told(days: pl.DataFrame) -> pl.DataFrame:
    """The days of an item in one direction as one row, the dearest first."""
    by = (*ITEM, "is_rise")
    rows = days.with_columns(is_rise=pl.col("excess") > 0).sort("date", *ITEM)
    worst = pl.col("excess").abs().arg_max()
    return (
        rows.group_by(by)
        .agg(
            pl.len().cast(pl.Int64).alias("days"),
            pl.col("date").min().alias("first_date"),
            pl.col("date").max().alias("last_date"),
            pl.col("date").get(worst).alias("worst_date"),
            pl.col("effective_cost").get(worst).alias("worst_cost"),
            pl.col("typical_cost").get(worst),
            pl.col("excess").sum().alias("excess_cost"),
        )
        .drop("is_rise")
        .sort("billing_currency", pl.col("excess_cost").abs(), *ITEM[:-1], descending=[False, True, *[False] * 6])
    )
