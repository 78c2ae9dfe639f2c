"""What a running month and the next three may cost, from the days seen whole. Without eight of them nothing is said.

Small series (a cost a day and currency), so plain decimals: no model, nothing fitted, every figure checked by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.money import CONTEXT, SCALE, quantise
from tallybook.periods import BillingPeriod
from tallybook.summaries.expressions import AMOUNT, COST_FEEDS

WINDOW = 28
LEAST_DAYS = 8
LEAST_TESTS = 5
MONTHS = 3
METHODS = ("run_rate", "weekday_rate")
_TENTH = 10  # of the back-tested errors are left out at either end: an interval for 8 of 10
_SCHEMA = pl.Schema(
    {
        "billing_currency": pl.String(),
        "billing_period": pl.String(),
        "known_cost": AMOUNT,
        "forecast_cost": AMOUNT,
        "low_cost": AMOUNT,
        "high_cost": AMOUNT,
        "method": pl.String(),
        "error_pct": AMOUNT,
        "tests": pl.Int64(),
        "tested_days": pl.Int64(),
        "history_days": pl.Int64(),
    }
)
Series = Mapping[date, Decimal]


def whole_days(days: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """The days that are over and were seen whole, by what feeds costs: connection, date."""
    feeding = days.filter(pl.col("feeds").is_in(COST_FEEDS) & (pl.col("date") < now.astimezone(UTC).date()))
    is_whole = (pl.col("received") >= pl.col("expected")).all()
    seen = feeding.group_by("connection", "date").agg(is_whole.alias("is_whole"))
    return seen.filter("is_whole").select("connection", "date").sort("connection", "date")


def summarise_forecast(
    daily: pl.DataFrame, days: pl.DataFrame, *, period: BillingPeriod, now: datetime
) -> pl.DataFrame:
    """Per currency: the end of the month (only of one that runs), then the next three months.

    `daily` and `days` have the costs and the coverage of this month and some before. Only connections that cost
    something in this month count, and only days on which all of them were seen whole. A day is expected to cost the
    mean of the 28 days before (run_rate), or of the same weekdays among them (weekday_rate), whichever erred less in
    the back-tests. Days of the month that are not whole count as expected, or as seen when that is more.
    Example: 15 whole days of 10 EUR in a month of 31: 150 known, 310 forecast.
    """
    own = pl.col("date").is_between(period.start.date(), period.end.date(), closed="left")
    perimeter = daily.filter(own).select("billing_currency", "connection").unique()
    costs = daily.join(perimeter, on=("billing_currency", "connection"))
    costs = costs.group_by("billing_currency", "date").agg(pl.col("effective_cost").sum())
    whole = perimeter.join(whole_days(days, now=now), on="connection").group_by("billing_currency", "date").len()
    wanted = perimeter.group_by("billing_currency").agg(pl.len().alias("wanted"))
    whole = whole.join(wanted, on="billing_currency").filter(pl.col("len") == pl.col("wanted"))
    rows: list[dict[str, Any]] = []
    for currency in perimeter["billing_currency"].unique().sort().to_list():
        mine = pl.col("billing_currency") == currency
        seen = dict(costs.filter(mine).select("date", "effective_cost").iter_rows())
        ends = period.end.date()
        dates = [day for day in whole.filter(mine)["date"].sort().to_list() if day < ends]
        known = {day: seen.get(day, Decimal(0)) for day in dates}
        rows += [{"billing_currency": currency, **row} for row in _forecasts(known, seen, period=period, now=now)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


@dataclass(frozen=True, slots=True)
class _BackTest:
    """How far a method was off: errors as shares of what it had said, sorted, over spans of so many days."""

    errors: tuple[Decimal, ...]
    days: int

    @property
    def typical(self) -> Decimal:
        """The median of the absolute errors."""
        return sorted(abs(error) for error in self.errors)[len(self.errors) // 2]

    def around(self, amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
        """From where to where the amount would have ended in 8 of 10 back-tests."""
        if len(self.errors) < LEAST_TESTS:
            return None, None
        cut = len(self.errors) // _TENTH
        low, high = min(self.errors[cut], Decimal(0)), max(self.errors[-1 - cut], Decimal(0))
        return CONTEXT.multiply(amount, 1 + low), CONTEXT.multiply(amount, 1 + high)


def _forecasts(known: Series, seen: Series, *, period: BillingPeriod, now: datetime) -> list[dict[str, Any]]:
    origin = min(now.astimezone(UTC).date(), period.end.date())
    history = len(_window(known, origin))
    method = _best_method(known) if history >= LEAST_DAYS else None
    level = None if method is None else _level(known, origin, method)
    if method is None or level is None:
        return [{"billing_period": str(period), "history_days": history, "known_cost": _sum(known, period)}]
    rows = []
    if origin < period.end.date():
        rows.append(_month_end(known, seen, level, period=period, test=_test(known, method, period, origin)))
    for ahead in range(1, MONTHS + 1):
        month = period.shift(ahead)
        amount = _total(level, _dates(month))
        rows.append(_row(month, Decimal(0), amount, _test(known, method, month, origin)))
    return [{**row, "method": method, "history_days": history} for row in rows]


def _month_end(
    known: Series, seen: Series, level: Sequence[Decimal], *, period: BillingPeriod, test: _BackTest
) -> dict[str, Any]:
    rest = [max(level[day.weekday()], seen.get(day, Decimal(0))) for day in _dates(period) if day not in known]
    return _row(period, _sum(known, period), _added(rest), test)


def _row(period: BillingPeriod, known: Decimal, expected: Decimal, test: _BackTest) -> dict[str, Any]:
    low, high = test.around(expected)
    return {
        "billing_period": str(period),
        "known_cost": known,
        "forecast_cost": quantise(known + expected, SCALE),
        "low_cost": None if low is None else quantise(known + low, SCALE),
        "high_cost": None if high is None else quantise(known + high, SCALE),
        "error_pct": quantise(100 * test.typical, SCALE) if test.errors else None,
        "tests": len(test.errors),
        "tested_days": test.days,
    }


def _best_method(known: Series) -> str:
    """The one that erred less over a week ahead; the simple one when that cannot be tested or makes no difference."""
    tests = {method: _errors(known, method, lead=0, length=7) for method in METHODS}
    if any(len(errors) < LEAST_TESTS for errors in tests.values()):
        return METHODS[0]
    return min(METHODS, key=lambda method: _BackTest(tests[method], 7).typical)


def _test(known: Series, method: str, target: BillingPeriod, origin: date) -> _BackTest:
    """Back-tests of a span as long and as far ahead as the target, or of ever shorter ones until there are enough."""
    lead = max(0, (target.start.date() - origin).days)
    length = (target.end.date() - origin).days - lead
    while length > 1 and len(_errors(known, method, lead=lead, length=length)) < LEAST_TESTS:
        lead, length = lead // 2, length - length // 2
    return _BackTest(_errors(known, method, lead=lead, length=length), length)


def _errors(known: Series, method: str, *, lead: int, length: int) -> tuple[Decimal, ...]:
    """What each day of the past would have said of the span that began `lead` days later, and how far off that was.

    Only whole days of the span are compared, and only when they are half of it or more.
    """
    errors, last = [], max(known)
    for origin in known:
        first = origin + timedelta(days=lead)
        span = [day for n in range(length) if (day := first + timedelta(days=n)) in known]
        level = _level(known, origin, method)
        if level is None or 2 * len(span) < length or last < first + timedelta(days=length - 1):
            continue
        said = _total(level, span)
        if said > 0:
            errors.append(CONTEXT.divide(_added([known[day] for day in span]) - said, said))
    return tuple(sorted(errors))


def _level(known: Series, origin: date, method: str) -> list[Decimal] | None:
    """What each weekday costs, Monday first, by the whole days before `origin`; None with too few of them."""
    window = _window(known, origin)
    if len(window) < LEAST_DAYS:
        return None
    if method == "run_rate":
        return [_mean([known[day] for day in window])] * 7
    weekdays = [[known[day] for day in window if day.weekday() == weekday] for weekday in range(7)]
    return [_mean(costs) for costs in weekdays] if all(len(costs) > 1 for costs in weekdays) else None


def _window(known: Series, origin: date) -> list[date]:
    return [day for back in range(1, WINDOW + 1) if (day := origin - timedelta(days=back)) in known]


def _dates(period: BillingPeriod) -> list[date]:
    return [start.date() for start, _ in period.days()]


def _sum(known: Series, period: BillingPeriod) -> Decimal:
    return _added([known[day] for day in _dates(period) if day in known])


def _total(level: Sequence[Decimal], dates: Sequence[date]) -> Decimal:
    return _added([level[day.weekday()] for day in dates])


def _mean(costs: Sequence[Decimal]) -> Decimal:
    return CONTEXT.divide(_added(costs), Decimal(len(costs)))


def _added(costs: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for cost in costs:
        total = CONTEXT.add(total, cost)
    return total
