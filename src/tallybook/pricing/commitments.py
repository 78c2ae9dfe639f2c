"""commitments.csv: what was bought upfront as a level, such as 100 cores, and is owed whether it is used or not.

Each UTC day of its validity a commitment covers 24 times its level of a meter: 100 cores are 2,400 core-hours. Usage up
to that costs its price (FOCUS: CommitmentDiscountStatus Used), the rest is charged at it too (Unused), and usage above
is priced by prices.csv. Without a region it covers all regions of its sub account together.
docs/figures.md section 2 works an example.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal

from tallybook.errors import BookError
from tallybook.pricing.meters import METERS, Meter, find_meter
from tallybook.pricing.sheet import Line

FILE = "commitments.csv"
COLUMNS = (
    "connection", "sub_account_id", "meter", "unit", "committed_quantity", "unit_price", "currency", "valid_from",
    "valid_to", "source",
)  # fmt: skip
OPTIONAL_COLUMNS = ("region",)
_LEVEL_DIGITS = 9  # before the dot


@dataclass(frozen=True, slots=True)
class Commitment:
    """A level of a meter that was bought for `[valid_from, valid_to)`, at a price per pricing unit."""

    line: int
    connection: str
    sub_account_id: str
    region: str  # "": all regions together
    meter: str
    unit: str  # of the price: core-hour
    committed_quantity: Decimal  # a level: how many units an hour
    unit_price: Decimal
    currency: str
    valid_from: date
    valid_to: date | None
    source: str

    @property
    def book_row(self) -> str:
        return f"{FILE} line {self.line}"


def read_commitment(line: Line, *, price_digits: int) -> Commitment:
    """A row of the book; BookError for one that cannot be. `price_digits` are those of a price before the dot."""
    meter = _level_meter(line)
    if line.text("unit") != meter.pricing_unit:
        line.refuse("unit", f"{line.text('unit')!r} is not the unit of {meter.name}; write {meter.pricing_unit}")
    committed = line.decimal("committed_quantity", whole_digits=_LEVEL_DIGITS)
    if not committed:
        line.refuse("committed_quantity", "0 commits to nothing; remove the line")
    valid_from, valid_to = line.validity()
    return Commitment(
        line=line.number,
        connection=line.required("connection", what="the name of a connection"),
        sub_account_id=line.required("sub_account_id", what="the provider's id of what the commitment is for"),
        region=line.text("region"),
        meter=meter.name,
        unit=meter.pricing_unit,
        committed_quantity=committed,
        unit_price=line.decimal("unit_price", whole_digits=price_digits),
        currency=line.currency("currency"),
        valid_from=valid_from,
        valid_to=valid_to,
        source=line.text("source"),
    )


def refuse_conflicts(commitments: Iterable[Commitment]) -> None:
    """BookError for the same row twice, and for one without a region beside one with.

    Nobody could say which of these covers what. Others of one meter add up: an extension is a further row.
    """
    groups: dict[tuple[str, str, str], list[Commitment]] = {}
    for one in commitments:
        group = groups.setdefault((one.connection, one.sub_account_id, one.meter), [])
        for other in group:
            lines = f"{FILE} lines {other.line} and {one.line}"
            if astuple(replace(one, line=0)) == astuple(replace(other, line=0)):
                raise BookError(f"{lines}: the same commitment twice; remove one of them, or add up their quantities")
            if (one.region == "") != (other.region == "") and _overlap(one, other):
                raise BookError(
                    f"{lines}: one is for all regions and one for {one.region or other.region}, at the same time; "
                    "name the regions in both or in none"
                )
        group.append(one)


def _level_meter(line: Line) -> Meter:
    """The meter of a line: one that counts something over time, of which there can be a level."""
    levels = [meter.name for meter in METERS.values() if meter.units_per_pricing_unit == 1]
    known = ", ".join([*levels, "flavor:<name>_hours"])
    name = line.required("meter", what=f"one of {known}")
    meter = find_meter(name) or line.refuse("meter", f"unknown meter {name!r}; known: {known}")
    if meter.units_per_pricing_unit != 1:
        line.refuse("meter", f"{name} is a volume, and a commitment is a level over time; known: {known}")
    return meter


def _overlap(one: Commitment, other: Commitment) -> bool:
    starts = max(one.valid_from, other.valid_from)
    return all(end is None or starts < end for end in (one.valid_to, other.valid_to))
