"""What moved the month most, in sentences made from the same figures."""

from collections.abc import Sequence

from tallybook.documents.changes import CauseRow
from tallybook.documents.figures import Row, money
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import CurrencyTotal
from tallybook.documents.values import Figure
from tallybook.documents.words import amount, plain
from tallybook.summaries.causes import summarise_causes

_RISE = {
    "price": "{project} paid higher prices",
    "volume": "{project} used more",
    "new": "{project} has something new",
    "gone": "{project} has no more of what lowered its cost",
    "adjustment": "{project} has fewer credits and discounts, or more taxes and markups",
    "not_comparable": "{project} has costs that only {month} knows",
}
_FALL = {
    "price": "{project} paid lower prices",
    "volume": "{project} used less",
    "new": "{project} has new costs below zero",
    "gone": "{project} has no more of something",
    "adjustment": "{project} has more credits and discounts, or fewer taxes and markups",
    "not_comparable": "{project} has costs that only {before} knows",
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
    words = (_RISE if row["effect"] > 0 else _FALL)[row["cause"]]
    what = words.format(project=plain(row["project"]), month=inputs.period.label, before=inputs.period.shift(-1).label)
    where = " ".join(filter(None, (row["meter"].replace("_", " "), f"at {row['connection']}")))
    start = f"{what}: {_signed(effect, row['billing_currency'])}"
    if part.shown == effect.shown:
        return f"{start}, {where}."
    return f"{start}, the largest part {where} ({_signed(part, row['billing_currency'])})."


def _signed(value: Figure, currency: str) -> str:
    assert value.shown is not None  # noqa: S101 - an effect is always known
    sign = "+" if value.shown > 0 else "\N{MINUS SIGN}" if value.shown < 0 else ""
    return f"{sign}{amount(abs(value.shown), currency)}"
