"""The month in the reporting currency, and what of its change the exchange rates made."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from tallybook.documents.changes import Bridge, BridgeStep
from tallybook.documents.figures import UNKNOWN, add, change_bound, difference, figure, fit, money, total_of
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import Conversion, ConvertedTotal, CurrencyTotal
from tallybook.documents.values import Figure
from tallybook.language import message
from tallybook.money import minor_digits
from tallybook.pricing.conversion import Rates
from tallybook.summaries.conversion import convert_bridge, converted_cost
from tallybook.summaries.variance import CAUSES, EXCHANGE

_EXCHANGE_NOTE = message(
    "Every cause counts at its currency's rate of the month before. Exchange: what this month costs, times the change "
    "of the rates."
)


def convert_totals(inputs: MonthInputs, totals: Sequence[CurrencyTotal]) -> Conversion | None:
    """The totals in the reporting currency; None without one, or when every cost is in it.

    Change = (cost now - cost before) at the rate before + cost now x (rate now - rate before); the second part is the
    exchange effect. Example: 100 USD at 0.90 after 80 USD at 0.85 are 90.00 after 68.00 EUR, a change of 22.00 EUR, of
    which 100 x 0.05 = 5.00 EUR are the rate and 17.00 EUR the use.
    """
    rates = inputs.rates
    if rates is None or all(total.billing_currency == rates.currency for total in totals):
        return None
    rows = tuple(_converted(inputs, total, rates) for total in totals if total.billing_currency in rates.now)
    is_lower_bound = any(row.is_lower_bound for row in rows)
    was_lower_bound = any(total.previous_is_lower_bound for total in totals)
    conversion = Conversion(
        reporting_currency=rates.currency,
        totals=rows,
        effective_cost=total_of(row.effective_cost for row in rows),
        previous_effective_cost=_sum_of_all(row.previous_effective_cost for row in rows),
        change=_sum_of_all(row.change for row in rows),
        exchange_effect=_sum_of_all(row.exchange_effect for row in rows),
        is_lower_bound=is_lower_bound,
        previous_is_lower_bound=was_lower_bound,
        change_bound=change_bound(now=is_lower_bound, before=was_lower_bound),
    )
    return replace(conversion, bridge=_bridge(inputs, conversion, rates))


def _bridge(inputs: MonthInputs, month: Conversion, rates: Rates) -> Bridge | None:
    """From the month before to this one over all currencies, as shown too; None when one of them is not known.

    It opens with the sum that the table shows, whose parts were rounded one by one; a closed month that has changed
    since is another amount, and rounded itself.
    """
    rows, closing = inputs.tables.bridge, {row.billing_currency: row.effective_cost.exact for row in month.totals}
    known = {currency: cost for currency, cost in closing.items() if cost is not None}
    if month.change.exact is None or not set(rows["billing_currency"]) <= known.keys() & rates.before.keys():
        return None
    sums = convert_bridge(rows, before=rates.before, closing=known)
    steps = (*CAUSES, EXCHANGE)
    opening, to = money(sums["opening_cost"], rates.currency), month.effective_cost
    if opening.exact == month.previous_effective_cost.exact:
        opening = month.previous_effective_cost
    between = (to.shown or Decimal(0)) - (opening.shown or Decimal(0))
    shown = fit([sums[cause] for cause in steps], total=between, digits=minor_digits(rates.currency))
    return Bridge(
        billing_currency=rates.currency,
        opening_cost=opening,
        steps=tuple(BridgeStep(cause, figure(sums[cause], part)) for cause, part in zip(steps, shown, strict=True)),
        closing_cost=to,
        is_lower_bound=month.is_lower_bound,
        previous_is_lower_bound=month.previous_is_lower_bound,
        change_bound=month.change_bound,
        notes=(inputs.language.say(_EXCHANGE_NOTE),),
    )


def _converted(inputs: MonthInputs, total: CurrencyTotal, rates: Rates) -> ConvertedTotal:
    name = total.billing_currency
    now = _reporting_cost(inputs, name)
    before = _at(total.previous_effective_cost.exact, rates.before.get(name), rates.currency)
    at_rate_before = _at(total.effective_cost.exact, rates.before.get(name), rates.currency)
    change = difference(now, before) if total.change.exact is not None else UNKNOWN
    return ConvertedTotal(
        billing_currency=name,
        rate=rates.now[name],
        rate_source=rates.sources.get(name, ""),
        previous_rate=rates.before.get(name),
        effective_cost=now,
        previous_effective_cost=before,
        change=change,
        exchange_effect=difference(now, at_rate_before) if change.exact is not None else UNKNOWN,
        is_lower_bound=total.is_lower_bound,
        previous_is_lower_bound=total.previous_is_lower_bound,
        change_bound=total.change_bound,
    )


def _reporting_cost(inputs: MonthInputs, currency: str) -> Figure:
    """The sum of the projects' converted costs, so that projects.csv adds up to it."""
    rows = inputs.tables.projects.filter(pl.col("billing_currency") == currency)
    reporting_currency = inputs.rates.currency if inputs.rates else currency
    return money(add(rows["reporting_cost"]), reporting_currency)


def _at(cost: Decimal | None, rate: Decimal | None, currency: str) -> Figure:
    return UNKNOWN if cost is None else money(converted_cost(cost, rate), currency)


def _sum_of_all(figures: Iterable[Figure]) -> Figure:
    listed = list(figures)
    return total_of(listed) if all(one.exact is not None for one in listed) else UNKNOWN
