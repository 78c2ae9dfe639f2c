"""The trend of quotas and the changes of their limits, worked by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tallybook.summaries.quota_trend import summarise_limit_changes, with_trend
from tallybook.summaries.quotas import summarise_quotas
from tests.summaries.literal_frames import limits


def trend(*uses: str | None, limit: str | None = "100", unlimited: bool = False) -> tuple[Any, ...]:
    """trend_per_day, run_out_date and is_unused of a quota with this use on the first days of October."""
    quotas = limits(*(("cores", limit, unlimited, use, n) for n, use in enumerate(uses, 1)))
    return with_trend(summarise_quotas(quotas), quotas).select("trend_per_day", "run_out_date", "is_unused").row(0)


def test_a_quota_runs_out_when_its_use_goes_on_growing_as_it_did() -> None:
    # 2 a day, 24 on the 8th: 76 are left, 38 days later is 15 November
    assert trend(*(str(10 + 2 * n) for n in range(8))) == (Decimal(2), date(2026, 11, 15), False)


def test_a_part_of_a_day_is_a_day() -> None:
    # 3 a day, 31 on the 8th: 69 are 23 days; of a limit of 101 they are 23 and a third
    uses = [str(10 + 3 * n) for n in range(8)]

    assert trend(*uses)[1] == date(2026, 10, 31)
    assert trend(*uses, limit="101")[1] == date(2026, 11, 1)


def test_one_odd_day_does_not_turn_the_trend() -> None:
    uses = ["10", "12", "14", "90", "18", "20", "22", "24"]

    assert trend(*uses)[0] == Decimal(2)


def test_under_eight_days_there_is_no_trend() -> None:
    assert trend(*(str(n) for n in range(7))) == (None, None, False)
    assert trend(None, *(str(n) for n in range(7))) == (None, None, False)


@pytest.mark.parametrize(
    ("limit", "unlimited"), [(None, True), (None, False), ("0", False), ("17", False), ("24", False), ("800", False)]
)
def test_there_is_no_day_without_a_limit_above_use_that_is_reached_within_a_year(
    limit: str | None, *, unlimited: bool
) -> None:
    per_day, day, _ = trend(*(str(10 + 2 * n) for n in range(8)), limit=limit, unlimited=unlimited)

    assert (per_day, day) == (Decimal(2), None)


def test_a_use_that_falls_never_runs_out() -> None:
    assert trend(*(str(50 - n) for n in range(8)))[:2] == (Decimal(-1), None)


def test_a_use_that_stands_still_never_runs_out() -> None:
    assert trend(*["50"] * 8) == (Decimal(0), None, False)


def test_a_limit_of_which_nothing_was_used_all_month_is_unused() -> None:
    assert trend("0", "0")[2]
    assert not trend("1", "0")[2]
    assert not trend(None)[2]
    assert not trend("0", limit="0")[2]
    assert not trend("0", limit=None, unlimited=True)[2]


def changes(*rows: tuple[str | None, bool, int]) -> list[tuple[Any, ...]]:
    frame = summarise_limit_changes(limits(*(("cores", limit, free, "1", on) for limit, free, on in rows)))
    return frame.select("date", "previous_limit", "was_unlimited", "limit", "is_unlimited").rows()


def test_a_limit_that_changes_within_the_month_is_told_with_its_day() -> None:
    assert changes(("50", False, 1), ("50", False, 2), ("60", False, 10), ("60", False, 11), ("50", False, 20)) == [
        (date(2026, 10, 10), Decimal(50), False, Decimal(60), False),
        (date(2026, 10, 20), Decimal(60), False, Decimal(50), False),
    ]


def test_unlimited_and_zero_are_limits_of_their_own() -> None:
    assert changes(("0", False, 1), (None, True, 2), ("-1", True, 3), ("5", False, 4)) == [
        (date(2026, 10, 2), Decimal(0), False, None, True),
        (date(2026, 10, 4), None, True, Decimal(5), False),
    ]


def test_resources_do_not_change_into_each_other() -> None:
    quotas = limits(("cores", "50", False, "1", 1), ("volumes", "60", False, "1", 2))

    assert summarise_limit_changes(quotas).is_empty()
    assert summarise_limit_changes(pl.concat([quotas, quotas])).is_empty()
