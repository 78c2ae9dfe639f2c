"""Languages of pages: a message catalog in gettext's form and the marks of numbers and dates, by Babel.

English is in the code; every other language is one file, `reports/languages/<code>.po`, named as Babel names the
locale. Messages are whole sentences with named places, `%(month)s cost %(amount)s`; a percent sign is written `%%`.
Who writes a message for later marks it with `message`, so that it is found when the catalogs are made anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from tallybook import resources
from tallybook.errors import ConfigurationError
from tallybook.periods import BillingPeriod

ENGLISH_CODE = "en"
_LONG_DAY_OF_ENGLISH = "d MMMM y"  # as everywhere but in America


@dataclass(frozen=True)
class Language:
    """How one language writes messages, numbers and dates. `messages` has none in English."""

    code: str
    locale: Locale = field(repr=False)
    messages: NullTranslations = field(repr=False, compare=False)

    def say(self, text: str, /, **values: object) -> str:
        """A message in this language with its places filled in; English where the catalog lacks it."""
        return self.messages.gettext(text) % values

    def say_in(self, context: str, text: str, /, **values: object) -> str:
        """A message that means something of its own in `context`, such as `quota`."""
        return self.messages.pgettext(context, text) % values

    def many(self, one: str, several: str, count: int, /, **values: object) -> str:
        """One of two messages by `count`, which fills `%(count)s` in."""
        return self.messages.ngettext(one, several, count) % {"count": self.digits(f"{count:,}"), **values}

    def tell(self, message: "Message") -> str:
        """A message that was written before its language was known."""
        return self.say(message.text, **message.values)

    def digits(self, text: str) -> str:
        """A number as Python writes it, `-1,234.5`, with the marks of this language; its hyphen stays."""
        return text.translate(self._marks)

    def percent_sign(self) -> str:
        """What stands behind a percentage: `%`, or a space and `%`."""
        return str(self.locale.percent_formats[None].suffix[0])

    def month(self, period: BillingPeriod) -> str:
        """`October 2026`."""
        return str(format_skeleton("yMMMM", period.start, locale=self.locale))

    def short_month(self, text: str) -> str:
        """A month as documents name it, `2026-10`, for tables: as it is in English, else `Okt. 2026`."""
        if self.is_english:
            return text
        return str(format_skeleton("yMMM", date.fromisoformat(f"{text}-01"), locale=self.locale))

    def day(self, value: date) -> str:
        """A date in digits, ISO 8601 in English: `2026-10-05`, `05.10.2026`."""
        return str(format_date(value, self.day_pattern, locale=self.locale))

    def long_day(self, value: date) -> str:
        """A date in words: `5 October 2026`."""
        return str(format_date(value, _LONG_DAY_OF_ENGLISH if self.is_english else "long", locale=self.locale))

    def minute(self, instant: datetime) -> str:
        """A time in UTC to the minute, without its zone: `2026-11-02 06:00`."""
        utc = instant.astimezone(UTC)
        return f"{self.day(utc.date())} {utc:%H:%M}"

    @property
    def day_pattern(self) -> str:
        """How `day` writes a date, in the letters of Unicode: `yyyy-MM-dd`."""
        return "yyyy-MM-dd" if self.is_english else str(self.locale.date_formats["medium"].pattern).replace("y", "yyyy")

    @property
    def short_months(self) -> tuple[str, ...]:
        """The twelve months' short names, for an axis."""
        names = self.locale.months["stand-alone"]["abbreviated"]
        return tuple(names[number] for number in range(1, 13))

    @property
    def is_english(self) -> bool:
        """Whether messages stand as they are in the code, and digits as ISO writes them."""
        return self.code == ENGLISH_CODE

    @cached_property
    def _marks(self) -> dict[int, str]:
        decimal, group = get_decimal_symbol(self.locale), get_group_symbol(self.locale)
        return str.maketrans({",": group, ".": decimal})


@dataclass(frozen=True, slots=True)
class Message:
    """A message and what fills its places, for a language that is chosen later."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def message(text: str) -> str:
    """Mark a message that `Language.say` gets from a variable; it is returned as it is."""
    return text


def message_in(context: str, text: str) -> str:  # noqa: ARG001 - read by who makes the catalogs
    """Mark a message for `Language.say_in`; it is returned as it is."""
    return text


def folder() -> Path:
    """Where the catalogs lie."""
    return resources.root() / "reports" / "languages"


def known_languages() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    return (ENGLISH_CODE, *sorted(path.stem for path in folder().glob("*.po")))


@cache
def language_of(code: str) -> Language:
    """The language of a code; ConfigurationError naming the known ones."""
    if code not in known_languages():
        raise ConfigurationError(f"no language {code!r}; known: {', '.join(known_languages())}")
    if code == ENGLISH_CODE:
        return ENGLISH
    compiled = BytesIO()
    with (folder() / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Language(code, Locale.parse(code), GNUTranslations(compiled))


ENGLISH = Language(ENGLISH_CODE, Locale.parse(ENGLISH_CODE), NullTranslations())
