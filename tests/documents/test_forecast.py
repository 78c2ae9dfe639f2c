"""Forecasts and anomalies in the report of a small month."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tallybook.documents.forecast import TOP_ANOMALIES
from tallybook.documents.monthly import build_report
from tallybook.documents.outlook import Outlook
from tallybook.pricing.adjustments import COLUMNS
from tests.documents.tiny_month import facts, month_inputs
from tests.pricing.tiny_facts import Row, cost


def outlook_of(folder: Path, rows: dict[str, list[Row]] | None = None, *, now: datetime | None = None) -> Outlook:
    inputs = month_inputs(folder, rows) if now is None else month_inputs(folder, rows, now=now)
    return build_report(inputs).outlook


def test_a_month_that_is_over_leads_to_the_next_three(tmp_path: Path) -> None:
    euro = [row for row in outlook_of(tmp_path).forecasts if row.billing_currency == "EUR"]

    # of the 28 days to 31 October 11 cost 2.40 and 17 cost 4.80: 108 / 28 a day, and 30 days of November
    assert [row.label for row in euro] == ["November 2026", "December 2026", "January 2027"]
    assert euro[0].forecast_cost.shown == Decimal("115.71")
    assert (euro[0].method, euro[0].history_days) == ("run_rate", 28)
    assert euro[0].budget.shown == Decimal("1.00")
    # a GPU meter has no price: whatever it costs comes on top
    assert euro[0].is_lower_bound


def test_a_running_month_has_its_own_end_first(tmp_path: Path) -> None:
    now = datetime(2026, 10, 11, 3, tzinfo=UTC)
    rows = facts()
    rows["usage"] = [row for row in rows["usage"] if row["charge_period_start"] < now.replace(tzinfo=None, hour=0)]

    (end, *_) = (row for row in outlook_of(tmp_path, rows, now=now).forecasts if row.billing_currency == "EUR")
    # 28 days before the 11th: 18 in September with nothing but 30 on the 1st, 10 of 2.40 in October
    assert (end.label, end.known_cost.shown) == ("October 2026", Decimal("24.00"))
    assert end.forecast_cost.shown == Decimal("42.00")


def test_a_month_with_too_few_days_says_how_many_it_has(tmp_path: Path) -> None:
    rows = facts()
    rows["coverage"] = [row for row in rows["coverage"] if row["date"].day < 4 and row["date"].month == 10]

    (euro, dollar) = outlook_of(tmp_path, rows, now=datetime(2026, 10, 5, tzinfo=UTC)).forecasts
    assert (euro.forecast_cost.shown, euro.method, euro.history_days) == (None, "", 3)
    assert (dollar.billing_currency, dollar.history_days) == ("USD", 3)


def test_a_day_far_from_the_others_is_told_for_the_workload_and_its_project(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [cost("50" if day == 15 else "10", day=day) for day in range(1, 32)]

    outlook = outlook_of(tmp_path, rows)
    told = [(row.kind, row.name, row.place, row.excess_cost.shown, row.worst_date.day) for row in outlook.anomalies]
    assert told == [("project", "Shop", "", Decimal("40.00"), 15), ("workload", "api", "c1/shop", Decimal("40.00"), 15)]


def test_a_workload_below_the_threshold_is_not_looked_at(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [cost("9.99" if day == 15 else "0.10", day=day) for day in range(1, 32)]

    assert outlook_of(tmp_path, rows).anomalies == ()


def test_only_the_dearest_anomalies_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [
        cost("90" if day == 15 else "10", day=day, workload=f"job {n}") for n in range(12) for day in range(1, 32)
    ]

    outlook = outlook_of(tmp_path, rows)
    assert (len(outlook.anomalies), outlook.anomalies_total) == (TOP_ANOMALIES, 13)
    assert outlook.anomalies[0].excess_cost.shown == Decimal("960.00")


def test_an_amount_of_the_adjustments_makes_no_day_odd_and_no_month_dearer(tmp_path: Path) -> None:
    row = "Web,,markup,,1000,EUR,2026-10-15,2026-10-16,once"
    tmp_path.joinpath("adjustments.csv").write_text(f"{','.join(COLUMNS)}\n{row}\n", encoding="utf-8")

    outlook = outlook_of(tmp_path)
    euro = [row for row in outlook.forecasts if row.billing_currency == "EUR"]
    assert euro[0].forecast_cost.shown == Decimal("115.71")
    assert outlook.anomalies == ()


def test_a_percentage_of_the_adjustments_is_in_the_forecast(tmp_path: Path) -> None:
    row = "Web,,discount,50,,,2026-01-01,,half"
    tmp_path.joinpath("adjustments.csv").write_text(f"{','.join(COLUMNS)}\n{row}\n", encoding="utf-8")

    euro = [row for row in outlook_of(tmp_path).forecasts if row.billing_currency == "EUR"]
    assert euro[0].forecast_cost.shown == Decimal("57.86")
