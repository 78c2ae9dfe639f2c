"""A small month with its documents: facts by hand, prices, a warehouse in memory."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tallybook.documents.inputs import MonthInputs
from tallybook.periods import BillingPeriod
from tallybook.pricing.charges import make_charges
from tallybook.summaries.month import read_frames, summarise_month
from tests.pricing.tiny_facts import OCTOBER, Row, cost, covered, priced, quota, usage, warehouse_with

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
SEPTEMBER = BillingPeriod(2026, 9)

PRICES = (
    "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,2026-10-15,old list",
    "alpha,,,,core_hours,core-hour,0.20,EUR,2026-10-15,,new list",
)
PROJECTS = "alpha-main,p1,Web,4001,Jana\nkube-main,c1/shop,Shop,4002,Tom\n"
BUDGETS = "project,month,budget,currency\nWeb,2026-10,70.00,EUR\nShop,2026-10,5.00,EUR\nWeb,2026-11,1.00,EUR\n"


def days(month: str, count: int, *, lacking: dict[int, str] | None = None, backfillable: bool = True) -> list[Row]:
    """Coverage of alpha-main in a month; `lacking` has what was received on a day instead of 24 hours."""
    lacking = lacking or {}
    return [
        covered(lacking.get(n, "24"), on=date.fromisoformat(f"{month}-{n:02d}"), backfillable=backfillable)
        for n in range(1, count + 1)
    ]


def kube_days(month: str, count: int) -> list[Row]:
    return [
        covered(
            "1", on=date.fromisoformat(f"{month}-{n:02d}"), expected="1", connection="kube-main", dataset="workloads",
            feeds="costs", unit="windows",
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def facts() -> dict[str, list[Row]]:
    """October: Web 336 + 408 core-hours (33.60 + 81.60 EUR), an unpriced meter, two workloads; September: 30 EUR."""
    october = [usage("24", start=f"2026-10-{n:02d}", hours=24) for n in range(1, 32)]
    september = [usage("300", month="2026-09", start="2026-09-01")]
    return {
        "usage": [*october, usage("5", meter="gpu_hours"), *september],
        "costs": [
            cost("10", spot="2", on_demand="1"),
            cost("2.505", workload="job", spot="4", on_demand="0", day=2),
            cost("9", month="2026-09", spot="2", on_demand="0"),
        ],
        "quotas": [quota("50", "40"), quota(None, "3", unlimited=True, resource="compute.instances", unit="count")],
        "coverage": [
            *days("2026-10", 31), *days("2026-09", 30), *kube_days("2026-10", 31), *kube_days("2026-09", 30),
        ],
    }  # fmt: skip


def month_inputs(
    folder: Path, rows: dict[str, list[Row]] | None = None, *, now: datetime = NOW, projects: str = PROJECTS
) -> MonthInputs:
    """The inputs of October's documents, revision 1."""
    warehouse = warehouse_with(**(rows or facts()))
    folder.joinpath("budgets.csv").write_text(BUDGETS, encoding="utf-8")
    books = priced(warehouse, folder, *PRICES, projects=projects)
    make_charges(warehouse, period=SEPTEMBER, books=books)
    tables = summarise_month(read_frames(warehouse, period=OCTOBER), period=OCTOBER, now=now)
    return MonthInputs(
        period=OCTOBER,
        now=now,
        entity="Acme Analytics",
        version="0.1.0",
        revision=1,
        labels={"alpha": "Alpha Cloud", "kube": "Kube Costs"},
        tables=tables,
        budgets=books.budgets,
    )


@cache
def usual_month() -> MonthInputs:
    """The same of the facts as they stand here, with no book beside prices, projects and budgets; made once."""
    with TemporaryDirectory() as folder:
        return month_inputs(Path(folder))


def changed(inputs: MonthInputs, **fields: object) -> MonthInputs:
    """The inputs with other fields."""
    return replace(inputs, **fields)  # type: ignore[arg-type]
