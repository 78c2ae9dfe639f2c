import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod, as_utc, months_between, parse_instant, utc_day

OCTOBER = BillingPeriod(2026, 10)
NAIVE = datetime(2026, 10, 1)  # noqa: DTZ001 - what must be refused
MONTHS = st.builds(BillingPeriod, st.integers(1970, 9998), st.integers(1, 12))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "current", "last"),
    [
        ("2026-01-01T00:00:00", "2026-01", "2025-12"),
        ("2026-12-31T23:59:59.999999", "2026-12", "2026-11"),
        ("2026-03-31T12:00:00", "2026-03", "2026-02"),
        ("2028-02-29T00:00:00", "2028-02", "2028-01"),
    ],
)
def test_last_and_current_follow_the_clock_around_the_ends_of_months_and_years(
    now: str, current: str, last: str
) -> None:
    assert str(BillingPeriod.parse("current", now=at(now))) == current
    assert str(BillingPeriod.parse("last", now=at(now))) == last


def test_the_current_month_is_the_one_in_utc_not_the_callers() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert BillingPeriod.parse("current", now=datetime(2026, 11, 1, 8, tzinfo=tokyo)) == OCTOBER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-00",
        "2026-13",
        "2026-1",
        "26-01",
        "2026-10-01",
        " 2026-10",
        "2026-10\n",
        "LAST",
        "0000-01",
        "0001-01",
        "1969-12",
        "9999-12",
        "\N{FULLWIDTH DIGIT TWO}026-10",
        "2026-1\N{FULLWIDTH DIGIT ZERO}",
    ],
)
def test_anything_else_is_refused_and_the_message_says_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="give YYYY-MM, 'last' or 'current'"):
        BillingPeriod.parse(text, now=at("2026-10-05"))


def test_the_last_month_that_can_be_written_has_an_end() -> None:
    assert BillingPeriod.parse("9998-12", now=at("2026-10-05")).end == datetime(9999, 1, 1, tzinfo=UTC)


def test_a_month_is_half_open() -> None:
    assert OCTOBER.start == at("2026-10-01")
    assert OCTOBER.end == at("2026-11-01")
    assert BillingPeriod.containing(OCTOBER.start) == OCTOBER
    assert BillingPeriod.containing(OCTOBER.end - timedelta(microseconds=1)) == OCTOBER
    assert BillingPeriod.containing(OCTOBER.end) == BillingPeriod(2026, 11)


@pytest.mark.parametrize(("year", "hours"), [(2026, 28 * 24), (2028, 29 * 24), (2100, 28 * 24), (2000, 29 * 24)])
def test_february_knows_leap_years(year: int, hours: int) -> None:
    assert BillingPeriod(year, 2).hours == hours


@given(MONTHS)
def test_months_tile_the_time_line(month: BillingPeriod) -> None:
    assert month.end == month.shift(1).start
    assert month.shift(1).shift(-1) == month
    assert BillingPeriod.parse(str(month), now=month.start) == month


@given(MONTHS)
def test_the_days_of_a_month_tile_it(month: BillingPeriod) -> None:
    days = list(month.days())

    assert days[0][0] == month.start
    assert days[-1][1] == month.end
    assert all(one[1] == next_one[0] for one, next_one in itertools.pairwise(days))
    assert len(days) * 24 == month.hours


@given(MONTHS, st.integers(-300, 300), st.integers(-300, 300))
def test_shifts_add_up(month: BillingPeriod, first: int, second: int) -> None:
    assert month.shift(first).shift(second) == month.shift(first + second)


def test_only_days_that_ended_are_days_so_far() -> None:
    assert len(list(OCTOBER.days(before=at("2026-10-03T23:59:59")))) == 2
    assert len(list(OCTOBER.days(before=at("2026-10-04")))) == 3
    assert list(OCTOBER.days(before=OCTOBER.start)) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-09-30T23:59:59", "2026-10-01T00:00:00"),
        ("2026-10-01T00:59:59", "2026-10-01T00:00:00"),
        ("2026-10-01T01:00:00", "2026-10-01T01:00:00"),
        ("2026-10-31T23:59:59.999999", "2026-10-31T23:00:00"),
        ("2026-11-01T00:00:00", "2026-11-01T00:00:00"),
        ("2027-01-01T00:00:00", "2026-11-01T00:00:00"),
    ],
)
def test_the_elapsed_end_is_the_last_whole_hour_within_the_month(now: str, expected: str) -> None:
    assert OCTOBER.elapsed_end(at(now)) == at(expected)


def test_naive_times_are_refused_everywhere() -> None:
    for refuses in (BillingPeriod.containing, OCTOBER.elapsed_end, utc_day, as_utc):
        with pytest.raises(ValueError, match="naive"):
            refuses(NAIVE)


def test_months_between_holds_both_ends_and_refuses_the_wrong_way_round() -> None:
    november, january = BillingPeriod(2026, 11), BillingPeriod(2027, 1)

    assert [str(month) for month in months_between(november, january)] == ["2026-11", "2026-12", "2027-01"]
    assert months_between(november, november) == [november]
    with pytest.raises(UsageError, match="2027-01 is after the last month 2026-11"):
        months_between(january, november)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00"),
        ("2026-10-01T01:30:00+02:00", "2026-09-30T23:30:00"),
        ("2026-10-01T00:00:00.123456789Z", "2026-10-01T00:00:00.123456"),
        ("2026-10-01T00:00:00", "2026-10-01T00:00:00"),
    ],
)
def test_instants_are_read_as_utc(text: str, expected: str) -> None:
    assert parse_instant(text) == at(expected)


@pytest.mark.parametrize("text", ["", "string", "2026-10-01T25:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_instant_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)


def test_the_day_of_an_instant_is_the_utc_day() -> None:
    assert utc_day(datetime(2026, 11, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == date(2026, 10, 31)


def test_a_month_is_labelled_for_people() -> None:
    assert OCTOBER.label == "October 2026"
