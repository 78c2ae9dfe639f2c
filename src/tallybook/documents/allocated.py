"""The shapes of allocation: what rules spread, by which weights, and what that makes of each project's cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.documents.values import Figure


@dataclass(frozen=True, slots=True)
class AllocationShare:
    """What a project got of a rule. `project` is "" in the row that sums up the rest."""

    project: str
    weight: Figure  # in the rule's weight_unit; not known in the row of the rest
    weight_pct: Decimal | None  # of all weights
    effective_cost: Figure
    merged: int  # how many projects the row stands for


@dataclass(frozen=True, slots=True)
class AllocationRuleRow:
    """A rule of allocation.csv in one currency: source_cost = spread_cost + unallocated, also as shown."""

    rule: str
    kind: str  # shared, idle
    method: str  # even, cost, usage, percent
    meter: str  # of usage, else ""
    weight_unit: str  # a currency, a meter's unit, %, or "" where all weigh the same
    is_even_instead: bool  # all weights were 0, so everybody got the same
    billing_currency: str
    first_date: date
    end_date: date  # the first day without
    sources: tuple[str, ...]  # the projects that the cost was taken of
    source_cost: Figure
    spread_cost: Figure
    unallocated: Figure  # stays where it was
    shares: tuple[AllocationShare, ...]  # the largest first
    price_source: str  # the first line of the rule


@dataclass(frozen=True, slots=True)
class AllocatedProject:
    """A project that a rule touched: direct + shared + idle + passed_on = its cost, also as shown."""

    project: str
    billing_currency: str
    direct_cost: Figure
    shared_cost: Figure
    idle_cost: Figure
    passed_on_cost: Figure  # below zero: what rules took
    effective_cost: Figure  # as the report shows it
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class Allocation:
    """All rules of a month, and all projects that they touched."""

    rules: tuple[AllocationRuleRow, ...]
    projects: tuple[AllocatedProject, ...]
