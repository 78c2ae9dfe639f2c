"""Forecasts and anomalies, against values worked by hand."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tallybook.periods import BillingPeriod
from tallybook.summaries.anomalies import Thresholds, summarise_anomalies
from tallybook.summaries.forecast import summarise_forecast

AMOUNT = pl.Decimal(38, 12)
OCTOBER = BillingPeriod(2026, 10)
MIDDLE = datetime(2026, 10, 16, 5, tzinfo=UTC)
END = datetime(2026, 11, 2, tzinfo=UTC)


def span(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def costs(amounts: Mapping[date, str], *, connection: str = "alpha-main", currency: str = "EUR") -> pl.DataFrame:
    return pl.DataFrame(
        [(day, connection, currency, Decimal(amount)) for day, amount in amounts.items()],
        schema={"date": pl.Date, "connection": pl.String, "billing_currency": pl.String, "effective_cost": AMOUNT},
        orient="row",
    )


def seen(
    days: Iterable[date], *, lacking: Iterable[date] = (), connection: str = "alpha-main", feeds: str = "usage"
) -> pl.DataFrame:
    lost = set(lacking)
    return pl.DataFrame(
        [(connection, "usage", day, feeds, Decimal(24), Decimal(23 if day in lost else 24)) for day in days],
        schema={
            "connection": pl.String,
            "dataset": pl.String,
            "date": pl.Date,
            "feeds": pl.String,
            "expected": AMOUNT,
            "received": AMOUNT,
        },
        orient="row",
    )


def forecast(daily: pl.DataFrame, days: pl.DataFrame, *, now: datetime = MIDDLE) -> list[dict[str, Any]]:
    return summarise_forecast(daily, days, period=OCTOBER, now=now).to_dicts()


def test_a_running_month_ends_at_its_known_days_and_the_rate_of_the_others() -> None:
    days = span("2026-10-01", "2026-10-15")
    end, *months = forecast(costs(dict.fromkeys(days, "10")), seen(days))

    # 15 * 10 known, 16 more days at 10
    assert (end["billing_period"], end["known_cost"], end["forecast_cost"]) == ("2026-10", 150, 310)
    assert (end["method"], end["history_days"]) == ("run_rate", 15)
    # the rate never erred: nothing to be uncertain about
    assert (end["low_cost"], end["high_cost"], end["error_pct"]) == (310, 310, 0)
    assert [(row["billing_period"], row["forecast_cost"]) for row in months] == [
        ("2026-11", 300), ("2026-12", 310), ("2027-01", 310),
    ]  # fmt: skip


def test_with_seven_days_nothing_is_forecast() -> None:
    days = span("2026-10-09", "2026-10-15")

    (row,) = forecast(costs(dict.fromkeys(days, "10")), seen(days))
    assert (row["forecast_cost"], row["method"], row["history_days"], row["known_cost"]) == (None, None, 7, 70)


def test_a_month_that_is_over_has_no_end_to_forecast() -> None:
    days = span("2026-10-01", "2026-10-31")

    rows = forecast(costs(dict.fromkeys(days, "10")), seen(days), now=END)
    assert [row["billing_period"] for row in rows] == ["2026-11", "2026-12", "2027-01"]


def test_a_day_with_a_hole_counts_as_expected_or_as_what_was_seen_of_it() -> None:
    days = span("2026-10-01", "2026-10-15")
    lacking = days[3:5]
    amounts = dict.fromkeys(days, "10") | {lacking[0]: "4", lacking[1]: "25"}

    (end, *_) = forecast(costs(amounts), seen(days, lacking=lacking))
    # 13 whole days of 10; the holes: 10 (4 was seen) and 25 (more than expected); 16 days to come
    assert (end["known_cost"], end["forecast_cost"], end["history_days"]) == (130, 325, 13)


def test_only_connections_that_cost_something_in_the_month_and_days_on_which_all_were_seen_count() -> None:
    days = span("2026-09-01", "2026-10-15")
    daily = pl.concat(
        [
            costs(dict.fromkeys(days, "10")),
            costs(dict.fromkeys(span("2026-10-06", "2026-10-15"), "5"), connection="beta-main"),
            costs(dict.fromkeys(span("2026-09-01", "2026-09-30"), "99"), connection="gone-main"),
        ]
    )
    coverage = pl.concat(
        [seen(days), seen(days, connection="gone-main"), seen(span("2026-10-06", "2026-10-15"), connection="beta-main")]
    )

    (end, *_) = forecast(daily, coverage)
    # ten days of 15; the first five days were seen at one connection only and count as expected
    assert (end["history_days"], end["known_cost"], end["forecast_cost"]) == (10, 150, 31 * 15)


def test_weekdays_have_rates_of_their_own_when_that_errs_less() -> None:
    days = span("2026-08-01", "2026-10-15")
    amounts = {day: "2" if day.weekday() > 4 else "10" for day in days}

    (end, *_) = forecast(costs(amounts), seen(days))
    # October 2026 has 22 weekdays and 9 days of weekends
    assert (end["method"], end["forecast_cost"], end["error_pct"]) == ("weekday_rate", 22 * 10 + 9 * 2, 0)


def test_the_interval_comes_from_how_far_the_method_was_off_before() -> None:
    days = span("2026-07-01", "2026-10-15")
    amounts = {day: "12" if day.day % 2 else "8" for day in days}

    (end, *_) = forecast(costs(amounts), seen(days))
    assert end["low_cost"] < end["forecast_cost"] < end["high_cost"]
    assert end["tests"] >= 5
    assert end["tested_days"] == 16
    assert 0 < end["error_pct"] < 5


def test_without_back_tests_there_is_no_interval() -> None:
    days = span("2026-10-06", "2026-10-15")

    (end, *_) = forecast(costs(dict.fromkeys(days, "10")), seen(days))
    assert (end["tests"], end["low_cost"], end["high_cost"]) == (2, None, None)


def test_what_is_not_collected_for_costs_makes_no_day_incomplete() -> None:
    days = span("2026-10-01", "2026-10-15")
    coverage = pl.concat([seen(days), seen(days, lacking=days, feeds="quotas")])

    assert forecast(costs(dict.fromkeys(days, "10")), coverage)[0]["history_days"] == 15


def item_days(amounts: Mapping[date, str], *, workload: str = "") -> pl.DataFrame:
    place = {"cluster": "c1", "namespace": "shop", "workload_type": "Deployment"} if workload else {}
    return costs(amounts).select(
        "date", "connection", "billing_currency", "effective_cost", project=pl.lit("Web"), workload=pl.lit(workload),
        **{name: pl.lit(place.get(name, "")) for name in ("cluster", "namespace", "workload_type")},
    )  # fmt: skip


def anomalies(
    amounts: Mapping[date, str], *, lacking: Iterable[date] = (), amount: str = "10", percent: str = "30"
) -> list[tuple[Any, ...]]:
    frame = summarise_anomalies(
        item_days(amounts, workload="api"),
        seen(amounts, lacking=lacking),
        period=OCTOBER,
        now=END,
        thresholds=Thresholds(Decimal(amount), Decimal(percent)),
    )
    columns = ("workload", "days", "worst_date", "worst_cost", "typical_cost", "excess_cost")
    return frame.select(columns).rows()


OCTOBER_DAYS = span("2026-10-01", "2026-10-31")
THURSDAY = date(2026, 10, 15)


def usual() -> dict[date, str]:
    """Ten EUR, give or take one."""
    return {day: ("9", "10", "11")[n % 3] for n, day in enumerate(OCTOBER_DAYS)}


def test_a_day_far_from_the_median_is_an_anomaly() -> None:
    assert anomalies(usual()) == []
    assert anomalies({**usual(), THURSDAY: "50"}) == [("api", 1, THURSDAY, 50, 10, 40)]


def test_days_in_one_direction_are_one_row() -> None:
    friday = date(2026, 10, 16)
    found = anomalies({**usual(), THURSDAY: "50", friday: "60", date(2026, 10, 20): "0"}, amount="8")

    assert found == [("api", 2, friday, 60, 10, 90), ("api", 1, date(2026, 10, 20), 0, 10, -10)]


def test_a_day_that_was_not_seen_whole_is_no_anomaly() -> None:
    assert anomalies({**usual(), THURSDAY: "50"}, lacking=[THURSDAY]) == []


@pytest.mark.parametrize(("amount", "percent", "found"), [("40", "400", 1), ("40.01", "30", 0), ("10", "400.1", 0)])
def test_the_thresholds_are_money_and_percent_of_what_is_usual(amount: str, percent: str, found: int) -> None:
    assert len(anomalies({**usual(), THURSDAY: "50"}, amount=amount, percent=percent)) == found


def test_what_always_scatters_is_no_anomaly() -> None:
    wild = {day: str(10 + 17 * (n * 7 % 5)) for n, day in enumerate(OCTOBER_DAYS)}

    assert anomalies(wild) == []


def test_weekends_are_held_against_weekends() -> None:
    assert anomalies({day: "2" if day.weekday() > 4 else "40" for day in OCTOBER_DAYS}) == []
    busy = {day: "2" if day.weekday() > 4 else "40" for day in OCTOBER_DAYS} | {date(2026, 10, 17): "40"}
    assert anomalies(busy) == [("api", 1, date(2026, 10, 17), 40, 2, 38)]


def test_with_seven_days_of_history_nothing_is_an_anomaly() -> None:
    days = [day for day in OCTOBER_DAYS if day.weekday() < 5]

    assert anomalies({**dict.fromkeys(days[:6], "10"), days[6]: "90"}) == []
    assert anomalies({**dict.fromkeys(days[:7], "10"), days[7]: "90"}) == [("api", 1, days[7], 90, 10, 80)]


def test_days_of_the_month_before_are_history_only() -> None:
    before = dict.fromkeys(span("2026-09-03", "2026-09-30"), "10") | {date(2026, 9, 9): "90"}

    assert anomalies(before | dict.fromkeys(OCTOBER_DAYS, "10")) == []
