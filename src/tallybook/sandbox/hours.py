"""The world's time: whole UTC hours counted from 1970, and the calendar that the story is told along."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

HOUR_SECONDS = 3600
DAY_HOURS = 24
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hour_of(instant: datetime) -> int:
    """The number of the hour that contains an aware instant."""
    return int(instant.timestamp()) // HOUR_SECONDS


def hour_of_date(day: date) -> int:
    """The number of the first hour of a UTC day."""
    return (day - EPOCH.date()).days * DAY_HOURS


def instant_of(hour: int) -> datetime:
    """The aware UTC instant at which the hour begins."""
    return EPOCH + timedelta(hours=hour)


def date_of(hour: int) -> date:
    """The UTC date of the hour."""
    return instant_of(hour).date()


def is_office_hour(hour: int) -> bool:
    """Monday to Friday, 07:00 to 18:59 UTC. The epoch was a Thursday, hence the shift by three days."""
    return (hour // DAY_HOURS + 3) % 7 < 5 and 7 <= hour % DAY_HOURS < 19


def add_months(first: date, count: int) -> date:
    """The first day of the month that lies count months after the month of `first`."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def months_between(first: date, last: date) -> int:
    """How many month starts lie between two dates."""
    return (last.year - first.year) * 12 + last.month - first.month


def month_hours(month: str) -> tuple[int, int]:
    """The half-open hours of a month written YYYY-MM.

    Raises:
        ValueError: the text is no month.
    """
    if len(month) != len("2026-01"):
        raise ValueError(f"{month!r} is not a month; write it as YYYY-MM")
    first = date.fromisoformat(f"{month}-01")
    return hour_of_date(first), hour_of_date(add_months(first, 1))


def iso(hour: int) -> str:
    """The beginning of the hour as RFC 3339 text in UTC."""
    return instant_of(hour).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Calendar:
    """History reaches from `start` (first day of a month) to the clock, which begins at `until`.

    The story month is the last whole month before `until`: what happens in mid-month happens there.
    """

    start: date
    until: date

    @property
    def start_hour(self) -> int:
        return hour_of_date(self.start)

    @property
    def story_month(self) -> date:
        return add_months(self.until, -1)

    def story_hour(self, day: int, hour: int = 0) -> int:
        """An hour in the story month."""
        return hour_of_date(self.story_month.replace(day=day)) + hour

    def months_since_start(self, hour: int) -> int:
        """0 in the first month of history; the world grows with this number."""
        return max(0, months_between(self.start, date_of(hour)))

    @property
    def months(self) -> tuple[str, ...]:
        """Every month with history at `until`, as YYYY-MM, oldest first."""
        count = months_between(self.start, self.until) + 1
        return tuple(f"{add_months(self.start, index):%Y-%m}" for index in range(count))


def make_calendar(*, until: date, months: int) -> Calendar:
    """History of `months` whole months before the month of `until`, and that month up to `until`.

    Raises:
        ValueError: fewer than one month.
    """
    if months < 1:
        raise ValueError(f"months must be at least 1, not {months}")
    return Calendar(start=add_months(until, -months), until=until)
