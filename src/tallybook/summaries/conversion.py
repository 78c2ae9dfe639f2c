"""Costs in the reporting currency, beside those in their own."""

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce

import polars as pl

from tallybook.money import CONTEXT, SCALE, quantise
from tallybook.summaries.comparison import CURRENCY
from tallybook.summaries.variance import CAUSES, EXCHANGE

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


def convert_bridge(
    bridge: pl.DataFrame, *, before: Mapping[str, Decimal], closing: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """The bridges of all currencies as one in the reporting currency: opening_cost, every cause, and closing_cost.

    What was there before and what each cause did is turned at the rate `before`, half-even at the 12th decimal; what
    is left to the `closing` cost of a currency, at this month's rate, is `exchange`: cost now x (rate now - rate
    before). They add up to the last decimal. Example: 9 USD at 0.80, 3.505 USD more, 12.505 USD at 0.90: opening 7.20,
    volume 2.804, exchange 1.2505, closing 11.2545 EUR.
    """
    sums = dict.fromkeys(("opening_cost", *CAUSES, EXCHANGE, "closing_cost"), Decimal(0))
    for row in bridge.to_dicts():
        rate, closed = before[row[CURRENCY]], closing[row[CURRENCY]]
        costs = {"opening_cost": row["opening_cost"], **{cause: row[f"{cause}_effect"] for cause in CAUSES}}
        parts = {name: quantise(CONTEXT.multiply(cost, rate), SCALE) for name, cost in costs.items()}
        parts[EXCHANGE] = reduce(CONTEXT.subtract, parts.values(), closed)
        for name, part in {**parts, "closing_cost": closed}.items():
            sums[name] = CONTEXT.add(sums[name], part)
    return sums


def converted_cost(cost: Decimal, rate: Decimal | None) -> Decimal | None:
    """A cost at a rate, exactly to the 12th decimal; None without a rate."""
    return None if rate is None else quantise(CONTEXT.multiply(cost, rate), SCALE)
