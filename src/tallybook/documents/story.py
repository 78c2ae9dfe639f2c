"""The month in sentences, made from the same figures that the tables show; true also where they are lower bounds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import CurrencyTotal, ProjectTotal, TieOut
from tallybook.documents.values import Bound
from tallybook.documents.words import amount, listing, percent, plain
from tallybook.language import Language


def tell_month(
    inputs: MonthInputs,
    totals: Sequence[CurrencyTotal],
    projects: Sequence[ProjectTotal],
    tie_outs: Sequence[TieOut],
) -> tuple[str, ...]:
    """The sentences of the first page, in the order of reading; without costs it says so.

    `projects` has one sum per project and currency.
    """
    say = inputs.language.say
    if not totals:
        return (say("No costs are known for %(month)s.", month=inputs.month),)
    sentences = []
    for total in totals:
        sentences += [
            tell_total(inputs, total),
            *_budget(total, inputs.language),
            *_dearest(total, projects, inputs.language),
        ]
    return (*sentences, *_tie(tie_outs, inputs.language))


def tell_total(inputs: MonthInputs, total: CurrencyTotal) -> str:
    """A total beside the one before: `October 2026 cost 120.00 EUR, 20.00 EUR (20.0 %) more than …`.

    Of a lower bound only what stays true is said: `… cost at least 120.00 EUR, at least 20.00 EUR more than …`.
    """
    language, say = inputs.language, inputs.language.say
    now, earlier = _cost(total, language), _previous_cost(total, language)
    known = {"month": inputs.month, "before": inputs.month_before, "now": now, "earlier": earlier}
    if now is None:
        return _not_known(total, language, known)
    if earlier is None:
        return say("%(month)s cost %(now)s; of %(before)s nothing is known to compare it with.", **known)
    if total.change.shown is None:
        return say(
            "%(month)s cost %(now)s; it is not compared with %(before)s: some connections are known in one of the "
            "months only.",
            **known,
        )
    if not _is_certain(total):
        return say(
            "%(month)s cost %(now)s; %(before)s cost %(earlier)s; which of the two cost more is not known.", **known
        )
    return _moved(total, language, known)


def _not_known(total: CurrencyTotal, language: Language, known: Mapping[str, str | None]) -> str:
    told = {**known, "currency": total.billing_currency}
    if known["earlier"] is None:
        return language.say("What %(month)s cost in %(currency)s is not known.", **told)
    return language.say("What %(month)s cost in %(currency)s is not known; %(before)s cost %(earlier)s.", **told)


def _moved(total: CurrencyTotal, language: Language, known: Mapping[str, str | None]) -> str:
    change, is_exact = total.change.shown or Decimal(0), total.change_bound is Bound.EXACT
    if is_exact and change == 0:
        return language.say("%(month)s cost %(now)s, the same as %(before)s.", **known)
    by = _at_least(amount(abs(change), total.billing_currency, language=language), not is_exact, language)
    if total.change_pct is not None:
        by = f"{by} ({percent(total.change_pct, language=language)})"
    if change > 0:
        return language.say("%(month)s cost %(now)s, %(change)s more than %(before)s.", **known, change=by)
    return language.say("%(month)s cost %(now)s, %(change)s less than %(before)s.", **known, change=by)


def _is_certain(total: CurrencyTotal) -> bool:
    """Whether it is known which month cost more: what is lacking can only add to the one that cost more anyway."""
    change = total.change.shown or 0
    return {
        Bound.EXACT: True,
        Bound.AT_LEAST: change > 0,
        Bound.AT_MOST: change < 0,
        Bound.OPEN: False,
    }[total.change_bound]


def _cost(total: CurrencyTotal | ProjectTotal, language: Language) -> str | None:
    shown = total.effective_cost.shown
    if shown is None:
        return None
    return _at_least(amount(shown, total.billing_currency, language=language), total.is_lower_bound, language)


def _previous_cost(total: CurrencyTotal, language: Language) -> str | None:
    shown = total.previous_effective_cost.shown
    if shown is None:
        return None
    return _at_least(amount(shown, total.billing_currency, language=language), total.previous_is_lower_bound, language)


def _at_least(text: str, flag: bool, language: Language) -> str:  # noqa: FBT001 - reads as a sentence
    return language.say("at least %(amount)s", amount=text) if flag else text


def _dearest(total: CurrencyTotal, projects: Sequence[ProjectTotal], language: Language) -> list[str]:
    own = [row for row in projects if row.billing_currency == total.billing_currency and row.effective_cost.exact]
    if len(own) < 2:
        return []
    first = max(own, key=lambda row: (row.effective_cost.exact or 0, row.project))
    told = {"project": plain(first.project), "cost": _cost(first, language)}
    if total.is_lower_bound:
        return [language.say("Of what was seen and priced, the dearest project is %(project)s with %(cost)s.", **told)]
    return [language.say("The dearest project is %(project)s with %(cost)s.", **told)]


def _budget(total: CurrencyTotal, language: Language) -> list[str]:
    over, say, currency = total.budget_variance.shown, language.say, total.billing_currency
    if over is None or total.budget.shown is None:
        return []
    budget = amount(total.budget.shown, currency, language=language)
    if total.is_budget_example:
        budget = say("%(budget)s (an example)", budget=budget)
    by = amount(abs(over), currency, language=language)
    if over > 0:
        by = _at_least(by, total.is_lower_bound, language)
        return [say("That is %(amount)s over the budget of %(budget)s.", amount=by, budget=budget)]
    if over < 0 and total.is_lower_bound:
        return [say("That is at most %(amount)s under the budget of %(budget)s, or over it.", amount=by, budget=budget)]
    if over < 0:
        return [say("That is %(amount)s under the budget of %(budget)s.", amount=by, budget=budget)]
    if total.is_lower_bound:
        return [say("That is the budget of %(budget)s, or over it.", budget=budget)]
    return [say("That is exactly the budget of %(budget)s.", budget=budget)]


def _tie(tie_outs: Sequence[TieOut], language: Language) -> list[str]:
    if not tie_outs or not all(one.holds for one in tie_outs):
        return []
    currencies = listing([t.billing_currency for t in tie_outs], language=language)
    return [
        language.say("All costs tie out: sources and projects differ by 0 in %(currencies)s.", currencies=currencies)
    ]
