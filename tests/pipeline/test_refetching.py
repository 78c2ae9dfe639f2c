"""Which months a collect is about, and when a published one has to be reported again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tallybook.errors import UsageError
from tallybook.pipeline.collect import UnitResult
from tallybook.pipeline.refetching import is_published_and_whole, is_to_be_reported, months_due, overdue
from tests.pipeline.test_publish import OCTOBER, house, land_usage, published

pytestmark = pytest.mark.usefixtures("no_pages")


def due(month: str, now: datetime, *, days: int = 10) -> list[str]:
    return [str(period) for period in months_due(month, now=now, refetch_days=days)]


@pytest.mark.parametrize(
    ("now", "days", "months"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), 10, ["2026-10", "2026-11"]),
        (datetime(2026, 11, 10, 23, 59, tzinfo=UTC), 10, ["2026-10", "2026-11"]),
        (datetime(2026, 11, 11, tzinfo=UTC), 10, ["2026-11"]),
        (datetime(2026, 11, 1, tzinfo=UTC), 0, ["2026-11"]),
        (datetime(2027, 1, 3, tzinfo=UTC), 3, ["2026-12", "2027-01"]),
        (datetime(2027, 1, 4, tzinfo=UTC), 3, ["2027-01"]),
    ],
)
def test_current_is_the_month_before_too_in_its_first_days(now: datetime, days: int, months: list[str]) -> None:
    assert due("current", now, days=days) == months


def test_a_named_month_is_itself() -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)

    assert (due("2026-11", now), due("last", now), due("2026-09", now)) == (["2026-11"], ["2026-10"], ["2026-09"])
    with pytest.raises(UsageError, match="2026-12 has not begun"):
        due("2026-12", now)


def test_a_published_month_is_reported_again_unless_something_failed(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    units = [UnitResult("ocore-main", "usage", "2026-10", "unchanged")]
    failed = UnitResult("ocore-main", "totals", "2026-10", "failed")
    land_usage(place, OCTOBER, "10")

    assert not is_published_and_whole(place, OCTOBER, units)
    published(place)
    assert is_published_and_whole(place, OCTOBER, units)
    assert not is_published_and_whole(place, OCTOBER, [*units, failed])
    assert not is_published_and_whole(place, OCTOBER.shift(-1), units)


def test_a_month_whose_report_never_came_is_reported_when_it_is_overdue(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    whole = [UnitResult("ocore-main", "usage", "2026-10", "done")]
    failed = [UnitResult("ocore-main", "usage", "2026-10", "failed")]
    second, third = (datetime(2026, 11, day, 2, 30, tzinfo=UTC) for day in (2, 3))

    assert not is_to_be_reported(place, OCTOBER, whole, now=second)
    assert is_to_be_reported(place, OCTOBER, whole, now=third)
    assert not is_to_be_reported(place, OCTOBER, failed, now=third)
    assert not is_to_be_reported(place, OCTOBER.shift(-1), whole, now=third)


@pytest.mark.parametrize(
    ("now", "is_late"),
    [
        (datetime(2026, 11, 2, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 3, 2, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 9, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 10, tzinfo=UTC), False),
    ],
)
def test_a_report_is_overdue_for_a_week_from_two_days_after_the_end_of_its_month(
    tmp_path: Path, now: datetime, is_late: bool
) -> None:
    assert overdue(house(tmp_path, "ocore"), now=now) == (OCTOBER if is_late else None)


def test_a_published_month_is_not_overdue(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    published(place)

    assert overdue(place, now=datetime(2026, 11, 3, tzinfo=UTC)) is None
