"""The shapes of the monthly report; `pages.py` has those of the other pages. Renderers read them and compute nothing.

Percentages are 0..100, rounded to one decimal. A cost with `is_lower_bound` is at least what it says; a change between
two costs is only as certain as its `change_bound`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.documents.allocated import Allocation
from tallybook.documents.changes import Bridge, Changes
from tallybook.documents.committed import CommitmentRow
from tallybook.documents.control import AdjustmentRow, CheckRow, ControlTotal
from tallybook.documents.outlook import Outlook
from tallybook.documents.restated import Restatement
from tallybook.documents.seen import CoverageRow, GapRow, OpenException, QuotaReview, QuotaRow, UnpricedRow
from tallybook.documents.values import Bound, Figure, Header

# 1.0 the first form
# 1.1 lower bounds, open exceptions, sums of projects and categories, examples and unmapped projects
# 1.2 the month in the reporting currency, restatements of closed months, accepted gaps; comparisons, bridges, movers
#     and budgets of projects; forecasts and anomalies; spot by cluster, namespace and project; the review of quotas;
#     what rules spread of idle and shared cost;
#     causes, checks, adjustments, budgets of months, how quantities are known, what a price holds for
SCHEMA_VERSION = "1.2"


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The month's total in one currency; two currencies are never added."""

    billing_currency: str
    effective_cost: Figure
    previous_effective_cost: Figure
    change: Figure
    change_pct: Decimal | None  # None when there was no cost before
    budget: Figure
    budget_variance: Figure  # as certain as the cost: of a lower bound, at least that much
    is_budget_example: bool  # a line that `tallybook init` wrote
    unpriced_meters: int  # meters in use without a price: the total is a lower bound when > 0
    coverage_pct: Decimal | None
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    budget_variance_pct: Decimal | None  # of the budget


@dataclass(frozen=True, slots=True)
class ConvertedTotal:
    """A currency's total in the reporting currency, each month at its own rate."""

    billing_currency: str
    rate: Decimal  # how much of the reporting currency one unit is; 1 for the reporting currency itself
    rate_source: str  # "" for the reporting currency itself
    previous_rate: Decimal | None
    effective_cost: Figure  # in the reporting currency, like all that follow
    previous_effective_cost: Figure
    change: Figure
    exchange_effect: Figure  # the part of the change that the rate made: this month's cost at both rates
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound


@dataclass(frozen=True, slots=True)
class Conversion:
    """The month in the reporting currency: a named step after the totals, which stay in their own currencies."""

    reporting_currency: str
    totals: tuple[ConvertedTotal, ...]
    effective_cost: Figure  # the sum of what is known
    previous_effective_cost: Figure  # not known when one of its rates is not
    change: Figure
    exchange_effect: Figure
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    bridge: Bridge | None = None  # over all currencies, with the step `exchange`; None: a month or a rate is not known


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
    is_mapped: bool  # by projects.csv; else a sub account under its own name
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    basis: tuple[str, ...]  # metered, averaged, sampled, provider: how its quantities are known


@dataclass(frozen=True, slots=True)
class ProjectTotal:
    """A project that has several rows in a currency, together."""

    project: str
    billing_currency: str
    effective_cost: Figure
    previous_effective_cost: Figure
    change: Figure
    change_pct: Decimal | None
    share_pct: Decimal | None
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound


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
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    basis: tuple[str, ...]  # as with a project


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
    is_lower_bound: bool
    previous_is_lower_bound: bool
    change_bound: Bound
    change: Figure
    share_pct: Decimal | None  # of the costs of all workloads in the currency


@dataclass(frozen=True, slots=True)
class PricingRow:
    """Spot and on-demand per currency. `cost_basis` is hours_weighted where the split is an estimate, "" in a sum."""

    billing_currency: str
    pricing_category: str  # spot, on_demand, mixed, unknown
    hours: Figure
    effective_cost: Figure
    share_pct: Decimal | None
    cost_basis: str  # provider, hours_weighted, price_book, commitment, minimum, adjustment
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class SpotRow:
    """Hours on spot and on demand of a cluster, namespace or project, and what spot saved there, as an estimate."""

    by: str  # total, cluster, namespace, project
    name: str
    connection: str  # "" in a total and for a project
    billing_currency: str
    spot_hours: Figure
    on_demand_hours: Figure
    spot_pct: Decimal | None
    effective_cost: Figure
    unknown_cost: Figure  # of charges without hours: on neither
    realised_savings: Figure  # against the workloads' own on-demand rates; None: no workload has one
    realised_pct: Decimal | None  # of what the same hours would have cost on demand
    judged_pct: Decimal | None  # the share of the spot hours for which this is known
    savings_available: Figure  # as their provider says
    is_lower_bound: bool


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
    is_example: bool  # a line that `tallybook init` wrote
    quantity: Figure
    effective_cost: Figure
    is_lower_bound: bool
    connection: str  # what the price holds for; "" is any, like the two that follow
    sub_account_id: str
    region: str
    from_quantity: Decimal | None = None  # of the month's running quantity; None: not a tier
    minimum_cost: Decimal | None = None  # what a month costs at least
    committed_quantity: Decimal | None = None  # a level that was bought upfront; None: a row of prices.csv


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A month's total in one currency. `is_complete` false: a lower bound, drawn hatched."""

    billing_period: str
    billing_currency: str
    effective_cost: Figure
    is_complete: bool
    budget: Figure  # the sum of the month's budgets


@dataclass(frozen=True, slots=True)
class DailyPoint:
    """A day's cost at one connection."""

    date: date
    connection: str
    provider_label: str
    billing_currency: str
    effective_cost: Figure
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The monthly report over all connections."""

    schema_version: str
    header: Header
    exceptions: tuple[OpenException, ...]  # what stands in the way of trusting the figures, the gravest first
    summary: tuple[str, ...]  # sentences for the first page, made from the same figures
    totals: tuple[CurrencyTotal, ...]
    conversion: Conversion | None  # None: no reporting currency is set, or nothing needs one
    changes: Changes
    outlook: Outlook
    tie_out: tuple[TieOut, ...]
    controls: tuple[ControlTotal, ...]
    checks: tuple[CheckRow, ...]
    providers: tuple[ProviderRow, ...]
    projects: tuple[ProjectRow, ...]  # those of a project together
    project_totals: tuple[ProjectTotal, ...]
    allocation: Allocation  # what rules of allocation.csv spread
    other_projects: tuple[ProjectTotal, ...]  # per currency, those behind the dearest 30 together; project is ""
    workloads: tuple[WorkloadRow, ...]  # the dearest ones and a row for the rest; all of them are in the tables
    pricing: tuple[PricingRow, ...]
    pricing_totals: tuple[PricingRow, ...]  # of categories that have several rows
    spot: tuple[SpotRow, ...]  # totals, clusters, and the dearest namespaces and projects; all are in the tables
    quotas: tuple[QuotaRow, ...]  # the tightest first; all of them are in the tables
    quotas_total: int
    quota_review: QuotaReview
    commitments: tuple[CommitmentRow, ...]  # those with the largest unused cost; all of them are in the tables
    commitments_total: int
    unpriced: tuple[UnpricedRow, ...]
    coverage: tuple[CoverageRow, ...]
    gaps: tuple[GapRow, ...]
    notices: tuple[str, ...]  # what was odd in the answers of providers and in books
    restatement: Restatement | None  # of a month that was closed before: what changed since, and why
    adjustments: tuple[AdjustmentRow, ...]
    prices: tuple[PriceRow, ...]
    trend: tuple[TrendPoint, ...]
    daily: tuple[DailyPoint, ...]
