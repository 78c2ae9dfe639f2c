"""Numbers and names inside of sentences."""

from collections.abc import Sequence
from decimal import Decimal

from tallybook.money import minor_digits, quantise


def amount(value: Decimal, unit: str, *, exact: bool = False) -> str:
    """`1,234.50 EUR` or `6 hours`: a currency's decimals for three capitals, else as few as the value needs."""
    is_currency = len(unit) == 3 and unit.isascii() and unit.isupper()
    if is_currency and not exact:
        return f"{quantise(value, minor_digits(unit)):,f} {unit}"
    places = 12 if exact else 2
    text = f"{quantise(value, places):,f}"
    return f"{text.rstrip('0').rstrip('.')} {unit}".strip()


def percent(value: Decimal) -> str:
    """`3.2 %`, without its sign."""
    return f"{abs(value):,f} %"


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listing(names: Sequence[str], *, most: int = 3) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def plain(text: str) -> str:
    """A foreign text as one line."""
    return " ".join(text.split())
