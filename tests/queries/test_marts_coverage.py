"""When a day's data was first fetched: by the first fetch that succeeded after the day was over."""

from collections.abc import Iterator
from datetime import date, datetime

import polars as pl
import pytest

from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import covered, warehouse_with

COLUMNS = ("connection", "provider", "dataset", "period", "outcome", "fetched_at")


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    first, second = date(2026, 10, 1), date(2026, 10, 2)
    sampled = covered("24", on=first, dataset="live", backfillable=False)
    with warehouse_with(coverage=[sampled, covered("24", on=first), covered("24", on=second)]) as made:
        yield made


def fetched(warehouse: Warehouse, *receipts: tuple[str, str], dataset: str = "usage", period: str = "2026-10") -> None:
    rows = [
        {
            **dict(
                zip(COLUMNS, ("alpha-main", "alpha", dataset, period, outcome, datetime.fromisoformat(at)), strict=True)
            ),
            "receipt": f"{dataset}/{period}/{at}",
            "notes": [],
        }
        for outcome, at in receipts
    ]
    warehouse.insert("landing.receipts", pl.DataFrame(rows, schema_overrides={"notes": pl.List(pl.String)}))


def first_fetches(warehouse: Warehouse) -> list[str | None]:
    """Of the sampled day, and of the first and the second day of usage."""
    rows = warehouse.frame("marts/coverage", billing_period="2026-10").to_dicts()
    return [row["first_fetched_at"] and row["first_fetched_at"].isoformat() for row in rows]


def test_a_day_that_nobody_fetched_has_no_time(warehouse: Warehouse) -> None:
    assert first_fetches(warehouse) == [None, None, None]


def test_the_first_fetch_after_a_days_end_counts_for_it_and_a_sample_has_none(warehouse: Warehouse) -> None:
    fetched(
        warehouse, ("staged", "2026-10-02T00:00:00"), ("unchanged", "2026-10-03T02:30:00"), ("staged", "2026-11-09")
    )
    fetched(warehouse, ("staged", "2026-10-02T00:00:00"), dataset="live")

    assert first_fetches(warehouse) == [None, "2026-10-02T00:00:00", "2026-10-03T02:30:00"]


def test_what_failed_or_belongs_elsewhere_fetched_nothing(warehouse: Warehouse) -> None:
    fetched(warehouse, ("failed", "2026-10-05"), ("unreadable", "2026-10-06"), ("superseded", "2026-10-07"))
    fetched(warehouse, ("staged", "2026-10-04"), dataset="totals")
    fetched(warehouse, ("staged", "2026-10-04"), period="2026-09")

    assert first_fetches(warehouse) == [None, "2026-10-07T00:00:00", "2026-10-07T00:00:00"]
