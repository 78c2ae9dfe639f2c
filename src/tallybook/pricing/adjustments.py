"""adjustments.csv: credits, discounts, markups and taxes of a project, and the charges that they become.

A percentage counts per UTC day, of what the steps before it left: discounts of the list cost (of the stated cost where
a provider states its own), markups of that less the discounts, taxes of that with the markups, credits of all of it.
Rows of one step are all taken of the same cost, and add up. An amount counts once, whole, in every month in which its
validity has a day. docs/figures.md section 2 works an example.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tallybook.money import CONTEXT, SCALE, quantise, split
from tallybook.periods import BillingPeriod
from tallybook.pricing.sheet import Line

FILE = "adjustments.csv"
COLUMNS = ("project", "connection", "category", "percent", "amount", "currency", "valid_from", "valid_to", "source")
CATEGORIES = {"discount": "Adjustment", "markup": "Adjustment", "tax": "Tax", "credit": "Credit"}
"""In the order in which they apply, with their FOCUS charge category."""
_REDUCING = ("discount", "credit")
_PERCENT_DIGITS = 4  # before the dot
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A percentage or an amount, above zero, that holds in `[valid_from, valid_to)`. Exactly one of them is given."""

    line: int
    project: str
    connection: str  # "": all of the project's
    category: str
    percent: Decimal | None
    amount: Decimal | None
    currency: str  # of the amount; "" with a percentage, which counts in each currency
    valid_from: date
    valid_to: date | None
    source: str

    @property
    def book_row(self) -> str:
        return f"{FILE} line {self.line}"

    @property
    def label(self) -> str:
        """`10 % discount`, or `credit`: what a statement calls it."""
        return self.category if self.percent is None else f"{_digits(self.percent)} % {self.category}"

    def holds_in(self, period: BillingPeriod) -> bool:
        """Whether a day of the month lies in its validity."""
        return period.has_day_of(self.valid_from, self.valid_to)

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def signed(self, amount: Decimal) -> Decimal:
        return -amount if self.category in _REDUCING else amount


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a cost or an adjustment of it stands."""

    project: str
    connection: str
    currency: str
    day: date


@dataclass(frozen=True, slots=True)
class AdjustmentCharge:
    """What an adjustment makes of a place: an effective cost, below zero for discounts and credits."""

    adjustment: Adjustment
    place: Place
    end: date  # exclusive
    base_cost: Decimal | None  # what the percentage was taken of; None for an amount
    effective_cost: Decimal


def read_adjustment(line: Line) -> Adjustment:
    """A row of the book; BookError for one that cannot be."""
    category = line.required("category", what=f"one of {', '.join(CATEGORIES)}")
    if category not in CATEGORIES:
        line.refuse("category", f"unknown category {category!r}; known: {', '.join(CATEGORIES)}")
    if bool(line.text("percent")) == bool(line.text("amount")):
        line.refuse("percent", "give either a percent or an amount, and leave the other empty")
    percent = line.decimal("percent", whole_digits=_PERCENT_DIGITS) if line.text("percent") else None
    if percent is not None and line.text("currency"):
        line.refuse("currency", "is for amounts; a percentage counts in the currency of each cost, so leave it empty")
    if percent is not None and percent > _HUNDRED and category in _REDUCING:
        line.refuse("percent", f"{_digits(percent)} is more than all of it; a {category} is 100 at most")
    amount = line.decimal("amount") if percent is None else None
    if not (percent or amount):
        line.refuse("amount" if percent is None else "percent", "0 adjusts nothing; remove the line")
    valid_from, valid_to = line.validity()
    return Adjustment(
        line=line.number,
        project=line.required("project", what="the project's name"),
        connection=line.text("connection"),
        category=category,
        percent=percent,
        amount=amount,
        currency=line.currency("currency") if percent is None else "",
        valid_from=valid_from,
        valid_to=valid_to,
        source=line.text("source"),
    )


def adjust(
    adjustments: Iterable[Adjustment],
    costs: Mapping[Place, Decimal],
    *,
    period: BillingPeriod,
    connections: Collection[str],
) -> list[AdjustmentCharge]:
    """The charges that a month's adjustments make of its daily costs, in the order in which they apply to a project.

    Example: of a list cost of 100 a discount of 10 % is -10; a markup of 5 % of the 90 left 4.50; a tax of 20 % of
    94.50 is 18.90; a credit of 13.40 leaves 100.00 of 113.40. `connections` are those that the month knows.
    """
    rows: dict[str, list[Adjustment]] = {}
    for one in adjustments:
        if one.holds_in(period):
            rows.setdefault(one.project, []).append(one)
    own: dict[str, dict[Place, Decimal]] = {project: {} for project in rows}
    for place, cost in costs.items():
        if place.project in own:
            own[place.project][place] = cost
    return [
        charge
        for project in sorted(rows)
        for charge in _adjust_project(rows[project], own[project], period=period, connections=connections)
    ]


def _adjust_project(
    rows: Sequence[Adjustment],
    costs: Mapping[Place, Decimal],
    *,
    period: BillingPeriod,
    connections: Collection[str],
) -> list[AdjustmentCharge]:
    left = dict(costs)
    made: list[AdjustmentCharge] = []
    for category in CATEGORIES:
        step = [
            charge
            for one in rows
            if one.category == category
            for charge in (
                _percentages(one, left)
                if one.amount is None
                else _amounts(one, one.amount, costs, period=period, connections=connections)
            )
            if charge.effective_cost
        ]
        for charge in step:
            left[charge.place] = CONTEXT.add(left.get(charge.place, Decimal(0)), charge.effective_cost)
        made += step
    return made


def idle_adjustments(
    adjustments: Iterable[Adjustment], *, period: BillingPeriod, used: Collection[str]
) -> tuple[str, ...]:
    """A sentence for each row that holds in the month and made no charge; `used` are the book rows that did."""
    return tuple(
        f"{one.book_row} adjusts nothing in {period}: {_place(one)} has no cost{_in_currency(one)} then; "
        "check the names, as the report spells them, or end the row with valid_to"
        for one in adjustments
        if one.holds_in(period) and one.book_row not in used
    )


def excessive_discounts(adjustments: Iterable[Adjustment], *, period: BillingPeriod) -> tuple[str, ...]:
    """A sentence for discounts that take more than all of a project's cost on a day of the month, since they add up.

    Example: rows of 60 and 60 % that hold on one day leave a cost of -20 %.
    """
    rows = [one for one in adjustments if one.category == "discount" and one.percent and one.holds_in(period)]
    places = sorted({(one.project, one.connection) for one in rows})
    groups = [[one for one in rows if one.project == place[0] and one.connection in ("", place[1])] for place in places]
    return tuple(dict.fromkeys(sentence for group in groups for sentence in _too_much(group, period)))


def _too_much(rows: Sequence[Adjustment], period: BillingPeriod) -> Iterator[str]:
    """The first day on which the percentages of a place's rows are more than 100."""
    for start, _ in period.days():
        valid = [one for one in rows if one.holds_on(start.date())]
        total = sum((one.percent or Decimal(0) for one in valid), Decimal(0))
        if total > _HUNDRED:
            lines = ", ".join(str(one.line) for one in valid)
            yield (
                f"{FILE} lines {lines} take {_digits(total)} % of {_place(valid[-1])} from {start.date()} on: "
                "they add up, so its cost is below zero; end one with valid_to if they are not meant together"
            )
            return


