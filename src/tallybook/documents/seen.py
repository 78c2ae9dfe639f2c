"""The shapes of what was seen and what was not, and of what stands in the way of trusting the figures."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tallybook.documents.values import Figure


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
    trend_per_day: Figure  # the median slope of the month's days; None with fewer than 8
    run_out_date: date | None  # when the use reaches the limit by that trend, within a year


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit that became another one within the month. A limit of None is unlimited, or else not known."""

    date: date
    connection: str
    sub_account_name: str
    region: str
    resource: str
    unit: str
    previous_limit: Figure
    was_unlimited: bool
    limit: Figure
    is_unlimited: bool


@dataclass(frozen=True, slots=True)
class QuotaReview:
    """Which quotas run out, which changed, and which nobody uses; how many are no limit, or allow nothing."""

    running_out: tuple[QuotaRow, ...]  # the soonest first
    running_out_total: int
    changes: tuple[LimitChange, ...]
    changes_total: int
    unused: tuple[QuotaRow, ...]
    unused_total: int
    unlimited_total: int
    nothing_allowed_total: int


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
    feeds: str  # usage, costs, quotas, estate, control
    remedy: str


class ExceptionKind(StrEnum):
    """Why a report needs a look before it is trusted, the gravest first."""

    NEVER_SEEN = "never_seen"  # a connection that feeds costs gave nothing all month
    FAILED_CHECK = "failed_check"  # a tie-out, check or control total differs
    DATA_GAP = "data_gap"
    UNPRICED = "unpriced_meter"
    UNMAPPED = "unmapped_sub_account"
    EXAMPLE = "example_book"  # a price or budget that `tallybook init` wrote


@dataclass(frozen=True, slots=True)
class OpenException:
    """One exception. `subject` names what it is about (a connection, else ""), `text` is a whole sentence."""

    kind: ExceptionKind
    subject: str
    text: str
