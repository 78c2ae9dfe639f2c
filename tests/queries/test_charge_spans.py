"""A month's charges in spans of days: together they are the month, in its order, and none is much longer than asked."""

from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.pipeline.charging import charge_spans
from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import OCTOBER, charges, priced, usage, warehouse_with, whole_charges

CORE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"
USED = {1: ("b", "a", "c"), 2: ("a",), 4: ("c", "b"), 31: ("a",)}  # day: machines


def month(folder: Path) -> Warehouse:
    rows = [usage("1", start=f"2026-10-{day:02d}", resource=name) for day, names in USED.items() for name in names]
    warehouse = warehouse_with(usage=rows)
    priced(warehouse, folder, CORE)
    return warehouse


def test_a_span_begins_with_the_day_after_so_many_charges(tmp_path: Path) -> None:
    """Days 1 and 2 begin after 0 and 3 charges, days 4 and 31 after 4 and 6."""
    found = month(tmp_path).frame("marts/charge_spans", billing_period="2026-10", span_rows=4).rows()

    assert found == [(date(2026, 10, 1), date(2026, 10, 3)), (date(2026, 10, 4), date(2026, 11, 1))]


def test_what_a_revision_had_on_a_day_without_charges_now_is_in_a_span(tmp_path: Path) -> None:
    warehouse = month(tmp_path)
    kept = warehouse.select("marts.frozen_charges").columns
    moved = (
        whole_charges(warehouse)
        .head(1)
        .with_columns(pl.col("charge_period_start", "charge_period_end") + timedelta(days=9))
    )
    warehouse.insert("marts.frozen_charges", moved.select(kept))

    found = warehouse.frame("marts/charge_spans", billing_period="2026-10", span_rows=1)

    assert found["first_day"].to_list() == [date(2026, 10, day) for day in (1, 2, 4, 10, 31)]


def test_a_month_without_charges_is_one_span(tmp_path: Path) -> None:
    warehouse = month(tmp_path)

    [span] = charge_spans(warehouse, BillingPeriod(2026, 9))

    assert span == {"billing_period": "2026-09", "first_day": date(2026, 9, 1), "end_day": date(2026, 10, 1)}


def test_spans_one_after_another_are_the_month_in_its_order(tmp_path: Path) -> None:
    warehouse = month(tmp_path)
    spans = warehouse.frame("marts/charge_spans", billing_period=str(OCTOBER), span_rows=2).to_dicts()

    parts = warehouse.tables("marts/charges", [{"billing_period": str(OCTOBER), **span} for span in spans])
    names = ("charge_period_start", "resource_id")
    of_spans = [sorted(zip(*(part[name].to_pylist() for name in names), strict=True)) for part in parts]

    assert list(chain.from_iterable(of_spans)) == [
        (datetime(2026, 10, day), name)  # noqa: DTZ001 - as the warehouse has it
        for day, names in USED.items()
        for name in sorted(names)
    ]
    assert charges(warehouse, "resource_id") == [(name,) for names in USED.values() for name in sorted(names)]
