"""What a delivery says of a report, from its monthly-report.json: a subject and some lines of plain text.

Nothing is computed here. Every name is made one legible line, so that it can be no header and no line of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybook.documents.values import Status
from tallybook.language import ENGLISH, Language, message
from tallybook.legible import legible
from tallybook.money import minor_digits, quantise
from tallybook.periods import BillingPeriod, parse_instant

_LONGEST = 300
_MOST = 5
_WHOLE = 100
_CHANGES = {
    "exact": message("%(change)s against %(month)s"),
    "at_least": message("at least %(change)s against %(month)s"),
    "at_most": message("at most %(change)s against %(month)s"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The words of a delivery. `headline` holds no name that anybody else chose; `entity` is the configuration's."""

    headline: str
    entity: str
    lines: tuple[str, ...]
    language: Language = ENGLISH

    @property
    def subject(self) -> str:
        """One line that says what it is."""
        return f"{self.headline}, {self.entity}" if self.entity else self.headline


def make_notice(
    report: Mapping[str, Any],
    *,
    is_test: bool = False,
    language: Language = ENGLISH,
    quoted: Mapping[str, list[str]] | None = None,
) -> Notice:
    """The notice of a monthly report, as its JSON has it (forms 1.0 and later), in the language of its pages.

    `quoted` are the `reasons` and the texts of the `exceptions` in that language; without it they are quoted as they
    are in the JSON, in English.
    """
    in_english = {
        "reasons": report["header"]["reasons"],
        "exceptions": [one["text"] for one in report.get("exceptions", ())],
    }
    header = report["header"]
    headline = language.say(
        "Cloud costs %(month)s: %(status)s, %(revision)s",
        month=language.month(_period(header)),
        status=_status(header, language),
        revision=f"r{header['revision']:02d}",
    )
    return Notice(
        headline=f"[TEST] {headline}" if is_test else headline,
        entity=_line(header["entity"]),
        lines=tuple(_lines(report, quoted or in_english, language, is_test=is_test)),
        language=language,
    )


def _period(header: Mapping[str, Any]) -> BillingPeriod:
    return BillingPeriod.containing(parse_instant(f"{header['billing_period']}-01"))


def _status(header: Mapping[str, Any], language: Language) -> str:
    return language.say(Status(header["status"]))


def _lines(
    report: Mapping[str, Any], quoted: Mapping[str, list[str]], language: Language, *, is_test: bool
) -> Iterator[str]:
    header, totals, say = report["header"], report["totals"], language.say
    if is_test:
        yield say("This is a test of the delivery: it was asked for by hand, and does not count as delivered.")
    yield say(
        "Status: %(status)s, revision %(revision)s", status=_status(header, language), revision=header["revision"]
    )
    yield from _listed(quoted["reasons"], language)
    previous = language.month(_period(header).shift(-1))
    for total in totals:
        yield say("Total: %(cost)s, %(change)s", cost=_cost(total, language), change=_change(total, previous, language))
    if not totals:
        yield say("Total: not known")
    yield _seen(totals, language)
    exceptions = quoted["exceptions"]
    yield say("Open exceptions: %(count)s", count=len(exceptions)) if exceptions else say("Open exceptions: none")
    yield from _listed(exceptions, language)


def _listed(texts: list[str], language: Language) -> Iterator[str]:
    yield from (f"- {_line(text)}" for text in texts[:_MOST])
    if len(texts) > _MOST:
        yield language.say("- and %(count)s more, in the report", count=len(texts) - _MOST)


def _cost(total: Mapping[str, Any], language: Language) -> str:
    shown, currency = total["effective_cost"]["shown"], _line(total["billing_currency"])
    if shown is None:
        return language.say("not known in %(currency)s", currency=currency)
    cost = f"{_number(shown, minor_digits(currency), language)} {currency}"
    return language.say("at least %(amount)s", amount=cost) if total.get("is_lower_bound") else cost


def _change(total: Mapping[str, Any], previous: str, language: Language) -> str:
    """The change in money and percent, as certain as the report says it is."""
    shown, bound = total["change"]["shown"], total.get("change_bound", "exact")
    if shown is None or bound == "open":
        return language.say("change against %(month)s not known", month=previous)
    currency, pct = _line(total["billing_currency"]), total["change_pct"]
    change = f"{_number(shown, minor_digits(currency), language, sign='+')} {currency}"
    if pct is not None:
        change += f" ({_number(pct, 1, language, sign='+')}{language.percent_sign()})"
    return language.say(_CHANGES.get(bound, _CHANGES["exact"]), change=change, month=previous)


def _seen(totals: list[Mapping[str, Any]], language: Language) -> str:
    """The share of the month that was seen: that of the least seen connection."""
    known = [Decimal(total["coverage_pct"]) for total in totals if total["coverage_pct"] is not None]
    if not known:
        return language.say("Seen: not known")
    share = _number(str(min(known)), 1, language) + language.percent_sign()
    if min(known) < _WHOLE:
        return language.say("Seen: %(share)s of the month by the least seen connection", share=share)
    return language.say("Seen: %(share)s of the month", share=share)


def _number(text: str, digits: int, language: Language, *, sign: str = "") -> str:
    """A number with its own decimals, at least `digits`: JSON has none of the zeros at its end."""
    value = Decimal(text)
    own = max(0, -int(value.as_tuple().exponent))
    return language.digits(format(quantise(value, max(own, digits)), f"{sign},f"))


def _line(text: str) -> str:
    """A text as one line of at most 300 characters."""
    line = legible(text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
