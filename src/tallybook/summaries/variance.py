"""Why a month costs more or less than the one before: every part of the difference has one cause.

An item is what a sub account (or a workload) cost by one meter in one region at one connection and in one currency.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

import polars as pl

from tallybook.summaries.comparison import CURRENCY
from tallybook.summaries.expressions import AMOUNT, is_priced, is_unpriced, known_sum, ratio, zero

ITEM_CAUSES = ("price", "volume", "new", "gone", "adjustment", "allocation", "not_comparable")
CAUSES = ("restatement", *ITEM_CAUSES)
"""In the order of the bridge of one currency. In the reporting currency `exchange` is the last one."""
EXCHANGE = "exchange"

WORKLOAD = ("connection", "cluster", "namespace", "workload", "workload_type")
_PLACE = ("project", "connection", "provider", "sub_account_id", "region", "meter")
_THING = (*_PLACE, *WORKLOAD[1:], "adjustment", "allocation")
_ITEM = (*_THING, CURRENCY)
_BOUNDS = ("is_lower_bound", "previous_is_lower_bound")


def effects(causes: Collection[str] = ITEM_CAUSES) -> list[str]:
    """The columns that hold what each cause adds."""
    return [f"{cause}_effect" for cause in causes]


def summarise_items(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    *,
    observed: Collection[str],
    previously_observed: Collection[str],
    lacking: Collection[str],
    previously_lacking: Collection[str],
) -> pl.DataFrame:
    """One row per item that cost something in either month, with what each cause adds; they add up to the change.

    In no order: what is made of them is put into one.

    In both months: price = (unit price now - unit price before) * quantity now, rounded to 12 decimals, and volume =
    the rest of the change. An item with several prices in a month has cost / quantity for its unit price; a cost that
    its provider states has none, and all of its change is volume. In one month only: new or gone, or not_comparable
    where the other month is not known (its connection gave nothing, or the usage has no price there). What a line of
    adjustments.csv makes more or less than before is an adjustment, whether it is new, gone or another, and what
    rules of allocation.csv give or take an allocation, which adds up to 0 over all projects. The costs of
    connections in `lacking` and `previously_lacking` are lower bounds in that month.
    Example: 10 core-hours at 1 EUR, then 12 at 1.50: price 0.50 * 12 = 6, volume 2 * 1 = 2; 10 + 6 + 2 = 18.
    """
    both = _sums(charges).join(_sums(previous), on=_ITEM, how="full", coalesce=True, suffix="_before")
    both = both.join(_unknown(charges, "is_unknown"), on=_THING, how="left")
    both = both.join(_unknown(previous, "was_unknown"), on=_THING, how="left")
    now, before = pl.col("effective_cost"), pl.col("effective_cost_before")
    is_known = now.is_not_null() | (_is_in(observed) & pl.col("is_unknown").is_null())
    was_known = before.is_not_null() | (_is_in(previously_observed) & pl.col("was_unknown").is_null())
    is_adjusted, is_spread, is_compared = pl.col("adjustment") != "", pl.col("allocation") != "", is_known & was_known
    is_own = ~is_adjusted & ~is_spread
    is_both = now.is_not_null() & before.is_not_null() & is_own
    change = now.fill_null(zero()) - before.fill_null(zero())
    per_unit = (pl.col("unit_price") - pl.col("unit_price_before")) * pl.col("pricing_quantity")
    price = pl.when(is_both).then(per_unit.cast(AMOUNT)).fill_null(zero())
    return both.select(
        *_ITEM,
        pl.when(was_known).then(before.fill_null(zero())).alias("previous_effective_cost"),
        pl.when(is_known).then(now.fill_null(zero())).alias("effective_cost"),
        price.alias("price_effect"),
        _part(is_both, change - price).alias("volume_effect"),
        _part(before.is_null() & is_compared & is_own, change).alias("new_effect"),
        _part(now.is_null() & is_compared & is_own, change).alias("gone_effect"),
        _part(is_compared & is_adjusted, change).alias("adjustment_effect"),
        _part(is_compared & is_spread, change).alias("allocation_effect"),
        _part(~is_compared, change).alias("not_comparable_effect"),
        _is_in(lacking).alias("is_lower_bound"),
        _is_in(previously_lacking).alias("previous_is_lower_bound"),
    )


def summarise_bridge(items: pl.DataFrame, *, closed: Mapping[str, Decimal]) -> pl.DataFrame:
    """Per currency: opening_cost + every cause = closing_cost, to the last decimal.

    `closed` has what the month before cost when it was closed, by currency: the bridge begins there, and what that
    month has changed since is the restatement. Example: closed with 30 EUR, now known as 32, this month 40: opening
    30, restatement 2, the other causes 8, closing 40.
    """
    costs = ("previous_effective_cost", "effective_cost")
    sums = items.group_by(CURRENCY).agg(pl.col(*costs, *effects()).sum())
    told = pl.DataFrame(list(closed.items()), schema={CURRENCY: pl.String, "closed_cost": AMOUNT}, orient="row")
    rows = sums.join(told, on=CURRENCY, how="full", coalesce=True).with_columns(
        pl.col(*costs, *effects()).fill_null(zero())
    )
    opening = pl.coalesce("closed_cost", "previous_effective_cost")
    return rows.select(
        CURRENCY,
        opening.alias("opening_cost"),
        (pl.col("previous_effective_cost") - opening).alias("restatement_effect"),
        *effects(),
        pl.col("effective_cost").alias("closing_cost"),
    ).sort(CURRENCY)


def summarise_variance(items: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """The items without their workloads, for tables/variance.csv: one row per sub account, region and meter.

    Example: two workloads of a namespace that cost 2 EUR more and 3 EUR less have a volume_effect of -1 together.
    """
    costs = ("previous_effective_cost", "effective_cost")
    return (
        items.group_by(*_PLACE, CURRENCY)
        .agg(*(known_sum(name) for name in costs), pl.col(effects()).sum(), pl.col(_BOUNDS).any())
        .select(pl.lit(billing_period).alias("billing_period"), *_PLACE, CURRENCY, *costs, *effects(), *_BOUNDS)
        .sort(*_PLACE, CURRENCY)
    )


def summarise_movers(items: pl.DataFrame, *, by: Collection[str], top: int) -> pl.DataFrame:
    """What moved a currency's total most: per currency the `top` rises, the largest first, then the `top` falls.

    Sums by the columns `by`. Who is not known in one of the months is left out: nobody knows how far it moved.
    Example: Web rose by 6 + 2 and Shop fell by 3: Web (8) and Shop (-3).
    """
    change = pl.sum_horizontal(effects()).cast(AMOUNT)
    moved = (
        items.group_by(*by, CURRENCY)
        .agg(
            pl.col("previous_effective_cost", "effective_cost", *effects()).sum(),
            pl.col(_BOUNDS).any(),
            (pl.col("not_comparable_effect") != 0).any().alias("is_half_known"),
        )
        .with_columns(change.alias("change"))
        .filter(~pl.col("is_half_known") & (pl.col("change") != 0))
        .drop("is_half_known", "not_comparable_effect")
        .sort(CURRENCY, "change", *by, descending=[False, True, *[False] * len(by)])
    )
    rises = moved.filter(pl.col("change") > 0).group_by(CURRENCY, maintain_order=True).head(top)
    falls = moved.filter(pl.col("change") < 0).reverse().group_by(CURRENCY, maintain_order=True).head(top)
    return pl.concat([rises, falls.select(rises.columns)]).sort(CURRENCY, maintain_order=True)


def _sums(charges: pl.DataFrame) -> pl.DataFrame:
    """Cost, quantity and unit price of each item; the unit price is null where there is none."""
    quantity = pl.col("pricing_quantity")
    average = ratio(pl.col("effective_cost"), pl.when(quantity > 0).then(quantity))
    return (
        charges.filter(is_priced())
        .group_by(_ITEM)
        .agg(
            known_sum("effective_cost"),
            known_sum("pricing_quantity"),
            pl.col("list_unit_price").n_unique().alias("prices"),
            pl.col("list_unit_price").first().alias("one_price"),
        )
        .with_columns(pl.when(pl.col("prices") == 1).then("one_price").otherwise(average).alias("unit_price"))
        .select(*_ITEM, "effective_cost", "pricing_quantity", "unit_price")
    )


def _unknown(charges: pl.DataFrame, name: str) -> pl.DataFrame:
    """What was used without a cost, marked in a column `name`."""
    return charges.filter(is_unpriced()).select(*_THING, pl.lit(value=True).alias(name)).unique()


def _is_in(connections: Collection[str]) -> pl.Expr:
    return pl.col("connection").is_in(list(connections))


def _part(condition: pl.Expr, amount: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(amount).otherwise(zero())
