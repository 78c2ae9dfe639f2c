"""A closed month then and now: which rows changed, and the totals of each currency."""

import polars as pl

from tallybook.summaries.expressions import known_sum

CAUSES = ("new_data", "restated_cost", "changed_price", "changed_map", "changed_allocation", "software_or_settings")
_COSTS = ("previous_effective_cost", "effective_cost")


def summed_restatement(spans: pl.DataFrame) -> pl.DataFrame:
    """The month's rows of queries/marts/restated_costs.sql, from those of its spans of days, in the same order.

    A cost is null, not 0, only when it is not known in any span. Example: 10 and 5 before in two spans are 15.
    """
    place = ("project", "connection", "billing_currency")
    sums = (pl.col(name).sum() for name in CAUSES)
    rows = spans.group_by(place).agg(pl.col("provider").max(), *map(known_sum, _COSTS), *sums)
    return rows.select(spans.columns).sort("billing_currency", "project", "connection")


def summarise_restatement(costs: pl.DataFrame) -> pl.DataFrame:
    """The rows of queries/marts/restated_costs.sql that a cause touched, each with the sum of its causes.

    Two causes that cancel out still make a row. Example: 10 before, 11 now: 2 from new data and -1 from a price.
    """
    return costs.with_columns(_difference()).filter(pl.any_horizontal(pl.col(CAUSES) != 0))


def summarise_restated_totals(costs: pl.DataFrame) -> pl.DataFrame:
    """One row per currency over all rows, changed or not: cost before and now, each cause, and their sum."""
    sums = costs.group_by("billing_currency").agg(*map(known_sum, _COSTS), *(pl.col(name).sum() for name in CAUSES))
    return sums.with_columns(_difference()).sort("billing_currency")


def _difference() -> pl.Expr:
    return pl.sum_horizontal(CAUSES).alias("difference")
