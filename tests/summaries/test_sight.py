"""Coverage, gaps, quotas, usage, prices and the trend, with values worked by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tallybook.summaries.coverage import (
    never_seen,
    observed_connections,
    summarise_connections,
    summarise_coverage,
    summarise_datasets,
    summarise_gaps,
)
from tallybook.summaries.quotas import summarise_quotas
from tallybook.summaries.totals import summarise_currencies, summarise_days, summarise_trend
from tallybook.summaries.usage import summarise_lines, summarise_prices, summarise_unpriced, summarise_usage
from tests.summaries.literal_frames import charges, connections, coverage, day, limits, ran, used

NOON_OF_THE_4TH = datetime(2026, 10, 4, 12, tzinfo=UTC)


def days(*rows: dict[str, Any], now: datetime = NOON_OF_THE_4TH) -> pl.DataFrame:
    return summarise_coverage(coverage(rows), now=now)


def test_a_day_is_complete_partial_missing_or_pending() -> None:
    frame = days(day(1, "24"), day(2, "18"), day(3, "0"), day(4, "12"), day(5, "0"))

    assert frame.columns[:7] == ["connection", "dataset", "date", "expected", "received", "missing", "status"]
    assert frame.select("missing", "status").rows() == [
        (Decimal(0), "complete"),
        (Decimal(6), "partial"),
        (Decimal(24), "missing"),
        (Decimal(0), "pending"),
        (Decimal(0), "pending"),
    ]


def test_a_capture_of_today_is_complete_before_the_day_ends() -> None:
    assert days(day(4, "1", expected="1"))["status"].to_list() == ["complete"]


def test_a_day_ends_at_midnight_utc() -> None:
    last_second = datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 10, 2, tzinfo=UTC)

    assert days(day(1, "3"), now=last_second)["status"].to_list() == ["pending"]
    assert days(day(1, "3"), now=midnight)["status"].to_list() == ["partial"]


def test_coverage_of_a_dataset_is_a_ratio_of_sums_over_ended_days() -> None:
    frame = summarise_datasets(days(day(1, "24"), day(2, "18"), day(3, "24"), day(4, "0")))

    # 66 of 72 hours
    assert frame.select("expected", "received", "missing", "coverage_pct", "status").rows() == [
        (Decimal(72), Decimal(66), Decimal(6), Decimal("91.666666666667"), "partial")
    ]


def test_without_an_ended_day_nothing_can_be_said() -> None:
    frame = summarise_datasets(days(day(4, "12"), day(5, "0")))

    assert frame.select("coverage_pct", "status").rows() == [(None, "pending")]


@pytest.mark.parametrize(
    ("fetched", "late"),
    [("2026-10-02T02:30:00", "0"), ("2026-11-03T23:59:59", "0"), ("2026-11-04T00:00:00", "18"), (None, "0")],
)
def test_what_was_first_fetched_three_days_after_the_month_is_late(fetched: str | None, late: str) -> None:
    frame = days(day(1, "18", fetched=fetched), now=datetime(2026, 12, 1, tzinfo=UTC))

    assert frame.select("received", "late", "missing", "status").rows() == [
        (Decimal(18), Decimal(late), Decimal(6), "partial")
    ]


def test_a_connection_counts_only_what_feeds_usage_or_costs() -> None:
    frame = summarise_connections(days(day(1, "24"), day(1, "0", dataset="totals", feeds="control")))

    assert frame.select("coverage_pct", "is_complete", "has_data").rows() == [(Decimal(100), True, True)]


def test_hours_and_windows_are_not_added_the_lowest_counts() -> None:
    frame = summarise_connections(
        days(day(1, "18"), day(1, "1", expected="1", dataset="workloads", feeds="costs", unit="windows"))
    )

    assert frame["coverage_pct"].to_list() == [Decimal(75)]


def test_an_answer_without_usage_is_known_and_silence_is_not() -> None:
    known = summarise_connections(days(day(1, "24"), day(1, "0", connection="beta-main")))

    assert observed_connections(charges(ran("1")), known) == ["alpha-main", "kube-main"]


def test_gaps_are_joined_where_days_touch() -> None:
    month_end = datetime(2026, 11, 1, tzinfo=UTC)
    received = {3: "21", 4: "22", 5: "24", 6: "0"}
    rows = [day(number, received.get(number, "24")) for number in range(1, 32)]

    frame = summarise_gaps(days(*reversed(rows), now=month_end))

    assert frame.select("first_date", "last_date", "missing").rows() == [
        (date(2026, 10, 3), date(2026, 10, 4), Decimal(5)),
        (date(2026, 10, 6), date(2026, 10, 6), Decimal(24)),
    ]


def test_gaps_of_two_connections_are_kept_apart() -> None:
    frame = summarise_gaps(days(day(1, "0"), day(2, "0", connection="beta-main")))

    assert frame.select("connection", "first_date").rows() == [
        ("alpha-main", date(2026, 10, 1)),
        ("beta-main", date(2026, 10, 2)),
    ]


def test_utilisation_is_known_only_below_a_limit_above_zero() -> None:
    frame = summarise_quotas(
        limits(
            ("full", "50", False, "50", 1),
            ("near", "50", False, "40", 1),
            ("none", "0", False, "2", 1),
            ("ok", "50", False, "39", 1),
            ("silent", "50", False, None, 1),
            ("unknown", None, False, "2", 1),
            ("unlimited", None, True, "2", 1),
        )
    )

    assert frame.columns[:9] == [
        "connection", "sub_account_id", "region", "resource", "unit", "limit", "used", "utilisation_pct", "captured_at",
    ]  # fmt: skip
    assert frame.select("resource", "state", "utilisation_pct", "headroom").rows() == [
        ("full", "full", Decimal(100), Decimal(0)),
        ("near", "near", Decimal(80), Decimal(10)),
        ("none", "none", None, Decimal(-2)),
        ("ok", "ok", Decimal(78), Decimal(11)),
        ("silent", "unknown", None, None),
        ("unknown", "unknown", None, None),
        ("unlimited", "unlimited", None, None),
    ]


def test_a_number_beside_unlimited_is_no_limit() -> None:
    frame = summarise_quotas(limits(("cores", "-1", True, "2", 1)))

    assert frame.select("limit", "utilisation_pct", "state").rows() == [(None, None, "unlimited")]


def test_the_last_capture_of_the_month_counts() -> None:
    frame = summarise_quotas(limits(("cores", "60", False, "30", 9), ("cores", "50", False, "30", 1)))

    assert frame.select("limit", "captured_at").rows() == [(Decimal(60), datetime(2026, 10, 9, tzinfo=UTC))]


def test_limits_in_bytes_fit() -> None:
    frame = summarise_quotas(limits(("bytes", "9007199254740992", False, "4503599627370496", 1)))

    assert frame["utilisation_pct"].to_list() == [Decimal(50)]


def test_usage_adds_up_over_prices() -> None:
    rows = charges(used("1", quantity="1152"), used("2", quantity="168", source="prices.csv line 3"), ran("5"))

    frame = summarise_usage(rows, connections(alpha="99"), billing_period="2026-10")

    assert frame.columns[:10] == [
        "billing_period", "connection", "sub_account_id", "project", "region", "meter", "unit", "quantity", "basis",
        "coverage_pct",
    ]  # fmt: skip
    assert frame.select("meter", "quantity", "coverage_pct").rows() == [("core_hours", Decimal(1320), Decimal(99))]


def test_a_line_has_a_unit_price_only_when_there_is_one() -> None:
    frame = summarise_lines(
        charges(
            used("0.10", quantity="10", unit_price="0.01"),
            used("0.40", quantity="20", unit_price="0.02", source="prices.csv line 3"),
            used("7", quantity="7", meter="instance_hours"),
            used(None, meter="gpu_hours"),
            ran("5"),
            ran("6", workload="job"),
        )
    )

    assert frame.select("meter", "pricing_quantity", "list_unit_price", "effective_cost").rows() == [
        ("core_hours", Decimal(30), None, Decimal("0.5")),
        ("gpu_hours", Decimal(1), None, None),
        ("instance_hours", Decimal(7), Decimal(1), Decimal(7)),
        ("", None, None, Decimal(11)),
    ]


def test_unpriced_usage_is_listed_and_free_usage_is_not() -> None:
    frame = summarise_unpriced(
        charges(
            used("0"), used(None, meter="gpu_hours", quantity="2.5"), used(None, meter="b", quantity="0"), ran(None)
        )
    )

    assert frame.select("meter", "unit", "quantity").rows() == [
        ("gpu_hours", "core-hour", Decimal("2.5")),
        ("provider_cost", "charge", Decimal(1)),
    ]


def test_only_prices_that_made_charges_are_listed() -> None:
    prices = pl.DataFrame(
        {
            "provider": ["alpha", "alpha"],
            "meter": ["core_hours", "gpu_hours"],
            "connection": ["", ""],
            "sub_account_id": ["", ""],
            "region": ["", ""],
            "valid_from": [date(2026, 1, 1)] * 2,
            "price_source": ["prices.csv line 2", "prices.csv line 3"],
        }
    )

    frame = summarise_prices(
        charges(used("3", quantity="3"), used("4", quantity="4", project="Shop")), prices, connections(alpha="99")
    )

    assert frame.select("meter", "pricing_quantity", "effective_cost", "is_lower_bound").rows() == [
        ("core_hours", Decimal(7), Decimal(7), True)
    ]


def trend(
    seen: list[tuple[str, str, str, int, int]],
    found: list[tuple[str, str, str | None, bool]] | None = None,
    currencies: list[tuple[str, str]] | None = None,
    *,
    costs: tuple[tuple[str, str], ...] = (("2026-08", "EUR"), ("2026-08", "USD")),
) -> list[bool]:
    """Whether each month's cost is complete. `seen`: month, connection, unit, expected, received; `found`: charges."""
    amount = pl.Decimal(38, 12)
    frame = summarise_trend(
        pl.DataFrame(
            [(*cost, Decimal(1)) for cost in costs],
            schema={"billing_period": pl.String, "billing_currency": pl.String, "effective_cost": amount},
            orient="row",
        ),
        pl.DataFrame(
            [(*names, Decimal(expected), Decimal(received)) for *names, expected, received in seen],
            schema={
                **dict.fromkeys(("billing_period", "connection", "unit"), pl.String),
                "expected": amount,
                "received": amount,
            },
            orient="row",
        ),
        pl.DataFrame(
            found or [],
            schema={
                **dict.fromkeys(("billing_period", "connection", "billing_currency"), pl.String),
                "is_unpriced": pl.Boolean,
            },
            orient="row",
        ),
        pl.DataFrame(
            currencies or [], schema=dict.fromkeys(("connection", "billing_currency"), pl.String), orient="row"
        ),
    )
    return frame["is_complete"].to_list()


