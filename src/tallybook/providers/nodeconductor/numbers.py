"""Numbers and times as this provider writes them: integers, floats and numeric strings in one list."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa

from tallybook.errors import SchemaError
from tallybook.money import SCALE, quantise

# An exbibyte in MiB: what is beyond is no figure of a cloud, and would not fit the sums that are made of it.
_MOST = Decimal(2**40)


def decimals(values: Iterable[Decimal | None], field: str) -> pa.Array:
    """A column of decimals, rounded once at the 12th; None stays None.

    Raises SchemaError naming the field for "NaN", "Infinity" and what no cloud can hold.
    """
    return pa.array([_checked(value, field) for value in values], pa.decimal128(38, SCALE))


def is_amount(value: Decimal | None) -> bool:
    """Whether a cloud can hold so many MiB; null is one that is not known."""
    return value is None or (value.is_finite() and abs(value) <= _MOST)


def _checked(value: Decimal | None, field: str) -> Decimal | None:
    if value is None:
        return None
    if not is_amount(value):
        raise SchemaError(f"the answer does not fit its document: {field} is {value}, which is no amount")
    return quantise(value, SCALE)


def instants(epochs: Iterable[int]) -> list[datetime | None]:
    """Unix seconds as naive UTC times, the warehouse's form; None for what no calendar holds."""
    return [_instant(epoch) for epoch in epochs]


def _instant(epoch: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
