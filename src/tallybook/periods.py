"""Billing periods: half-open months in UTC. The only definition of a month in the code base."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from tallybook.errors import UsageError

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
LONGEST_GAP = timedelta(days=3)
"""How long a sample may hold at most: so far its figures reach beyond its own moment."""
_CLOCK_ERROR = timedelta(hours=1)
_MOST_BEHIND = timedelta(days=1)
_YEARS = range(1970, 9999)  # a month before or after one of these is still a date


@dataclass(frozen=True, slots=True, order=True)
class BillingPeriod:
    """One calendar month in UTC, `[start, end)`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str, *, now: datetime) -> Self:
        """Read `YYYY-MM`, `last` (the month before `now`'s) or `current`.

        Raises UsageError for anything else, naming what is allowed.
        """
        if text in ("current", "last"):
            current = cls.containing(now)
            return current if text == "current" else current.shift(-1)
        match = _MONTH.fullmatch(text)
        if match is None or int(match[1]) not in _YEARS:
            raise UsageError(f"month {text!r}: give YYYY-MM, 'last' or 'current'")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def containing(cls, instant: datetime) -> Self:
        """The month that holds an aware instant."""
        utc = as_utc(instant)
        return cls(utc.year, utc.month)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.shift(1).start

    @property
    def hours(self) -> int:
        return int((self.end - self.start) / timedelta(hours=1))

    def shift(self, months: int) -> Self:
        """The period `months` later (negative: earlier)."""
        index = self.year * 12 + self.month - 1 + months
        return type(self)(index // 12, index % 12 + 1)

    def days(self, *, before: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """The UTC days of the month as `[start, end)`, only those that ended by `before`."""
        day = self.start
        while day < self.end and (before is None or day + timedelta(days=1) <= before):
            yield day, day + timedelta(days=1)
            day += timedelta(days=1)

    def has_day_of(self, valid_from: date, valid_to: date | None) -> bool:
        """Whether a day of the month lies in `[valid_from, valid_to)`; None: until further notice."""
        return valid_from < self.end.date() and (valid_to is None or valid_to > self.start.date())

    def elapsed_end(self, now: datetime) -> datetime:
        """The end of the month's last whole hour by `now`; `start` when none has passed."""
        hour = as_utc(now).replace(minute=0, second=0, microsecond=0)
        return max(self.start, min(self.end, hour))

    @property
    def label(self) -> str:
        """`October 2026`."""
        return f"{_MONTH_NAMES[self.month - 1]} {self.year}"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def months_between(first: BillingPeriod, last: BillingPeriod) -> list[BillingPeriod]:
    """All months from `first` to `last`, both included; UsageError when they are the wrong way round."""
    if first > last:
        raise UsageError(f"the first month {first} is after the last month {last}")
    months = [first]
    while months[-1] < last:
        months.append(months[-1].shift(1))
    return months


def parse_instant(text: str) -> datetime:
    """An RFC 3339 or ISO 8601 instant as aware UTC; without a zone it is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # 0001-01-01T00:00:00+01:00 is no date in UTC
        raise ValueError(f"{text!r} is out of range in UTC") from error


def as_utc(instant: datetime) -> datetime:
    """An aware instant in UTC. A naive one would be read in this machine's zone: ValueError."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} is naive: it has no place in time")
    return instant.astimezone(UTC)


def is_plausible(told: datetime, *, ours: datetime, clock_error: timedelta = _CLOCK_ERROR) -> bool:
    """Whether an answer that came at `ours` can be of the time it tells: up to `clock_error` ahead, up to a day behind.

    Clocks differ by minutes, and what a cache kept is older than its answer; nothing comes from the future.
    """
    return -max(_MOST_BEHIND, clock_error) <= told - ours <= clock_error


def utc_day(instant: datetime) -> date:
    """The UTC date of an aware instant."""
    return as_utc(instant).date()