def test_a_month_seen_in_part_is_not_complete_in_the_trend() -> None:
    months = tuple((month, "EUR") for month in ("2026-07", "2026-08", "2026-09"))
    seen = [
        ("2026-08", "alpha-main", "hours", 744, 744),
        ("2026-09", "alpha-main", "hours", 720, 719),
        ("2026-09", "alpha-main", "windows", 30, 30),
    ]

    assert trend(seen, costs=months) == [False, True, False]


def test_the_trend_lacks_what_a_connection_cost_in_its_own_currencies_only() -> None:
    seen = [("2026-08", "alpha-main", "hours", 744, 743), ("2026-08", "kube-main", "windows", 31, 31)]
    found = [("2026-08", "alpha-main", "EUR", False), ("2026-08", "kube-main", "USD", False)]

    assert trend(seen, found, [("alpha-main", "USD")]) == [False, True]


def test_a_silent_connection_touches_the_currencies_known_for_it_else_all() -> None:
    seen = [("2026-08", "alpha-main", "hours", 744, 0), ("2026-08", "kube-main", "windows", 31, 31)]

    assert trend(seen, [], [("alpha-main", "USD")]) == [True, False]
    assert trend(seen, []) == [False, False]


def test_a_month_with_usage_without_a_price_is_not_complete_in_the_trend() -> None:
    seen = [("2026-08", "alpha-main", "hours", 744, 744), ("2026-08", "kube-main", "windows", 31, 31)]
    found = [
        ("2026-08", "alpha-main", "EUR", False), ("2026-08", "alpha-main", None, True),
        ("2026-08", "kube-main", "USD", False),
    ]  # fmt: skip

    assert trend(seen, found) == [False, True]


