"""The shapes of the monthly report; `pages.py` has those of the other pages. Renderers read them and compute nothing.

A `Figure` carries the exact value and the one to show; shown parts add up to their shown total. None is
"not known", never zero. Percentages are 0..100, rounded to one decimal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

# 1.0 the first form
SCHEMA_VERSION = "1.0"


class Status(StrEnum):
    """The stamp of a revision."""

    DRAFT = "DRAFT"  # something failed, is missing or does not tie out; `reasons` say what
    PROVISIONAL = "PROVISIONAL"  # complete so far, not closed
    FINAL = "FINAL"  # closed with a reason; never changed in place
    RESTATED = "RESTATED"  # a final month that changed since


@dataclass(frozen=True, slots=True)
class Figure:
    """A value: exact, and as shown. Both None: not known."""

    exact: Decimal | None
    shown: Decimal | None


@dataclass(frozen=True, slots=True)
class Header:
    """What the report is about and how far it can be trusted. Times are UTC, the period is half-open."""

    title: str
    entity: str
    billing_period: str  # 2026-10
    period_label: str  # October 2026
    period_start: datetime
    period_end: datetime
    previous_label: str  # September 2026
    status: Status
    reasons: tuple[str, ...]  # why DRAFT or RESTATED, one sentence each
    revision: int
    generated_at: datetime
    version: str  # of the software


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The month's total in one currency; two currencies are never added."""

    billing_currency: str
    effective_cost: Figure
    previous_effective_cost: Figure
    change: Figure
    change_pct: Decimal | None  # None when there was no cost before
    budget: Figure
    budget_variance: Figure
    unpriced_meters: int  # meters in use without a price: the total is a lower bound when > 0
    coverage_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class TieOut:
    """source total = allocated + shared + idle + unallocated; the difference must be exactly 0."""

    billing_currency: str
    source_total: Decimal
    allocated: Decimal
    shared: Decimal
    idle: Decimal
    unallocated: Decimal
    difference: Decimal
    holds: bool


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


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project at one connection in one currency."""

    project: str
    slug: str  # of its statement's folder
    connection: str
    provider_label: str
    billing_currency: str
    list_cost: Figure
    effective_cost: Figure
    previous_effective_cost: Figure
    change: Figure
    change_pct: Decimal | None
    share_pct: Decimal | None  # of the currency's total
    coverage_pct: Decimal | None
    cost_center: str
    owner: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One connection in one currency."""

    connection: str
    provider_label: str
    billing_currency: str
    effective_cost: Figure
    previous_effective_cost: Figure
    change: Figure
    change_pct: Decimal | None
    share_pct: Decimal | None
    coverage_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One workload. `workload` is "" in the row that sums up the rest."""

    connection: str
    cluster: str
    namespace: str
    workload: str
    workload_type: str
    billing_currency: str
    effective_cost: Figure
    previous_effective_cost: Figure
    change_pct: Decimal | None
    spot_hours: Figure
    on_demand_hours: Figure
    spot_pct: Decimal | None
    savings_available: Figure
    merged: int  # how many workloads the row stands for


@dataclass(frozen=True, slots=True)
class PricingRow:
    """Spot and on-demand per currency. `cost_basis` is hours_weighted where the split is an estimate."""

    billing_currency: str
    pricing_category: str  # spot, on_demand, mixed, unknown
    hours: Figure
    effective_cost: Figure
    share_pct: Decimal | None
    cost_basis: str  # provider, hours_weighted, price_book


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """One limit as last seen. `state`: ok, near (80 %), full (100 %), unlimited, none (0 allowed), unknown."""

    connection: str
    sub_account_name: str
    region: str
    resource: str
    unit: str
    limit: Figure  # None when unlimited or unknown
    used: Figure
    headroom: Figure
    utilisation_pct: Decimal | None
    state: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class UnpricedRow:
    """Usage without a price: listed, and in no total."""

    connection: str
    sub_account_name: str
    region: str
    meter: str
    unit: str
    quantity: Figure


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of the month one dataset of one connection saw, over its days so far."""

    connection: str
    provider_label: str
    dataset: str
    feeds: str  # usage, costs, quotas, estate, control
    unit: str
    expected: Figure
    received: Figure
    missing: Figure
    coverage_pct: Decimal | None
    status: str  # complete, partial, missing, pending
    is_backfillable: bool


@dataclass(frozen=True, slots=True)
class GapRow:
    """Days on which something is missing, joined where they touch. `remedy` says what can be done."""

    connection: str
    dataset: str
    first_date: date
    last_date: date
    missing: Figure
    unit: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price that made a charge of this report."""

    provider_label: str
    meter: str
    unit: str
    unit_price: Decimal
    billing_currency: str
    valid_from: date
    valid_to: date | None
    source: str
    quantity: Figure
    effective_cost: Figure


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A month's total in one currency. `is_complete` false: seen in part, drawn hatched."""

    billing_period: str
    billing_currency: str
    effective_cost: Figure
    is_complete: bool


@dataclass(frozen=True, slots=True)
class DailyPoint:
    """A day's cost at one connection."""

    date: date
    connection: str
    provider_label: str
    billing_currency: str
    effective_cost: Figure


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The monthly report over all connections."""

    schema_version: str
    header: Header
    summary: tuple[str, ...]  # sentences for the first page, made from the same figures
    totals: tuple[CurrencyTotal, ...]
    tie_out: tuple[TieOut, ...]
    controls: tuple[ControlTotal, ...]
    providers: tuple[ProviderRow, ...]
    projects: tuple[ProjectRow, ...]
    workloads: tuple[WorkloadRow, ...]  # the dearest ones and a row for the rest; all of them are in the tables
    pricing: tuple[PricingRow, ...]
    quotas: tuple[QuotaRow, ...]  # the tightest first; all of them are in the tables
    quotas_total: int
    unpriced: tuple[UnpricedRow, ...]
    coverage: tuple[CoverageRow, ...]
    gaps: tuple[GapRow, ...]
    notices: tuple[str, ...]  # what was odd in the answers of providers and in books
    prices: tuple[PriceRow, ...]
    trend: tuple[TrendPoint, ...]
    daily: tuple[DailyPoint, ...]
