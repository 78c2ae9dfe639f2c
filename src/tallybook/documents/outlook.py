"""The shapes of what may come, and of days that were unlike the others."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.documents.values import Figure


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What a month may cost in one currency: the running one, or one of the next three. All None: too few days."""

    billing_currency: str
    billing_period: str
    label: str
    known_cost: Figure  # of its days that were seen whole
    forecast_cost: Figure
    low_cost: Figure  # 8 of 10 back-tests ended between low and high; None: fewer than 5 of them
    high_cost: Figure
    budget: Figure
    method: str  # run_rate, weekday_rate, "" without a forecast
    error_pct: Decimal | None  # the median of what the back-tests were off by
    tests: int
    tested_days: int  # the length of the spans that were tested
    history_days: int  # whole days among the 28 before
    is_lower_bound: bool  # some of what it goes on from has no price, or was never seen


@dataclass(frozen=True, slots=True)
class AnomalyRow:
    """Days on which a project or workload cost far more, or far less, than is typical for it."""

    kind: str  # project, workload
    name: str
    place: str  # of a workload: its cluster and namespace
    connection: str
    billing_currency: str
    days: int
    first_date: date
    last_date: date
    worst_date: date
    worst_cost: Figure
    typical_cost: Figure
    excess_cost: Figure  # of all these days together


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts, and the days of the month that are worth a look."""

    forecasts: tuple[ForecastRow, ...]
    anomalies: tuple[AnomalyRow, ...]  # the dearest first; all of them are in the tables
    anomalies_total: int
