"""How much ran on spot capacity, what that saved, and what could still be saved."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from tallybook.summaries.coverage import lacking_connections
from tallybook.summaries.expressions import AMOUNT, is_priced, known_sum, percent, ratio

# An hour on spot costs no more than one on demand, and never next to nothing: a rate below this share of it is none.
CHEAPEST = Decimal("0.05")

_PLACE = ("connection", "provider", "project", "cluster", "namespace", "billing_currency")
_WORKLOAD = (*_PLACE, "workload", "workload_type")
_READ = (*_WORKLOAD, "pricing_category", "spot_hours", "on_demand_hours", "effective_cost", "savings_available")
_SUMS = (
    *("spot_hours", "on_demand_hours", "effective_cost", "unknown_cost", "judged_hours", "on_demand_cost"),
    *("realised_savings", "savings_available"),
)


def summarise_spot(charges: pl.DataFrame, connections: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """One row per namespace, project and currency of what providers state themselves.

    spot_pct = 100 * spot / (spot + on-demand) hours. unknown_cost is that of charges without hours: neither one.
    realised_savings = what the hours of charges with spot would have cost at the workload's own on-demand rate
    (on_demand_cost) less what they did cost; the rate is cost / hours of its charges that were on demand alone.
    judged_hours are the spot hours for which that is known: workloads with such charges, and with a spot rate between
    5 and 100 % of the on-demand one. Example: 10 USD for 10 on-demand hours, 4 USD for 10 spot hours: 10 - 4 = 6.
    """
    stated = charges.filter((pl.col("basis") == "provider") & is_priced()).select(_READ)
    is_unknown = pl.col("pricing_category") == "unknown"
    sums = stated.group_by(_PLACE).agg(
        *(known_sum(name) for name in ("spot_hours", "on_demand_hours", "effective_cost", "savings_available")),
        unknown_cost=pl.col("effective_cost").filter(is_unknown).sum(),
    )
    rows = sums.join(_realised(stated), on=_PLACE, how="left")
    return (
        _with_percents(rows)
        .with_columns(
            pl.lit(billing_period).alias("billing_period"),
            pl.col("connection").is_in(lacking_connections(charges, connections)).alias("is_lower_bound"),
        )
        .select("billing_period", *_PLACE, *_SUMS, "spot_pct", "realised_pct", "is_lower_bound")
        .sort(_PLACE)
    )


def sum_spot(spot: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """The rows of `summarise_spot` by fewer columns (the currency is always one), ratios made anew from the sums.

    Example: 30 of 40 and 0 of 10 hours on spot are 60 %, no mean of 75 % and 0 %.
    """
    keys = [*by, "billing_currency"]
    sums = spot.group_by(keys).agg(*(known_sum(name) for name in _SUMS), pl.col("is_lower_bound").any())
    return _with_percents(sums).sort(
        "billing_currency", "effective_cost", *by, descending=[False, True, *[False] * len(by)]
    )


def _with_percents(rows: pl.DataFrame) -> pl.DataFrame:
    hours = (pl.col("spot_hours") + pl.col("on_demand_hours")).alias("_hours")
    return rows.with_columns(hours).with_columns(
        percent("spot_hours", "_hours").cast(AMOUNT).alias("spot_pct"),
        percent("realised_savings", "on_demand_cost").cast(AMOUNT).alias("realised_pct"),
    )


def _realised(stated: pl.DataFrame) -> pl.DataFrame:
    """Per place what spot saved, over the workloads of which it is known."""
    alone = stated.filter((pl.col("pricing_category") == "on_demand") & (pl.col("on_demand_hours") > 0))
    rates = alone.group_by(_WORKLOAD).agg(
        alone_cost=pl.col("effective_cost").sum(), alone_hours=pl.col("on_demand_hours").sum()
    )
    with_spot = stated.filter(pl.col("pricing_category").is_in(["spot", "mixed"]))
    sums = with_spot.group_by(_WORKLOAD).agg(pl.col("effective_cost", "spot_hours", "on_demand_hours").sum())
    hours = pl.col("spot_hours") + pl.col("on_demand_hours")
    judged = sums.join(rates, on=_WORKLOAD).with_columns(
        _at_rate(hours).alias("on_demand_cost"),
        _at_rate(pl.col("spot_hours")).alias("dearest"),
        (pl.col("effective_cost") - _at_rate(pl.col("on_demand_hours"))).alias("spot_cost"),
    )
    cheapest = (pl.col("dearest") * pl.lit(CHEAPEST).cast(AMOUNT)).cast(AMOUNT)
    plausible = judged.filter(pl.col("spot_cost").is_between(cheapest, "dearest"))
    return plausible.group_by(_PLACE).agg(
        pl.col("spot_hours").sum().alias("judged_hours"),
        pl.col("on_demand_cost").sum(),
        (pl.col("on_demand_cost") - pl.col("effective_cost")).sum().alias("realised_savings"),
    )


def _at_rate(hours: pl.Expr) -> pl.Expr:
    """What so many hours cost at the workload's on-demand rate."""
    return ratio(hours * pl.col("alone_cost"), pl.col("alone_hours"))
