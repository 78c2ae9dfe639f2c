"""The month in sentences, made from the same figures that the tables show; true also where they are lower bounds."""

from collections.abc import Sequence

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import CurrencyTotal, ProjectTotal, TieOut
from tallybook.documents.values import Bound
from tallybook.documents.words import amount, listing, percent, plain


def tell_month(
    inputs: MonthInputs,
    totals: Sequence[CurrencyTotal],
    projects: Sequence[ProjectTotal],
    tie_outs: Sequence[TieOut],
) -> tuple[str, ...]:
    """The sentences of the first page, in the order of reading; without costs it says so.

    `projects` has one sum per project and currency.
    """
    if not totals:
        return (f"No costs are known for {inputs.period.label}.",)
    sentences = []
    for total in totals:
        sentences += [tell_total(inputs, total), *_budget(total), *_dearest(total, projects)]
    return (*sentences, *_tie(tie_outs))


def tell_total(inputs: MonthInputs, total: CurrencyTotal) -> str:
    """A total beside the one before: `October 2026 cost 120.00 EUR, 20.00 EUR (20.0 %) more than …`.

    Of a lower bound only what stays true is said: `… cost at least 120.00 EUR, at least 20.00 EUR more than …`.
    """
    month, before, currency = inputs.period.label, inputs.period.shift(-1).label, total.billing_currency
    now, earlier = _cost(total), _previous_cost(total)
    if now is None:
        then = "" if earlier is None else f"; {before} cost {earlier}"
        return f"What {month} cost in {currency} is not known{then}."
    start = f"{month} cost {now}"
    if earlier is None:
        return f"{start}; of {before} nothing is known to compare it with."
    change = total.change.shown
    if change is None:
        return f"{start}; it is not compared with {before}: some connections are known in one of the months only."
    if total.change_bound is Bound.EXACT and change == 0:
        return f"{start}, the same as {before}."
    if not _is_certain(total):
        return f"{start}; {before} cost {earlier}; which of the two cost more is not known."
    at_least = "" if total.change_bound is Bound.EXACT else "at least "
    relative = "" if total.change_pct is None else f" ({percent(total.change_pct)})"
    direction = "more" if change > 0 else "less"
    return f"{start}, {at_least}{amount(abs(change), currency)}{relative} {direction} than {before}."


def _is_certain(total: CurrencyTotal) -> bool:
    """Whether it is known which month cost more: what is lacking can only add to the one that cost more anyway."""
    change = total.change.shown or 0
    return {
        Bound.EXACT: True,
        Bound.AT_LEAST: change > 0,
        Bound.AT_MOST: change < 0,
        Bound.OPEN: False,
    }[total.change_bound]


def _cost(total: CurrencyTotal | ProjectTotal) -> str | None:
    shown = total.effective_cost.shown
    return None if shown is None else _at_least(amount(shown, total.billing_currency), total.is_lower_bound)


def _previous_cost(total: CurrencyTotal) -> str | None:
    shown = total.previous_effective_cost.shown
    return None if shown is None else _at_least(amount(shown, total.billing_currency), total.previous_is_lower_bound)


def _at_least(text: str, flag: bool) -> str:  # noqa: FBT001 - reads as a sentence
    return f"at least {text}" if flag else text


def _dearest(total: CurrencyTotal, projects: Sequence[ProjectTotal]) -> list[str]:
    own = [row for row in projects if row.billing_currency == total.billing_currency and row.effective_cost.exact]
    if len(own) < 2:
        return []
    first = max(own, key=lambda row: (row.effective_cost.exact or 0, row.project))
    start = "Of what was seen and priced, the" if total.is_lower_bound else "The"
    return [f"{start} dearest project is {plain(first.project)} with {_cost(first)}."]


def _budget(total: CurrencyTotal) -> list[str]:
    over, cost = total.budget_variance.shown, _cost(total)
    if over is None or total.budget.shown is None or cost is None:
        return []
    currency = total.billing_currency
    budget = f"the budget of {amount(total.budget.shown, currency)}{' (an example)' if total.is_budget_example else ''}"
    if total.is_lower_bound and over <= 0:
        return [f"That is {cost} of {budget}; how far under the budget, or whether over it, is not known."]
    if over == 0:
        return [f"That is exactly {budget}."]
    by = _at_least(amount(abs(over), currency), total.is_lower_bound)
    return [f"That is {by} {'over' if over > 0 else 'under'} {budget}."]


def _tie(tie_outs: Sequence[TieOut]) -> list[str]:
    if not tie_outs or not all(one.holds for one in tie_outs):
        return []
    return [
        f"All costs tie out: sources and projects differ by 0 in {listing([t.billing_currency for t in tie_outs])}."
    ]
