"""The shapes of what an auditor asks for beside the totals: control totals, our own checks, and adjustments."""

from dataclasses import dataclass
from decimal import Decimal

from tallybook.documents.values import Figure


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """A provider's own sum beside ours."""

    connection: str
    control: str  # what is compared, in words
    unit: str
    source_total: Decimal
    our_total: Decimal
    difference: Decimal
    holds: bool
    is_warning: bool = False  # a difference is told and makes no draft: the provider itself may have it


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A credit, discount, markup or tax of adjustments.csv that is part of a project's cost."""

    project: str
    connection: str
    adjustment: str  # 10 % discount
    billing_currency: str
    effective_cost: Figure


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One of our own checks, and how many rows it found that should not be there."""

    check: str
    rows: int
