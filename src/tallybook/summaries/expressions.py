"""Decimal expressions that keep "not known" apart from zero. All amounts are Decimal(38, 12)."""

import polars as pl

AMOUNT = pl.Decimal(38, 12)
COST_FEEDS = ("usage", "costs")
CONTRACTED = "contracted"
"""The basis of what is owed without usage: the unused part of a commitment, the rest of a minimum."""


def known_sum(column: str) -> pl.Expr:
    """The sum of what is known; null, not zero, when nothing is. `sum` of nulls alone would give 0."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def ratio(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """`dividend` / `divisor` as an amount; null where the divisor is 0, at which Polars stops, even behind `when`."""
    return (dividend / pl.when(divisor != 0).then(divisor)).cast(AMOUNT)


def percent(part: str, whole: str) -> pl.Expr:
    """`part` in percent of `whole`, a ratio of sums: 31 of 124 is 25. Null without both, or when `whole` <= 0."""
    total = pl.col(whole).cast(AMOUNT)
    return ratio(pl.col(part).cast(AMOUNT) * 100, pl.when(total > 0).then(total))


def zero() -> pl.Expr:
    """An exact zero."""
    return pl.lit(0).cast(AMOUNT)


def is_priced() -> pl.Expr:
    """Whether a charge has a cost; a cost of 0 is one."""
    return pl.col("effective_cost").is_not_null()


def is_unpriced() -> pl.Expr:
    """Whether something was used that has no cost. A quantity of 0 needs no price."""
    return ~is_priced() & (pl.col("consumed_quantity").is_null() | (pl.col("consumed_quantity") != 0))


def lower_bound(cost: str, *, unpriced: str, coverage: str) -> pl.Expr:
    """Whether the real cost may be higher: it is not known, a meter has no price, or part of the month was not seen.

    Example: 7.50 EUR with 99.5 % of the hours seen is a lower bound; with 100 % and all priced it is not. Without a
    coverage (no day has ended yet) only the other two decide. A connection that used nothing has no currency, and
    its cost is no lower bound for being in none.
    """
    is_lost = pl.col(cost).is_null() & pl.col("billing_currency").is_not_null()
    return is_lost | (pl.col(unpriced) > 0) | (pl.col(coverage) < 100).fill_null(value=False)
