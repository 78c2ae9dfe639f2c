"""Costs that change after the month: 3 % more for a closed month once the clock is past the 5th of the next."""

from datetime import datetime, timedelta

from tallybook.sandbox.hours import add_months, date_of

PERCENT = 103


def percent_of_day(hour: int, *, now: datetime, enabled: bool) -> int:
    """What a cost of the hour's month has become at `now`, in percent of what it was."""
    restated_from = add_months(date_of(hour), 1) + timedelta(days=5)
    return PERCENT if enabled and now.date() >= restated_from else 100
