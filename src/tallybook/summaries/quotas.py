"""Limits and how much of them is used, as last seen in the month."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, percent

NEAR_PCT = 80
FULL_PCT = 100

_KEY = ("connection", "sub_account_id", "region", "resource")


def summarise_quotas(quotas: pl.DataFrame) -> pl.DataFrame:
    """One row per limit: the last capture, with utilisation_pct and headroom where a limit above zero is known.

    Example: 40 of 50 cores: utilisation_pct 80, headroom 10, state near. Unlimited has neither; a limit of 0 allows
    nothing (state none) and has no percentage, but a headroom: 0 less what is used. `state` is ok, near (80 % and
    more), full (100 % and more), unlimited, none or unknown.
    """
    last = quotas.sort(*_KEY, "captured_at", "unit").unique(subset=_KEY, keep="last", maintain_order=True)
    limit = pl.when(~pl.col("is_unlimited")).then(pl.col("limit_quantity"))
    return (
        last.with_columns(limit.alias("limit"), pl.col("used_quantity").alias("used"))
        .with_columns(
            percent("used", "limit").cast(AMOUNT).alias("utilisation_pct"),
            (pl.col("limit") - pl.col("used")).alias("headroom"),
            pl.col("captured_at").dt.replace_time_zone("UTC"),
        )
        .with_columns(_state().alias("state"))
        .select(
            *_KEY, "unit", "limit", "used", "utilisation_pct", "captured_at",
            "provider", "sub_account_name", "project", "is_unlimited", "headroom", "state",
        )
        .sort(_KEY)
    )  # fmt: skip


def _state() -> pl.Expr:
    used = pl.col("utilisation_pct")
    return (
        pl.when(pl.col("is_unlimited"))
        .then(pl.lit("unlimited"))
        .when(pl.col("limit") == 0)
        .then(pl.lit("none"))
        .when(used.is_null())
        .then(pl.lit("unknown"))
        .when(used >= FULL_PCT)
        .then(pl.lit("full"))
        .when(used >= NEAR_PCT)
        .then(pl.lit("near"))
        .otherwise(pl.lit("ok"))
    )
