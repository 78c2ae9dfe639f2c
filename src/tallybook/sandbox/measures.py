"""Exact numbers on their way into JSON, and the shape of one metered quantity."""

from decimal import Decimal
from typing import NamedTuple

MIB = 2**20
GIB = 2**30


class MeterKey(NamedTuple):
    """What a quantity is counted under within one provider."""

    sub_account_id: str
    region: str
    meter: str


class Metered(NamedTuple):
    """What one hour adds to a meter."""

    key: MeterKey
    quantity: Decimal


def plain(value: Decimal) -> Decimal | int:
    """The same number without trailing zeros or exponents, for JSON."""
    whole = int(value)
    return whole if value == whole else value.normalize()


def micro(amount: int) -> Decimal | int:
    """Millionths as a JSON number."""
    return plain(Decimal(amount).scaleb(-6))


def text(value: Decimal) -> str:
    """The exact decimal as text without exponent."""
    return format(value.normalize(), "f")