def test_currencies_are_known_from_costs_settings_and_prices() -> None:
    prices = pl.DataFrame(
        {
            "provider": ["beta", "beta", "gamma", "alpha"],
            "connection": ["", "other-main", "gamma-main", ""],
            "billing_currency": ["CHF", "GBP", "SEK", "EUR"],
        }
    )
    seen = connections(alpha="100", beta="0", gamma="0", delta="0", kube="0")

    frame = summarise_currencies(
        charges(used("1")), charges(used("1", currency="PLN")), prices, seen, stated={"kube-main": "USD"}
    )

    known = {
        name: frame.filter(pl.col("connection") == name)["billing_currency"].to_list() for name in seen["connection"]
    }
    assert known == {
        "alpha-main": ["EUR", "PLN"], "beta-main": ["CHF"], "gamma-main": ["SEK"], "delta-main": [],
        "kube-main": ["USD"],
    }  # fmt: skip


def test_a_connection_of_which_nothing_came_was_never_seen() -> None:
    rows = [day(1, "0", connection="silent-main"), day(1, "1"), day(4, "0", connection="new-main")]

    assert never_seen(summarise_connections(days(*rows)))["connection"].to_list() == ["silent-main"]


def test_a_day_is_a_lower_bound_when_its_connection_lacks_hours_or_prices() -> None:
    costs = pl.DataFrame(
        {
            "date": [date(2026, 10, n) for n in (1, 2, 1)],
            "connection": ["alpha-main", "alpha-main", "beta-main"],
            "provider": ["alpha", "alpha", "beta"],
            "billing_currency": ["EUR"] * 3,
            "effective_cost": [Decimal(1)] * 3,
        },
        schema_overrides={"effective_cost": pl.Decimal(38, 12)},
    )
    unpriced = charges(used(None, connection="beta-main"))

    frame = summarise_days(costs, days(day(1, "24"), day(2, "23"), day(1, "24", connection="beta-main")), unpriced)

    assert frame.select("date", "connection", "is_lower_bound").rows() == [
        (date(2026, 10, 1), "alpha-main", False),
        (date(2026, 10, 1), "beta-main", True),
        (date(2026, 10, 2), "alpha-main", True),
    ]


def test_gaps_are_listed_whatever_they_feed() -> None:
    rows = [day(1, "0", dataset=name, feeds=name) for name in ("control", "estate", "quotas", "usage")]

    assert summarise_gaps(days(*rows))["feeds"].to_list() == ["control", "estate", "quotas", "usage"]
