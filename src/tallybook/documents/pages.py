"""The shapes of the pages beside the monthly report: a project's statement, and the library of all revisions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tallybook.documents.allocated import AllocatedProject
from tallybook.documents.model import CurrencyTotal, SpotRow, WorkloadRow
from tallybook.documents.seen import GapRow, OpenException, QuotaRow
from tallybook.documents.values import Figure, Header, Status


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What one meter cost a project at one connection. Cost None: no price."""

    connection: str
    provider_label: str
    sub_account_name: str
    region: str
    meter: str  # or an adjustment: 10 % discount; or what a rule spread: share of platform
    unit: str
    quantity: Figure
    unit_price: Decimal | None  # None: several prices in the month, or none
    billing_currency: str  # "" without a price
    effective_cost: Figure
    basis: str  # metered, averaged, sampled, provider, adjusted, allocated
    coverage_pct: Decimal | None
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class ProjectStatement:
    """What one project used and cost, for its owner."""

    schema_version: str
    header: Header
    project: str
    slug: str
    cost_center: str
    owner: str
    is_mapped: bool  # by projects.csv; else a sub account under its own name
    exceptions: tuple[OpenException, ...]  # those of the month that touch this project
    totals: tuple[CurrencyTotal, ...]
    allocated: tuple[AllocatedProject, ...]  # what rules spread to it and took of it, beside its own cost
    lines: tuple[StatementLine, ...]
    workloads: tuple[WorkloadRow, ...]
    spot: tuple[SpotRow, ...]  # what spot saved and what could be saved, one row a currency
    quotas: tuple[QuotaRow, ...]
    gaps: tuple[GapRow, ...]


@dataclass(frozen=True, slots=True)
class LibraryTotal:
    """A month's total in one currency, as its report shows it."""

    billing_currency: str
    effective_cost: Decimal | None  # None: not known
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class LibraryRevision:
    """One published revision: its files are relative to the library page."""

    revision: int
    status: Status
    reason: str
    generated_at: datetime
    totals: tuple[LibraryTotal, ...]
    never_seen: tuple[str, ...]  # connections that feed costs and gave nothing
    coverage_pct: Decimal | None
    folder: str  # 2026-10/r01
    files: tuple[str, ...]  # paths below the folder


@dataclass(frozen=True, slots=True)
class LibraryMonth:
    """A month and its revisions, newest first."""

    billing_period: str
    label: str
    revisions: tuple[LibraryRevision, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """The page that leads to every report, newest month first."""

    entity: str
    generated_at: datetime
    months: tuple[LibraryMonth, ...]
