"""A project's figure, walked down to what it is made of: charge lines, price rows, staging rows, raw files.

Nothing is rounded: every level adds up to the one above it to the last decimal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallybook.documents.figures import Row, add, known, trimmed
from tallybook.money import CONTEXT

SPREAD = "spread by "
"""How queries/marts/tables/charges.sql begins the name of what a rule took; `share of ` is what it gave."""


@dataclass(frozen=True, slots=True)
class ExplainedFigure:
    """What the report says of a project at a connection in a currency, beside the sum of its charge lines.

    Without a currency: usage that has no price, or a connection that is silent.
    """

    connection: str
    billing_currency: str | None
    list_cost: Decimal | None  # None where the provider states the cost itself
    effective_cost: Decimal | None
    lines: int
    lines_cost: Decimal | None
    difference: Decimal  # must be 0
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """Charges of one sub account, meter and price row: list_cost is the sum of its days' quantity x price.

    With cost_basis `minimum` it is what the month's other lines at the price row's keys lack to its minimum_cost.
    """

    connection: str
    sub_account_id: str
    sub_account_name: str
    region: str
    meter: str  # "" where the provider states the cost itself, and for an adjustment
    adjustment: str  # 10 % discount; "" for usage
    allocation: str  # share of platform; "" for what no rule spread
    charge_category: str
    cost_basis: str | None  # price_book, commitment, minimum, provider, adjustment; None without a cost
    commitment_discount_status: str  # Used, Unused; "" without a commitment
    basis: str
    first_day: date
    last_day: date
    charges: int
    pricing_quantity: Decimal | None
    pricing_unit: str
    list_unit_price: Decimal | None  # None without a price
    price_source: str | None  # the row of the book that made it: `prices.csv line 7`
    list_cost: Decimal | None
    effective_cost: Decimal | None
    billing_currency: str | None

    @property
    def is_charged(self) -> bool:
        """Whether it comes from a provider's answer, and from no book alone."""
        return not self.adjustment and not self.allocation

    @property
    def is_spread(self) -> bool:
        """Whether it is what a rule took, and not a share that it gave."""
        return self.allocation.startswith(SPREAD)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A line of prices.csv or commitments.csv that made some of the charges."""

    price_source: str
    provider: str
    connection: str  # "" in this and the next two: any
    sub_account_id: str
    region: str
    meter: str
    pricing_unit: str
    list_unit_price: Decimal
    billing_currency: str
    valid_from: date
    valid_to: date | None  # the first day without
    source: str
    from_quantity: Decimal  # of the month's running quantity; above 0 in a tier
    minimum_cost: Decimal | None  # what a month costs at least
    committed_quantity: Decimal | None  # a level that was bought, such as 100 cores; None in prices.csv


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """A row of adjustments.csv that made some of the charges, at a connection and in a currency."""

    price_source: str
    connection: str
    adjustment: str  # 10 % discount
    base_cost: Decimal | None  # what the percentage was taken of, over all days; None for an amount
    effective_cost: Decimal
    billing_currency: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """What a rule of allocation.csv gave to the project at a connection (role target), or took of it (source)."""

    price_source: str
    rule: str
    kind: str
    role: str
    connection: str
    method: str
    meter: str
    weight: Decimal | None  # effective_cost = what the rule took x weight / total_weight, of each source
    total_weight: Decimal | None
    is_even_instead: bool
    source_cost: Decimal | None  # of a source: what the rule took
    effective_cost: Decimal
    billing_currency: str


@dataclass(frozen=True, slots=True)
class AllocatedSource:
    """What a rule that gave to the project took elsewhere, with the charge lines that this is made of."""

    price_source: str
    rule: str
    project: str
    connection: str
    source_cost: Decimal
    effective_cost: Decimal  # what of it went to all targets, below zero
    billing_currency: str
    first_day: date  # of the month's days on which the rule holds
    end_day: date  # exclusive
    lines: tuple[ChargeLine, ...]  # of these days


@dataclass(frozen=True, slots=True)
class Origin:
    """Staging rows of a sub account that came from one raw file, and what had been asked to get it."""

    connection: str
    dataset: str
    sub_account_id: str
    staging_table: str
    row_count: int
    asked: tuple[str, ...]  # as sent, without host and credential
    captured_at: datetime
    fetched_at: datetime
    path: str  # of the compressed file
    sha256: str  # of what it unpacks to
    receipt: str  # the path of the note that says what was asked, when and with which answers


@dataclass(frozen=True, slots=True)
class Explanation:
    """All levels, from the figure down."""

    month: str
    project: str
    figures: tuple[ExplainedFigure, ...]
    lines: tuple[ChargeLine, ...]
    prices: tuple[PriceLine, ...]
    adjustments: tuple[AdjustmentLine, ...]
    allocations: tuple[AllocationLine, ...]
    sources: tuple[AllocatedSource, ...]
    origins: tuple[Origin, ...]

    @property
    def ties_out(self) -> bool:
        return all(figure.difference == 0 for figure in self.figures)


def explain_figures(projects: Sequence[Row], lines: Sequence[ChargeLine]) -> tuple[ExplainedFigure, ...]:
    """The rows of tables/projects.csv of one project, each with the charge lines below it.

    Example: a row of 7.50 EUR over lines of 3 and 4.50 EUR has 2 lines, lines_cost 7.50 and difference 0.
    """
    return tuple(_figure(row, lines) for row in projects)


def _figure(row: Row, lines: Sequence[ChargeLine]) -> ExplainedFigure:
    place = (row["connection"], row["billing_currency"])
    own = [line for line in lines if (line.connection, line.billing_currency) == place]
    cost, below = row["effective_cost"], add(line.effective_cost for line in own)
    return ExplainedFigure(
        connection=row["connection"],
        billing_currency=row["billing_currency"],
        list_cost=known(row["list_cost"]),
        effective_cost=known(cost),
        lines=len(own),
        lines_cost=known(below),
        difference=trimmed(CONTEXT.subtract(cost or Decimal(0), below or Decimal(0))),
        is_lower_bound=row["is_lower_bound"],
    )
