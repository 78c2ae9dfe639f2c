"""The shape of a commitment in the report: what was bought upfront, what of it was used, and what the rest cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.documents.values import Figure


@dataclass(frozen=True, slots=True)
class CommitmentRow:
    """One row of commitments.csv in a month. Used and unused cost add up to what it costs, as shown too."""

    connection: str
    provider_label: str
    sub_account_name: str
    project: str
    region: str  # "": all regions together
    meter: str
    unit: str  # of the quantities: core-hour
    committed_quantity: Decimal  # a level, such as 100 cores
    unit_price: Decimal
    billing_currency: str
    used_quantity: Figure
    unused_quantity: Figure
    used_cost: Figure
    unused_cost: Figure
    effective_cost: Figure
    utilisation_pct: Decimal | None  # used of used and unused
    valid_from: date
    valid_to: date | None  # the first day without
    source: str
    is_lower_bound: bool  # more may have been used: the month runs, or was seen in part; the cost stays what it is