def _place(one: Adjustment) -> str:
    return f"project {one.project!r}" + (f" at {one.connection}" if one.connection else "")


def _in_currency(one: Adjustment) -> str:
    return f" in {one.currency}" if one.currency else ""


def _percentages(one: Adjustment, left: Mapping[Place, Decimal]) -> Iterator[AdjustmentCharge]:
    for place in sorted(left):
        if one.connection in ("", place.connection) and one.holds_on(place.day):
            part = CONTEXT.divide(CONTEXT.multiply(left[place], one.percent or Decimal(0)), _HUNDRED)
            end = place.day + timedelta(days=1)
            yield AdjustmentCharge(one, place, end, left[place], one.signed(quantise(part, SCALE)))


def _amounts(
    one: Adjustment,
    amount: Decimal,
    costs: Mapping[Place, Decimal],
    *,
    period: BillingPeriod,
    connections: Collection[str],
) -> Iterator[AdjustmentCharge]:
    """The amount at its connection, else shared out over the project's connections by their cost in its currency."""
    first = max(one.valid_from, period.start.date())
    end = min(one.valid_to or period.end.date(), period.end.date())
    shares = {one.connection: amount} if one.connection in connections else _shared(one, amount, costs)
    for connection, share in shares.items():
        place = Place(one.project, connection, one.currency, first)
        yield AdjustmentCharge(one, place, end, None, one.signed(share))


def _shared(one: Adjustment, amount: Decimal, costs: Mapping[Place, Decimal]) -> dict[str, Decimal]:
    weights: dict[str, Decimal] = {}
    for place, cost in sorted(costs.items()):
        if place.currency == one.currency and not one.connection:
            weights[place.connection] = CONTEXT.add(weights.get(place.connection, Decimal(0)), cost)
    above_zero: Sequence[Decimal] = [max(weight, Decimal(0)) for weight in weights.values()]
    return dict(zip(weights, split(amount, above_zero), strict=True)) if weights else {}


def _digits(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
