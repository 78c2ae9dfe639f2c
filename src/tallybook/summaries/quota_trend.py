"""Where the use of limits is going, and how limits changed over the month."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, ratio

LEAST_DAYS = 8
FURTHEST_DAYS = 366

QUOTA = ("connection", "sub_account_id", "region", "resource")


def with_trend(limits: pl.DataFrame, quotas: pl.DataFrame) -> pl.DataFrame:
    """The limits of `summarise_quotas` with trend_per_day, run_out_date and is_unused by all captures of the month.

    trend_per_day is the median of the slopes between all pairs of days (Theil-Sen): one odd day does not turn it. It
    needs use on 8 days. run_out_date is the day on which the last use, growing by that, reaches the limit; only with
    a trend upwards, something left of a limit above zero, and within a year. is_unused: a limit above zero (no
    unlimited one) of which nothing was used on any day. Example: 10 cores on the 1st and 2 more each day, 80 of 100 on
    the last: 20 left are reached in 10 days.
    """
    days = _days(quotas)
    used = days.group_by(QUOTA).agg(most_used=pl.col("used_quantity").max())
    rows = limits.join(_trends(days), on=QUOTA, how="left").join(used, on=QUOTA, how="left")
    days_left = ratio(pl.col("headroom"), pl.col("trend_per_day"))
    whole = days_left.cast(pl.Int64)
    needed = whole + (days_left > whole.cast(AMOUNT)).cast(pl.Int64)
    is_running_out = (pl.col("limit") > 0) & (pl.col("headroom") > 0) & (pl.col("trend_per_day") > 0)
    date = pl.when(is_running_out & (days_left <= FURTHEST_DAYS)).then(
        pl.col("captured_at").dt.date() + pl.duration(days=needed)
    )
    is_unused = ((pl.col("limit") > 0) & (pl.col("most_used") == 0)).fill_null(value=False)
    return rows.with_columns(date.alias("run_out_date"), is_unused.alias("is_unused")).drop("most_used")


def summarise_limit_changes(quotas: pl.DataFrame) -> pl.DataFrame:
    """One row per change of a limit from one capture of the month to the next, in the order of time.

    Limits are null where there is none (is_unlimited) or none is known. Example: 50 cores until the 9th, 60 from the
    10th: one row of the 10th, from 50 to 60.
    """
    limit = pl.when(~pl.col("is_unlimited")).then(pl.col("limit_quantity"))
    ordered = _days(quotas).with_columns(limit.alias("limit")).sort(*QUOTA, "date")
    before = ordered.with_columns(
        pl.col("limit").shift(1).over(QUOTA).alias("previous_limit"),
        pl.col("is_unlimited").shift(1).over(QUOTA).alias("was_unlimited"),
    )
    changed = pl.col("limit").ne_missing(pl.col("previous_limit")) | (pl.col("is_unlimited") != pl.col("was_unlimited"))
    return (
        before.filter(pl.col("was_unlimited").is_not_null() & changed)
        .select(
            "date", *QUOTA, "sub_account_name", "project", "unit", "previous_limit", "was_unlimited", "limit",
            "is_unlimited",
        )
        .sort("date", *QUOTA)
    )  # fmt: skip


def _days(quotas: pl.DataFrame) -> pl.DataFrame:
    """The last capture of each day."""
    dated = quotas.with_columns(pl.col("captured_at").dt.date().alias("date")).sort(*QUOTA, "captured_at", "unit")
    return dated.unique(subset=[*QUOTA, "date"], keep="last", maintain_order=True)


def _trends(days: pl.DataFrame) -> pl.DataFrame:
    """The median slope of each quota whose use is known on enough days."""
    known = days.filter(pl.col("used_quantity").is_not_null()).select(*QUOTA, "date", "used_quantity")
    enough = known.group_by(QUOTA).len().filter(pl.col("len") >= LEAST_DAYS).drop("len")
    points = known.join(enough, on=QUOTA)
    pairs = points.join(points, on=QUOTA, suffix="_later").filter(pl.col("date_later") > pl.col("date"))
    apart = (pl.col("date_later") - pl.col("date")).dt.total_days().cast(AMOUNT)
    slope = ((pl.col("used_quantity_later") - pl.col("used_quantity")) / apart).cast(AMOUNT)
    middle = slope.sort().get((pl.len() - 1) // 2)  # of two the lower: a slope that there was, and no float
    return pairs.group_by(QUOTA).agg(middle.alias("trend_per_day"))
