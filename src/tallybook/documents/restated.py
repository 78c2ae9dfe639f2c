"""The shapes of a delta statement: what a month that was closed cost then and costs now, and why."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tallybook.documents.values import Figure, Header


class Cause(StrEnum):
    """Why a cost of a closed month is another one now."""

    NEW_DATA = "new_data"  # usage or charges that were not known, were others, or are gone
    RESTATED_COST = "restated_cost"  # a provider states another cost than it did
    CHANGED_PRICE = "changed_price"  # prices.csv
    CHANGED_MAP = "changed_map"  # a sub account belongs to another project
    CHANGED_ALLOCATION = "changed_allocation"  # allocation.csv
    SOFTWARE_OR_SETTINGS = "software_or_settings"  # the answers and the books are the same


@dataclass(frozen=True, slots=True)
class CauseAmount:
    """What one cause did to a cost."""

    cause: Cause
    difference: Figure


@dataclass(frozen=True, slots=True)
class RestatedRow:
    """A project at a connection in a currency. `before` and `after` are not known where nothing had a cost.

    `difference` takes what is not known for 0, as totals do, and is the sum of its causes.
    """

    project: str
    connection: str
    provider_label: str
    billing_currency: str
    before: Figure
    after: Figure
    difference: Figure
    before_is_lower_bound: bool
    after_is_lower_bound: bool
    causes: tuple[CauseAmount, ...]  # none that did nothing


@dataclass(frozen=True, slots=True)
class RestatedTotal:
    """A currency's total; its difference and its causes are the sums of the rows'."""

    billing_currency: str
    before: Figure
    after: Figure
    difference: Figure
    before_is_lower_bound: bool
    after_is_lower_bound: bool
    causes: tuple[CauseAmount, ...]


@dataclass(frozen=True, slots=True)
class RestatedRate:
    """A currency whose exchange rate is another one: its total in the reporting currency then and now.

    difference = cost_effect, what the total changed at the rate of then, + exchange_effect, the total of now times the
    change of the rate.
    """

    billing_currency: str
    reporting_currency: str
    previous_rate: Decimal
    rate: Decimal
    before: Figure
    after: Figure
    difference: Figure
    cost_effect: Figure
    exchange_effect: Figure


@dataclass(frozen=True, slots=True)
class Restatement:
    """What became of a closed revision. Without rows no cost changed, but something else that the report shows."""

    restates_revision: int
    changed_inputs: tuple[str, ...]  # a sentence for each input that is another one than in that revision
    totals: tuple[RestatedTotal, ...]
    rows: tuple[RestatedRow, ...]  # those with a cause
    rates: tuple[RestatedRate, ...] = ()  # exchange rates that changed


@dataclass(frozen=True, slots=True)
class DeltaStatement:
    """The delta statement of a revision that follows a closed one, beside its report."""

    schema_version: str
    header: Header
    restatement: Restatement
