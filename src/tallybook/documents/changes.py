"""The shapes of comparisons: with the month before, the same month last year and the budget, and why."""

from dataclasses import dataclass
from decimal import Decimal

from tallybook.documents.values import Bound, Figure


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """The month's total in one currency beside something to compare it with. `change` is the cost less the baseline."""

    billing_currency: str
    against: str  # previous_month, last_year, budget
    label: str  # September 2026, October 2025, the budget of October 2026
    effective_cost: Figure
    baseline: Figure
    change: Figure
    change_pct: Decimal | None
    is_lower_bound: bool
    baseline_is_lower_bound: bool
    change_bound: Bound


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """What one cause adds: restatement, price, volume, new, gone, adjustment, not_comparable, exchange."""

    cause: str
    effect: Figure


@dataclass(frozen=True, slots=True)
class Bridge:
    """opening_cost + all steps = closing_cost, exactly, and also as shown."""

    billing_currency: str
    opening_cost: Figure  # of the month before: as closed, else as known now
    steps: tuple[BridgeStep, ...]
    closing_cost: Figure
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    notes: tuple[str, ...]  # whole sentences: days, what was not seen


@dataclass(frozen=True, slots=True)
class MoverRow:
    """A project or workload that moved a currency's total most. `cause` is the one that moved it most."""

    kind: str  # project, workload
    name: str
    place: str  # of a workload: its cluster and namespace
    connection: str  # "" for a project: over all of its connections
    billing_currency: str
    previous_effective_cost: Figure
    effective_cost: Figure
    change: Figure
    change_pct: Decimal | None
    cause: str
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A project and a cause that moved a currency's total far. `part` is what its largest meter moved."""

    billing_currency: str
    project: str
    cause: str  # price, volume, new, gone, adjustment, not_comparable
    effect: Figure
    connection: str  # of the largest part, like `meter`
    meter: str  # "" for costs that a provider states, and for adjustments
    part: Figure
    sentence: str


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A project beside its budget. `variance` is the cost less the budget, of a lower bound at least that much."""

    project: str
    billing_currency: str
    effective_cost: Figure
    budget: Figure
    variance: Figure
    used_pct: Decimal | None
    is_lower_bound: bool
    is_example: bool  # a line that `tallybook init` wrote


@dataclass(frozen=True, slots=True)
class Changes:
    """What the month's costs are compared with, and why they differ."""

    comparisons: tuple[ComparisonRow, ...]
    causes: tuple[CauseRow, ...]  # up to three a currency, the furthest first
    bridges: tuple[Bridge, ...]  # only of currencies whose month before is known
    movers: tuple[MoverRow, ...]  # rises first, then falls, the largest of each; projects, then workloads
    budgets: tuple[BudgetRow, ...]  # by project; the furthest over first
