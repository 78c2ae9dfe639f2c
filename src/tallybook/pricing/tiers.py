"""Rows of prices.csv that hold together: none leaves a choice, and tiers begin at 0.

Tiers are rows with the same provider, connection, sub account, region and meter, each from a running quantity on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.errors import BookError

_NO_TIER = Decimal(0)


@dataclass(frozen=True, slots=True)
class Price:
    """What one pricing unit of a meter costs in `[valid_from, valid_to)`. Empty keys mean any."""

    line: int
    provider: str
    connection: str
    sub_account_id: str
    region: str
    meter: str
    unit: str
    unit_price: Decimal
    currency: str
    valid_from: date
    valid_to: date | None
    source: str
    from_quantity: Decimal = _NO_TIER  # of the month's running quantity, in pricing units
    minimum_cost: Decimal | None = None  # what a month costs at least

    @property
    def keys(self) -> tuple[str, str, str]:
        return self.connection, self.sub_account_id, self.region

    @property
    def specificity(self) -> int:
        """How many of connection, sub account and region are named; the highest wins."""
        return sum(key != "" for key in self.keys)

    @property
    def book_row(self) -> str:
        return f"prices.csv line {self.line}"


def refuse_conflicts(prices: Sequence[Price]) -> None:
    """BookError for two rows of which nobody can say which one prices, and for a tier without one at 0 below it."""
    _refuse_overlaps(prices)
    _refuse_floating_tiers(prices)


def _refuse_overlaps(prices: Iterable[Price]) -> None:
    """Two rows that both apply on a day with the same specificity leave no way to choose, unless they are tiers."""
    groups: dict[tuple[str, str, int], list[Price]] = {}
    for price in prices:
        group = groups.setdefault((price.provider, price.meter, price.specificity), [])
        for other in group:
            if _share_a_charge(price, other):
                _refuse_pair(other, price)
        group.append(price)


def _refuse_pair(one: Price, other: Price) -> None:
    """BookError for two rows that apply on a day, unless they are tiers of one set."""
    lines = f"prices.csv lines {one.line} and {other.line}"
    both = f"{one.provider} {one.meter} from {max(one.valid_from, other.valid_from)}"
    if one.keys != other.keys or one.from_quantity == other.from_quantity == _NO_TIER:
        raise BookError(
            f"{lines}: both apply to {both}; end the first with valid_to, or name connection, sub_account_id or "
            "region in one of them"
        )
    if one.from_quantity == other.from_quantity:
        raise BookError(
            f"{lines}, column from_quantity: both price {both} from {one.from_quantity:f} on; "
            "end the first with valid_to, or give another from_quantity"
        )
    if one.currency != other.currency:
        raise BookError(
            f"{lines}, column currency: both are tiers of {both}, one in {one.currency} and one in {other.currency}; "
            "the tiers of a meter have one currency"
        )


def _refuse_floating_tiers(prices: Iterable[Price]) -> None:
    """Each day of a tier needs a row of the same keys at 0, which prices what is below the lowest boundary."""
    bases: dict[tuple[str, ...], list[Price]] = {}
    for price in sorted(prices, key=lambda one: one.valid_from):
        if price.from_quantity == _NO_TIER:
            bases.setdefault((price.provider, price.meter, *price.keys), []).append(price)
    for price in prices:
        if price.from_quantity == _NO_TIER:
            continue
        bare = _first_day_without(price, bases.get((price.provider, price.meter, *price.keys), []))
        if bare is not None:
            raise BookError(
                f"{price.book_row}, column from_quantity: nothing prices {price.provider} {price.meter} below "
                f"{price.from_quantity:f} on {bare}; add a row with the same provider, connection, sub_account_id, "
                "region and meter and an empty from_quantity"
            )


def _first_day_without(price: Price, bases: Iterable[Price]) -> date | None:
    """The first day of a price's validity on which none of `bases` holds, which are in the order of their days."""
    day = price.valid_from
    for base in bases:
        if base.valid_from <= day:
            if base.valid_to is None:
                return None
            day = max(day, base.valid_to)
    return day if price.valid_to is None or day < price.valid_to else None


def _share_a_charge(one: Price, other: Price) -> bool:
    compatible = all("" in pair or pair[0] == pair[1] for pair in zip(one.keys, other.keys, strict=True))
    starts, ends = max(one.valid_from, other.valid_from), (one.valid_to, other.valid_to)
    return compatible and all(end is None or starts < end for end in ends)
