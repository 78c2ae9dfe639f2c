"""What moved the month most, in sentences made from the same figures."""

from collections.abc import Sequence

from tallybook.documents.changes import CauseRow
from tallybook.documents.figures import Row, money
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import CurrencyTotal
from tallybook.documents.values import Figure
from tallybook.documents.words import amount, meter_words, plain
from tallybook.language import Language, message
from tallybook.summaries.causes import summarise_causes

_RISE = {
    "price": message("%(project)s paid higher prices"),
    "volume": message("%(project)s used more"),
    "new": message("%(project)s has something new"),
    "gone": message("%(project)s has no more of what lowered its cost"),
    "adjustment": message("%(project)s has fewer credits and discounts, or more taxes and markups"),
    "not_comparable": message("%(project)s has costs that only %(month)s knows"),
}
_FALL = {
    "price": message("%(project)s paid lower prices"),
    "volume": message("%(project)s used less"),
    "new": message("%(project)s has new costs below zero"),
    "gone": message("%(project)s has no more of something"),
    "adjustment": message("%(project)s has more credits and discounts, or fewer taxes and markups"),
    "not_comparable": message("%(project)s has costs that only %(before)s knows"),
}


def tell_causes(inputs: MonthInputs, totals: Sequence[CurrencyTotal]) -> tuple[CauseRow, ...]:
    """Up to three causes per currency whose total is known in both months, the furthest first."""
    compared = {
        total.billing_currency: total
        for total in totals
        if total.effective_cost.exact is not None and total.previous_effective_cost.exact is not None
    }
    rows = summarise_causes(inputs.tables.variance).to_dicts()
    return tuple(_cause(inputs, row) for row in rows if row["billing_currency"] in compared)


def _cause(inputs: MonthInputs, row: Row) -> CauseRow:
    currency = row["billing_currency"]
    effect, part = money(row["effect"], currency), money(row["part_effect"], currency)
    return CauseRow(
        billing_currency=currency,
        project=row["project"],
        cause=row["cause"],
        effect=effect,
        connection=row["connection"],
        meter=row["meter"],
        part=part,
        sentence=_sentence(inputs, row, effect, part),
    )


def _sentence(inputs: MonthInputs, row: Row, effect: Figure, part: Figure) -> str:
    """Say it in one: `Web used more: +5.00 EUR, the largest part core hours at alpha-main (+6.00 EUR)`."""
    language, currency = inputs.language, row["billing_currency"]
    words = (_RISE if row["effect"] > 0 else _FALL)[row["cause"]]
    places = {"project": plain(row["project"]), "month": inputs.month, "before": inputs.month_before}
    told = {"what": language.say(words, **places), "effect": _signed(effect, currency, language)}
    where = {"meter": meter_words(row["meter"], language=language), "connection": row["connection"]}
    told["where"] = (
        language.say("%(meter)s at %(connection)s", **where)
        if row["meter"]
        else language.say("at %(connection)s", **where)
    )
    if part.shown == effect.shown:
        return language.say("%(what)s: %(effect)s, %(where)s.", **told)
    return language.say(
        "%(what)s: %(effect)s, the largest part %(where)s (%(part)s).", **told, part=_signed(part, currency, language)
    )


def _signed(value: Figure, currency: str, language: Language) -> str:
    assert value.shown is not None  # noqa: S101 - an effect is always known
    sign = "+" if value.shown > 0 else "\N{MINUS SIGN}" if value.shown < 0 else ""
    return f"{sign}{amount(abs(value.shown), currency, language=language)}"
