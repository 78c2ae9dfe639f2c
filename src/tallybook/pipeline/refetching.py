"""Collecting a month again after its end: providers state costs and correct usage some days later."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import UnitResult
from tallybook.pipeline.house import House, begun
from tallybook.pipeline.revisions import latest_revision

_REPORTED_WITHIN = timedelta(days=2)
_REMINDED_FOR = timedelta(days=7)


def months_due(month: str, *, now: datetime, refetch_days: int) -> tuple[BillingPeriod, ...]:
    """The months that collecting `month` is about, the earlier one first.

    A named month is itself. `current` is what is due now: also the month before, for the first `refetch_days` days of
    a month (UTC). Example: with 10, on 10 November 23:59 October too, on 11 November 00:00 November alone. Raises
    UsageError for a month that has not begun.
    """
    period = begun(BillingPeriod.parse(month, now=now), now=now)
    if month == "current" and now < period.start + timedelta(days=refetch_days):
        return period.shift(-1), period
    return (period,)


def overdue(house: House, *, now: datetime) -> BillingPeriod | None:
    """The last month while it should have been reported and was not: from two days after its end on, for a week.

    The schedule reports on the 2nd. Example: on 3 November 02:30 October, when nothing of it was published.
    """
    last = BillingPeriod.containing(now).shift(-1)
    is_due = timedelta(0) <= now - (last.end + _REPORTED_WITHIN) < _REMINDED_FOR
    return last if is_due and latest_revision(house.reports_dir, str(last)) is None else None


def is_published_and_whole(house: House, period: BillingPeriod, units: Sequence[UnitResult]) -> bool:
    """Whether a collected month has a revision and may get its next one: a failure tonight makes no draft of it."""
    return _is_whole(period, units) and latest_revision(house.reports_dir, str(period)) is not None


def is_to_be_reported(house: House, period: BillingPeriod, units: Sequence[UnitResult], *, now: datetime) -> bool:
    """Whether a collected month gets its next revision, or its first since the run that should have made it died."""
    is_overdue = _is_whole(period, units) and overdue(house, now=now) == period
    return is_overdue or is_published_and_whole(house, period, units)


def _is_whole(period: BillingPeriod, units: Sequence[UnitResult]) -> bool:
    return not any(unit.outcome == "failed" for unit in units if unit.period == str(period))
