"""A closed month then and now: which rows changed, and the totals of each currency."""

import polars as pl

CAUSES = ("new_data", "restated_cost", "changed_price", "changed_map", "changed_allocation", "software_or_settings")
_COSTS = ("previous_effective_cost", "effective_cost")


def summarise_restatement(costs: pl.DataFrame) -> pl.DataFrame:
    """The rows of queries/marts/restated_costs.sql that a cause touched, each with the sum of its causes.

    Two causes that cancel out still make a row. Example: 10 before, 11 now: 2 from new data and -1 from a price.
    """
    return costs.with_columns(_difference()).filter(pl.any_horizontal(pl.col(CAUSES) != 0))


def summarise_restated_totals(costs: pl.DataFrame) -> pl.DataFrame:
    """One row per currency over all rows, changed or not: cost before and now, each cause, and their sum."""
    known = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in _COSTS]
    sums = costs.group_by("billing_currency").agg(*known, *(pl.col(name).sum() for name in CAUSES))
    return sums.with_columns(_difference()).sort("billing_currency")


def _difference() -> pl.Expr:
    return pl.sum_horizontal(CAUSES).alias("difference")
