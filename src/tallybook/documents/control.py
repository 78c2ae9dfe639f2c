"""The shapes of what an auditor asks for beside the totals: our own checks, and adjustments."""

from dataclasses import dataclass

from tallybook.documents.values import Figure


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
