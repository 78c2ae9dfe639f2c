"""Numbers and names inside of sentences."""

from collections.abc import Sequence
from decimal import Decimal

from tallybook.language import ENGLISH, Language, message
from tallybook.money import minor_digits, quantise

METERS = {
    "core_hours": message("core hours"),
    "memory_gib_hours": message("memory GiB-hours"),
    "storage_gib_hours": message("storage GiB-hours"),
    "object_storage_gib_hours": message("object storage GiB-hours"),
    "network_in_bytes": message("network in"),
    "network_out_bytes": message("network out"),
    "instance_hours": message("instance hours"),
    "gpu_hours": message("GPU hours"),
    "floating_ip_hours": message("floating IP hours"),
    "load_balancer_hours": message("load balancer hours"),
}
"""Meters in words; any other name, such as a flavor's, is written with spaces."""
UNITS = {
    "hours": message("hours"),
    "days": message("days"),
    "captures": message("captures"),
    "windows": message("windows"),
    "count": message("count"),
    "percent": message("percent"),
    "segments": message("segments"),
    "core-hour": message("core-hour"),
    "GiB-hour": message("GiB-hour"),
    "hour": message("hour"),
    "byte": message("byte"),
    "core": message("core"),
    "charge": message("charge"),
}
"""Units in words; others are written as they are."""

_ADJUSTMENTS = {
    "discount": (message("discount"), message("%(percent)s %% discount")),
    "markup": (message("markup"), message("%(percent)s %% markup")),
    "tax": (message("tax"), message("%(percent)s %% tax")),
    "credit": (message("credit"), message("%(percent)s %% credit")),
}
"""The categories of adjustments.csv: as an amount, and as a percentage."""
_SPREAD = {
    "share of ": message("share of %(rule)s"),
    "spread by ": message("spread by %(rule)s"),
}
"""What a rule of allocation.csv gave to a project, and took from one."""


def meter_words(meter: str, *, language: Language = ENGLISH) -> str:
    """A meter in a language: `core hours`."""
    return language.say(METERS[meter]) if meter in METERS else meter.replace("_", " ")


def adjustment_words(label: str, *, language: Language = ENGLISH) -> str:
    """What a charge calls its adjustment, `10 % discount` or `credit`, in a language; any other stays as it is."""
    percent, _, category = label.rpartition(" % ")
    if category not in _ADJUSTMENTS:
        return label
    amount_of, percentage_of = _ADJUSTMENTS[category]
    return language.say(percentage_of, percent=language.digits(percent)) if percent else language.say(amount_of)


def allocation_words(label: str, *, language: Language = ENGLISH) -> str:
    """What a charge calls its part of a rule, `share of platform`, in a language; the rule's name stays."""
    for beginning, text in _SPREAD.items():
        if label.startswith(beginning):
            return language.say(text, rule=label.removeprefix(beginning))
    return label


def unit_of(unit: str, *, language: Language = ENGLISH) -> str:
    """A unit in a language."""
    return language.say(UNITS[unit]) if unit in UNITS else unit


def amount(value: Decimal, unit: str, *, exact: bool = False, language: Language = ENGLISH) -> str:
    """`1,234.50 EUR` or `6 hours`: a currency's decimals for three capitals, else as few as the value needs."""
    is_currency = len(unit) == 3 and unit.isascii() and unit.isupper()
    if is_currency and not exact:
        return f"{language.digits(f'{quantise(value, minor_digits(unit)):,f}')} {unit}"
    places = 12 if exact else 2
    text = f"{quantise(value, places):,f}".rstrip("0").rstrip(".")
    return f"{language.digits(text)} {unit_of(unit, language=language)}".strip()


def percent(value: Decimal, *, language: Language = ENGLISH) -> str:
    """`3.2%`, in German `3,2 %`, without its sign."""
    return language.digits(f"{abs(value):,f}") + language.percent_sign()


def signed_percent(value: Decimal, *, language: Language = ENGLISH) -> str:
    """`+3.2%`; below zero with the minus sign that figures have."""
    return ("\N{MINUS SIGN}" if value < 0 else "+") + percent(value, language=language)


def listing(names: Sequence[str], *, most: int = 3, language: Language = ENGLISH) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    if len(names) > most:
        return language.say("%(names)s and %(more)s more", names=", ".join(names[:most]), more=len(names) - most)
    if len(names) < 2:
        return "".join(names)
    return language.say("%(names)s and %(last)s", names=", ".join(names[:-1]), last=names[-1])


def plain(text: str) -> str:
    """A foreign text as one line."""
    return " ".join(text.split())
