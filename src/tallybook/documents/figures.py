"""From exact values to figures for people: rounding that adds up, differences and percentages."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from tallybook.documents.values import Bound, Figure
from tallybook.money import CONTEXT, minor_digits, quantise, rounded_to_total

Row = Mapping[str, Any]

UNKNOWN = Figure(None, None)
"""Not known, which is not zero."""

_WHOLE_UNITS = frozenset({"byte", "count", "core", "MiB", "charge", "windows", "captures", "segments"})
_HUNDRED = Decimal(100)


def add(values: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    total = Decimal(0)
    for value in known:
        total = CONTEXT.add(total, value)
    return total if known else None


def figure(exact: Decimal, shown: Decimal) -> Figure:
    """A known figure; the exact value loses the zeros that its column's scale gave it."""
    return Figure(trimmed(exact), shown)


def money(value: Decimal | None, currency: str) -> Figure:
    """An amount that stands alone, shown with its currency's decimals."""
    return UNKNOWN if value is None else figure(value, quantise(value, minor_digits(currency)))


def quantity(value: Decimal | None, unit: str) -> Figure:
    """A quantity, shown with one decimal, GiB with two, and whole for what is counted in whole."""
    return UNKNOWN if value is None else figure(value, quantise(value, digits_of(unit)))


def trimmed(value: Decimal) -> Decimal:
    """The same value without zeros at its end and without an exponent: 0.0450 is 0.045, 100.0 is 100."""
    short = value.normalize(CONTEXT)
    exponent = short.as_tuple().exponent
    return quantise(short, 0) if isinstance(exponent, int) and exponent > 0 else short


def known(value: Decimal | None) -> Decimal | None:
    """A value without the zeros that its column's scale gave it; None stays not known."""
    return None if value is None else trimmed(value)


def digits_of(unit: str) -> int:
    """Decimals that a quantity is shown with."""
    if unit in _WHOLE_UNITS:
        return 0
    return 2 if unit == "GiB" else 1


def fit(parts: Sequence[Decimal], *, total: Decimal, digits: int) -> list[Decimal]:
    """Round parts to `digits` decimals so that they add up to a `total` that is given in them.

    What is over or short goes, a unit at a time, to the parts that rounding moved the most the other way; ties go to
    the earlier part. Example: 0.504 and 0.504 to a total of 1.01 give 0.51 and 0.50. Without parts nothing is shown.
    """
    if not parts:
        return []
    unit = Decimal(1).scaleb(-digits)
    shown = [quantise(part, digits) for part in parts]
    short = int(CONTEXT.divide(CONTEXT.subtract(total, add(shown) or Decimal(0)), unit))
    step = unit if short > 0 else -unit
    moved = [(shown[i] - parts[i]) * step for i in range(len(parts))]
    order = sorted(range(len(parts)), key=lambda i: (moved[i], i))
    for turn in range(abs(short)):
        shown[order[turn % len(order)]] += step
    return shown


def column_figures(rows: Sequence[Row], column: str) -> list[Figure]:
    """The amounts of a column as figures that add up per `billing_currency`; rows keep their places."""
    figures = [UNKNOWN] * len(rows)
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row[column] is not None and row["billing_currency"] is not None:
            places.setdefault(row["billing_currency"], []).append(place)
    for currency, group in places.items():
        exact = [rows[place][column] for place in group]
        shown = rounded_to_total(exact, minor_digits(currency))
        for place, value, rounded in zip(group, exact, shown, strict=True):
            figures[place] = figure(value, rounded)
    return figures


def total_of(figures: Iterable[Figure]) -> Figure:
    """The sum of figures, exact and as shown; not known when none is."""
    listed = list(figures)
    exact, shown = add(one.exact for one in listed), add(one.shown for one in listed)
    return UNKNOWN if exact is None or shown is None else figure(exact, shown)


def difference(one: Figure, other: Figure) -> Figure:
    """`one` less `other`, so that what is shown can be checked by hand; not known unless both are."""
    if one.exact is None or one.shown is None or other.exact is None or other.shown is None:
        return UNKNOWN
    return figure(CONTEXT.subtract(one.exact, other.exact), one.shown - other.shown)


def change_bound(*, now: bool, before: bool) -> Bound:
    """What is certain of a change, when the cost of `now` or of `before` is a lower bound."""
    if now:
        return Bound.OPEN if before else Bound.AT_LEAST
    return Bound.AT_MOST if before else Bound.EXACT


def bounds(row: Row) -> dict[str, Any]:
    """The three fields that say how certain a row's cost and change are."""
    now, before = bool(row["is_lower_bound"]), bool(row["previous_is_lower_bound"])
    return {
        "is_lower_bound": now,
        "previous_is_lower_bound": before,
        "change_bound": change_bound(now=now, before=before),
    }


def percent_of(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part` in percent of `whole` with one decimal; None unless both are known and `whole` is above zero."""
    if part is None or whole is None or whole <= 0:
        return None
    return quantise(CONTEXT.divide(CONTEXT.multiply(part, _HUNDRED), whole), 1)


def rounded_pct(value: Decimal | None) -> Decimal | None:
    """A percentage with one decimal."""
    return None if value is None else quantise(value, 1)


def coverage_shown(value: Decimal | None) -> Decimal | None:
    """A coverage with one decimal, rounded down: 99.97 % is not everything."""
    return None if value is None else value.quantize(Decimal("0.1"), rounding=ROUND_FLOOR)


def shares(rows: Sequence[Row], column: str) -> list[Decimal | None]:
    """Each row's share of its currency's total in percent, one decimal."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        if row[column] is not None and row["billing_currency"] is not None:
            totals[row["billing_currency"]] = CONTEXT.add(totals.get(row["billing_currency"], Decimal(0)), row[column])
    return [percent_of(row[column], totals.get(row["billing_currency"] or "")) for row in rows]
