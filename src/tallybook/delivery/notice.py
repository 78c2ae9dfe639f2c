"""What a delivery says of a report, from its monthly-report.json: a subject and some lines of plain text.

Nothing is computed here. Every name is made one legible line, so that it can be no header and no line of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybook.legible import legible
from tallybook.money import minor_digits, quantise

_LONGEST = 300
_MOST = 5
_WHOLE = 100
_NOT_KNOWN = "not known"
_BOUNDS = {"at_least": "at least ", "at_most": "at most "}


@dataclass(frozen=True, slots=True)
class Notice:
    """The words of a delivery. `headline` holds no name that anybody else chose; `entity` is the configuration's."""

    headline: str
    entity: str
    lines: tuple[str, ...]

    @property
    def subject(self) -> str:
        """One line that says what it is."""
        return f"{self.headline}, {self.entity}" if self.entity else self.headline


def make_notice(report: Mapping[str, Any], *, is_test: bool = False) -> Notice:
    """The notice of a monthly report, as its JSON has it (forms 1.0 and later)."""
    header = report["header"]
    test = "[TEST] " if is_test else ""
    status = _line(header["status"])
    return Notice(
        headline=f"{test}Cloud costs {_line(header['period_label'])}: {status}, r{header['revision']:02d}",
        entity=_line(header["entity"]),
        lines=tuple(_lines(report, is_test=is_test)),
    )


def _lines(report: Mapping[str, Any], *, is_test: bool) -> Iterator[str]:
    header = report["header"]
    if is_test:
        yield "This is a test of the delivery: it was asked for by hand, and does not count as delivered."
    yield f"Status: {_line(header['status'])}, revision {header['revision']}"
    yield from _listed(header["reasons"])
    for total in report["totals"]:
        yield f"Total: {_cost(total)}, {_change(total, _line(header['previous_label']))}"
    if not report["totals"]:
        yield f"Total: {_NOT_KNOWN}"
    yield f"Seen: {_seen(report['totals'])}"
    exceptions = report.get("exceptions", ())
    yield f"Open exceptions: {len(exceptions) or 'none'}"
    yield from _listed([one["text"] for one in exceptions])


def _listed(texts: list[str]) -> Iterator[str]:
    yield from (f"- {_line(text)}" for text in texts[:_MOST])
    if len(texts) > _MOST:
        yield f"- and {len(texts) - _MOST} more, in the report"


def _cost(total: Mapping[str, Any]) -> str:
    bound = "at least " if total.get("is_lower_bound") else ""
    return _money(total["effective_cost"]["shown"], total["billing_currency"], before=bound)


def _change(total: Mapping[str, Any], previous: str) -> str:
    """The change in money and percent, as certain as the report says it is."""
    shown, bound = total["change"]["shown"], total.get("change_bound", "exact")
    if shown is None or bound == "open":
        return f"change against {previous} {_NOT_KNOWN}"
    pct = total["change_pct"]
    share = f" ({_number(pct, 1, sign='+')}%)" if pct is not None else ""
    currency = total["billing_currency"]
    change = f"{_BOUNDS.get(bound, '')}{_number(shown, minor_digits(currency), sign='+')} {_line(currency)}"
    return f"{change}{share} against {previous}"


def _seen(totals: list[Mapping[str, Any]]) -> str:
    """The share of the month that was seen: that of the least seen connection."""
    known = [Decimal(total["coverage_pct"]) for total in totals if total["coverage_pct"] is not None]
    if not known:
        return _NOT_KNOWN
    whose = " by the least seen connection" if min(known) < _WHOLE else ""
    return f"{_number(str(min(known)), 1)}% of the month{whose}"


def _money(shown: str | None, currency: str, *, before: str) -> str:
    if shown is None:
        return f"{_NOT_KNOWN} in {_line(currency)}"
    return f"{before}{_number(shown, minor_digits(currency))} {_line(currency)}"


def _number(text: str, digits: int, *, sign: str = "") -> str:
    """A number with its own decimals, at least `digits`: JSON has none of the zeros at its end."""
    value = Decimal(text)
    own = max(0, -int(value.as_tuple().exponent))
    return format(quantise(value, max(own, digits)), f"{sign},f")


def _line(text: str) -> str:
    """A text as one line of at most 300 characters."""
    line = legible(text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
