"""Decimal money: precision, rounding, and splits that always add up. No I/O."""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

# DECIMAL(38, 12) in the warehouse: 26 digits before the point, 12 behind it.
SCALE = 12
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)

# ISO 4217 currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_digits(currency: str) -> int:
    """Decimals a currency is shown with (ISO 4217): EUR 2, JPY 0, KWD 3."""
    return _MINOR_DIGITS.get(currency, 2)


def quantise(value: Decimal, digits: int) -> Decimal:
    """Round half-even to `digits` decimals. A zero has no sign: people would ask what -0.00 owes them."""
    rounded = value.quantize(Decimal(1).scaleb(-digits), context=CONTEXT)
    return rounded or abs(rounded)


def rounded_to_total(parts: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Round parts so that they add up to their rounded total (largest remainder).

    Each part moves by less than one unit of the last digit; ties go to the earlier part, so the result
    is deterministic. Example: 0.333, 0.333, 0.334 to 2 digits gives 0.33, 0.33, 0.34.
    """
    units = _units(quantise(_sum(parts), digits), digits) if parts else 0
    return _shared_out(units, [Fraction(part) * 10**digits for part in parts], digits)


def split(total: Decimal, weights: Sequence[Decimal], *, digits: int = SCALE) -> list[Decimal]:
    """Split `total` by weights, exactly: the parts add up to `total`. Zero weights split evenly.

    Raises ValueError without weights or with a negative one. `total` must fit into `digits` decimals.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("a split needs at least one weight and none below zero")
    if quantise(total, digits) != total:
        raise ValueError(f"{total} has more than {digits} decimals")
    units = _units(total, digits)
    shares = [Fraction(weight) for weight in weights] if any(weights) else [Fraction(1)] * len(weights)
    whole = sum(shares)
    return _shared_out(units, [units * share / whole for share in shares], digits)


def _shared_out(units: int, exact: Sequence[Fraction], digits: int) -> list[Decimal]:
    """Whole units for exact shares, adding up to `units`: the largest remainders are rounded up."""
    floors = [math.floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[: units - sum(floors)]:
        floors[i] += 1
    return [Decimal(floor).scaleb(-digits, context=CONTEXT) for floor in floors]


def _units(value: Decimal, digits: int) -> int:
    """A value in units of its last digit; it has no further ones."""
    return int(Fraction(value) * 10**digits)


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = CONTEXT.add(total, value)
    return total
