"""What the documents of a month are built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import polars as pl

from tallybook.language import ENGLISH, Language, Message
from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Budget
from tallybook.pricing.conversion import Rates
from tallybook.summaries.coverage import never_seen
from tallybook.summaries.month import MonthTables


@dataclass(frozen=True, slots=True)
class Failure:
    """A unit whose newest fetch failed; `error` is the message that was shown."""

    connection: str
    dataset: str
    period: str
    error: str


@dataclass(frozen=True, slots=True)
class ClosedRate:
    """What a closed revision turned a currency's costs into, and at which rate. `cost` is None where none was known."""

    billing_currency: str
    reporting_currency: str
    rate: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Restated:
    """A closed revision beside the month of now: `costs` has the columns of queries/marts/restated_costs.sql.

    `lower_bounds` has project, connection and currency of what that revision showed as a lower bound; of a total the
    first two are "". `rates` are those that it turned costs into a reporting currency by. `causes` name, shortly, those
    of the changed inputs that made the difference: `prices.csv`, `the answers of NAME`.
    """

    revision: int
    changed_inputs: tuple[Message, ...]
    costs: pl.DataFrame
    lower_bounds: frozenset[tuple[str, str, str]] = frozenset()
    rates: tuple[ClosedRate, ...] = ()
    causes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthInputs:
    """A month's tables and the facts of its header.

    `labels` maps a provider's name to the one to show. `checks` maps the name of each check to how many rows offend.
    `controls` has the columns connection, control, unit, source_total, our_total, difference (queries/checks/*/),
    and may have is_warning.
    `rates` turn costs into the reporting currency; None without one. `tables.projects` has the converted costs then.
    `final_reason` asks for FINAL; `restated` is the revision that closed the month or restated it last; `restatement`
    says why it has changed since, and may have a place for its `causes`; `accepted_gaps` says why it was closed, though
    part of it was not seen.
    `language` is that of the documents' sentences; what providers and books were odd about stays in English.
    """

    period: BillingPeriod
    now: datetime
    entity: str
    version: str
    revision: int
    labels: Mapping[str, str]
    tables: MonthTables
    budgets: tuple[Budget, ...] = ()
    rates: Rates | None = None
    failures: tuple[Failure, ...] = ()
    checks: Mapping[str, int] = field(default_factory=dict)
    controls: pl.DataFrame = field(default_factory=pl.DataFrame)
    notices: tuple[str, ...] = ()
    final_reason: str = ""
    restatement: Message | None = None
    accepted_gaps: str = ""
    restated: Restated | None = None
    language: Language = ENGLISH

    def label(self, provider: str) -> str:
        """The provider's name for people."""
        return self.labels.get(provider, provider)

    @property
    def month(self) -> str:
        """The month in words."""
        return self.language.month(self.period)

    @property
    def month_before(self) -> str:
        """The month before in words."""
        return self.language.month(self.period.shift(-1))


def touches(inputs: MonthInputs, connection: str, currency: str) -> bool:
    """Whether a connection's costs can be in a currency: in those known for it, else in any."""
    known = inputs.tables.currencies.filter(pl.col("connection") == connection)["billing_currency"].to_list()
    return not known or currency in known


def has_unseen(inputs: MonthInputs, currency: str) -> bool:
    """Whether a connection that can cost something in a currency was never seen: nobody knows what, and whose."""
    unseen = never_seen(inputs.tables.connections)["connection"].to_list()
    return any(touches(inputs, connection, currency) for connection in unseen)
