"""How values are written for people. Formats what a document shows and computes nothing.

Every function takes None for "not known" and says so in words too. The templates' filters are bound to one language.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from markupsafe import Markup, escape

from tallybook.documents.values import Figure
from tallybook.documents.words import unit_of
from tallybook.language import ENGLISH, Language
from tallybook.money import minor_digits, quantise
from tallybook.render.labels import label, opening
from tallybook.render.text import shortened

MINUS = "\N{MINUS SIGN}"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_HUNDRED = Decimal(100)


def number(value: Decimal | None, digits: int | None = None, *, language: Language = ENGLISH) -> Markup:
    """`1234.5` as `1,234.5`: with the value's own decimals, or at least `digits`; never rounded."""
    if value is None:
        return unknown(language=language)
    return Markup(_digits(value, digits, language=language))  # noqa: S704 - digits and marks only


def exactly(value: Decimal | None, digits: int = 0, *, language: Language = ENGLISH) -> Markup:
    """All digits of an exact value, without zeros at its end but with at least `digits` decimals."""
    if value is None:
        return unknown(language=language)
    return number(Decimal(plain(value)), digits, language=language)


def amount(figure: Figure, currency: str, *, language: Language = ENGLISH) -> Markup:
    """The shown value with the currency's decimals and no code, for tables whose heading names it."""
    return number(figure.shown, minor_digits(currency), language=language)


def money(figure: Figure, currency: str, *, language: Language = ENGLISH) -> Markup:
    """`1,234.56 EUR`: the shown value with its currency behind it, unbreakable."""
    text = amount(figure, currency, language=language)
    return text if figure.shown is None else text + _NO_BREAK + escape(currency)


def signed(figure: Figure, currency: str, *, is_plain: bool = False, language: Language = ENGLISH) -> Markup:
    """A change with its sign and an arrow, never told by colour alone: `↑ +12.00`; `is_plain` leaves the arrow out."""
    if figure.shown is None:
        return unknown(language=language)
    return _with_sign(figure.shown, minor_digits(currency), is_plain=is_plain, language=language)


def has_direction(figure: Figure, bound: str) -> bool:
    """Whether it is certain that a change goes the way that its sign says."""
    if figure.shown is None:
        return False
    return {
        "exact": True,
        "at_least": figure.shown > 0,
        "at_most": figure.shown < 0,
    }.get(bound, False)


def signed_pct(value: Decimal | None, *, language: Language = ENGLISH) -> Markup:
    """A change in percent with its sign: `+12.3%`."""
    if value is None:
        return unknown(language=language)
    return Markup(_sign(value) + _digits(abs(value), 1, language=language) + language.percent_sign())  # noqa: S704


def percent(value: Decimal | None, *, language: Language = ENGLISH) -> Markup:
    """`93.4%`, with one decimal at least."""
    if value is None:
        return unknown(language=language)
    return Markup(_digits(value, 1, language=language) + language.percent_sign())  # noqa: S704


def unknown(*, language: Language = ENGLISH) -> Markup:
    """The dash for "not known", with the words for those who do not see it."""
    return Markup('<span class="unknown"><span aria-hidden="true">—</span>{}</span>').format(
        Markup('<span class="sr">{}</span>').format(language.say("not known"))
    )


def exact(value: Decimal | Figure | None) -> str:
    """The exact value as plain digits, for sorting and for machines; empty when not known."""
    known = value.exact if isinstance(value, Figure) else value
    return "" if known is None else plain(known)


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end: `12.500` as `12.5`, `-0` as `0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def bar_width(value: Decimal | None) -> str:
    """A percentage held within 0..100, for the width of a bar."""
    return "0" if value is None else plain(min(max(value, Decimal(0)), _HUNDRED))


def day(value: date | None, *, language: Language = ENGLISH) -> Markup:
    """A date in digits: `2026-10-05`, `05.10.2026`."""
    return unknown(language=language) if value is None else Markup(language.day(value))  # noqa: S704


def long_day(value: date, *, language: Language = ENGLISH) -> str:
    """A date in words: `5 October 2026`."""
    return language.long_day(value).replace(" ", _NO_BREAK)


def instant(value: datetime, *, language: Language = ENGLISH) -> str:
    """A time in UTC to the minute: `2026-11-02 06:00 UTC`."""
    return f"{language.minute(value)}{_NO_BREAK}UTC"


def month(text: str, *, language: Language = ENGLISH) -> str:
    """A month in short: `2026-10`, `Okt. 2026`."""
    return language.short_month(text)


def unit(text: str, *, language: Language = ENGLISH) -> str:
    """A unit in words: `core-hour`."""
    return unit_of(text, language=language)


def iso_instant(value: datetime) -> str:
    """A time in UTC for machines: `2026-11-02T06:00:00Z`."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_LONG_ID = re.compile("[0-9A-Fa-f]{24,}")
_EIGHT = re.compile(".{1,8}")
_JOINT = re.compile("([._/:])(?=.)")


def name(text: str, length: int = 100) -> Markup:
    """A name for a table's cell, shortened: it may break behind a dot or slash, a long id after each eighth character.

    The parts of an id are boxes of their own, since WeasyPrint knows no word breaks; the style sheets make them so.
    """
    joined = _JOINT.sub(r"\1<wbr>", str(escape(shortened(text, length))))
    return Markup(_LONG_ID.sub(lambda found: _EIGHT.sub(r"<span>\g<0></span>", found[0]), joined))  # noqa: S704 - escaped


def functions(language: Language) -> dict[str, Callable[..., object]]:
    """The template filters, bound to one language."""
    localised: tuple[Callable[..., str], ...] = (
        *(number, exactly, amount, money, signed, signed_pct, percent, day, long_day, instant, label, month, unit),
    )
    neutral: tuple[Callable[..., object], ...] = (
        *(exact, bar_width, has_direction, iso_instant, name, opening, shortened),
    )
    bound: dict[str, Callable[..., object]] = {f.__name__: partial(f, language=language) for f in localised}
    return bound | {f.__name__: f for f in neutral}


def _with_sign(value: Decimal, digits: int, *, is_plain: bool, language: Language) -> Markup:
    arrow = {"+": "↑", MINUS: "↓"}.get(_sign(value))
    text = _sign(value) + _digits(abs(value), digits, language=language)
    if arrow is None or is_plain:
        return Markup(text)  # noqa: S704 - digits and marks only
    return Markup('<span class="arrow" aria-hidden="true">{}</span>{}').format(arrow + _NO_BREAK, text)


def _sign(value: Decimal) -> str:
    if value == 0:
        return ""
    return MINUS if value < 0 else "+"


def _digits(value: Decimal, digits: int | None, *, language: Language) -> str:
    own = max(0, -int(value.as_tuple().exponent))
    text = format(quantise(value, max(own, digits or 0)), ",f")
    if not any(c in "123456789" for c in text):
        text = text.lstrip("-")
    return language.digits(text).replace("-", MINUS)
