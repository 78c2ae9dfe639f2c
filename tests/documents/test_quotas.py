"""The review of a small month's quotas."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.documents.monthly import build_report
from tallybook.documents.seen import QuotaReview
from tests.documents.tiny_month import facts, month_inputs
from tests.pricing.tiny_facts import quota

GIB = 2**30


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> QuotaReview:
    rows = facts()
    grown = [quota("50" if n < 20 else "60", str(n), captured=f"2026-10-{n:02d}T12") for n in range(1, 31)]
    stored = [
        quota(str(400 * GIB), str(n * GIB), captured=f"2026-10-{n:02d}T12", resource="storage", unit="byte")
        for n in range(1, 31)
    ]
    unused = {"resource": "network.vpns", "unit": "count"}
    rows["quotas"] = [
        *grown,
        *stored,
        *(quota("5", "0", captured=f"2026-10-{n:02d}T12", **unused) for n in (1, 2)),  # type: ignore[arg-type]
        quota(None, "3", unlimited=True, resource="compute.instances", unit="count"),
        quota("0", "0", resource="compute.gpus", unit="count"),
    ]
    return build_report(month_inputs(tmp_path_factory.mktemp("books"), rows)).quota_review


def test_what_runs_out_first_comes_first(review: QuotaReview) -> None:
    told = [(row.resource, row.run_out_date, row.trend_per_day.shown) for row in review.running_out]

    # 30 of 60 cores and one more a day: 30 days after the 30th; 30 of 400 GiB would take 370 days
    assert told == [("compute.cores", date(2026, 11, 29), Decimal("1.0"))]
    assert review.running_out_total == 1


def test_a_changed_limit_is_told_with_both_values(review: QuotaReview) -> None:
    (change,) = review.changes

    assert (change.date, change.previous_limit.shown, change.limit.shown) == (
        date(2026, 10, 20),
        Decimal(50),
        Decimal(60),
    )
    assert review.changes_total == 1


def test_unused_unlimited_and_nothing_allowed_are_three_things(review: QuotaReview) -> None:
    assert [row.resource for row in review.unused] == ["network.vpns"]
    assert (review.unused_total, review.unlimited_total, review.nothing_allowed_total) == (1, 1, 1)


def test_the_trend_of_bytes_is_shown_in_the_unit_of_its_limit(tmp_path: Path) -> None:
    rows = facts()
    rows["quotas"] = [
        quota(str(100 * GIB), str(n * GIB), captured=f"2026-10-{n:02d}T12", resource="storage", unit="byte")
        for n in range(1, 31)
    ]

    (row,) = build_report(month_inputs(tmp_path, rows)).quotas
    assert (row.unit, row.trend_per_day.exact, row.run_out_date) == ("GiB", Decimal(1), date(2027, 1, 8))
