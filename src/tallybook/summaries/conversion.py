"""Costs in the reporting currency, beside those in their own."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from tallybook.money import CONTEXT, SCALE, quantise
from tallybook.summaries.comparison import CURRENCY

_MONEY = pl.Decimal(38, SCALE)


def convert_costs(projects: pl.DataFrame, *, currency: str, rates: Mapping[str, Decimal]) -> pl.DataFrame:
    """Project rows with `reporting_currency` and `reporting_cost`: effective_cost times its currency's rate.

    Rounded half-even at the 12th decimal. Null where the cost is not known, and everywhere without a reporting
    `currency` (""). Example: 10.00 USD at 0.90 are 9 EUR.
    """
    costs = zip(projects["effective_cost"], projects[CURRENCY], strict=True)
    converted = [None if cost is None else converted_cost(cost, rates.get(name)) for cost, name in costs]
    return projects.with_columns(
        pl.lit(currency or None, dtype=pl.String()).alias("reporting_currency"),
        pl.Series("reporting_cost", converted, dtype=_MONEY),
    )


def converted_cost(cost: Decimal, rate: Decimal | None) -> Decimal | None:
    """A cost at a rate, exactly to the 12th decimal; None without a rate."""
    return None if rate is None else quantise(CONTEXT.multiply(cost, rate), SCALE)
