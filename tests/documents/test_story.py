"""Sentences about lower bounds, which must stay true whatever the lacking part cost."""

from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.documents.model import CurrencyTotal
from tallybook.documents.monthly import build_report
from tallybook.documents.story import tell_total
from tests.documents.tiny_month import days, facts, kube_days, month_inputs
from tests.pricing.tiny_facts import Row, usage

OPEN = "which of the two cost more is not known."


def october(*, lacking: dict[int, str] | None = None, rows: list[Row] | None = None) -> dict[str, list[Row]]:
    """Everything priced; `lacking` hours of October that cannot be asked again."""
    priced = [row for row in facts()["usage"] if row["meter"] != "gpu_hours"]
    coverage = [*days("2026-10", 31, lacking=lacking, backfillable=False), *days("2026-09", 30)]
    return {
        **facts(),
        "usage": rows or priced,
        "coverage": [*coverage, *kube_days("2026-10", 31), *kube_days("2026-09", 30)],
    }


def euros(folder: Path, *, now: str, hole: bool, hole_before: bool, quantity: str = "") -> str:
    """What is said of October's euros: `now` core-hours at 0.10, 300 of them (30 EUR) in September."""
    rows = october(
        lacking={1: "23"} if hole else None,
        rows=[usage(now), usage("300", month="2026-09", start="2026-09-01")],
    )
    if hole_before:
        rows["coverage"] = [
            *(row for row in rows["coverage"] if row["billing_period"] == "2026-10"),
            *days("2026-09", 30, lacking={3: "1"}, backfillable=False),
        ]
    inputs = month_inputs(folder, rows)
    euro: CurrencyTotal = build_report(inputs).totals[0]
    return tell_total(inputs, euro)


@pytest.mark.parametrize(
    ("now", "hole", "hole_before", "expected"),
    [
        ("400", False, False, "October 2026 cost 40.00 EUR, 10.00 EUR (33.3%) more than September 2026."),
        ("300", False, False, "October 2026 cost 30.00 EUR, the same as September 2026."),
        (
            "400", True, False,
            "October 2026 cost at least 40.00 EUR, at least 10.00 EUR (33.3%) more than September 2026.",
        ),
        (
            "200", True, False,
            f"October 2026 cost at least 20.00 EUR; September 2026 cost 30.00 EUR; {OPEN}",
        ),
        (
            "300", True, False,
            f"October 2026 cost at least 30.00 EUR; September 2026 cost 30.00 EUR; {OPEN}",
        ),
        (
            "200", False, True,
            "October 2026 cost 20.00 EUR, at least 10.00 EUR (33.3%) less than September 2026.",
        ),
        (
            "400", False, True,
            f"October 2026 cost 40.00 EUR; September 2026 cost at least 30.00 EUR; {OPEN}",
        ),
        (
            "400", True, True,
            f"October 2026 cost at least 40.00 EUR; September 2026 cost at least 30.00 EUR; {OPEN}",
        ),
    ],
)  # fmt: skip
def test_a_comparison_says_only_what_is_certain(
    tmp_path: Path, now: str, expected: str, *, hole: bool, hole_before: bool
) -> None:
    assert euros(tmp_path, now=now, hole=hole, hole_before=hole_before) == expected


def summary(folder: Path, rows: dict[str, list[Row]]) -> tuple[str, ...]:
    return build_report(month_inputs(folder, rows)).summary


def test_of_a_lower_bound_below_its_budget_only_the_most_that_is_left_is_said(tmp_path: Path) -> None:
    # 630 core-hours at 0.10 are 63 EUR; the budgets are 70 and 5
    rows = [usage("630")]

    assert "That is 12.00 EUR under the budget of 75.00 EUR." in summary(tmp_path, october(rows=rows))
    told = summary(tmp_path, october(rows=rows, lacking={1: "0"}))
    assert "That is at most 12.00 EUR under the budget of 75.00 EUR, or over it." in told


def test_a_lower_bound_that_is_its_budget_meets_or_exceeds_it(tmp_path: Path) -> None:
    told = summary(tmp_path, october(rows=[usage("750")], lacking={1: "0"}))

    assert "That is the budget of 75.00 EUR, or over it." in told


def test_a_budget_that_is_exceeded_already_is_exceeded_by_at_least_that(tmp_path: Path) -> None:
    told = summary(tmp_path, october(rows=[usage("800")], lacking={1: "0"}))

    assert "That is at least 5.00 EUR over the budget of 75.00 EUR." in told


def test_the_dearest_project_may_be_another_one_when_hours_are_missing(tmp_path: Path) -> None:
    rows = [usage("100"), usage("50", account="q1", name="Blog")]

    assert "The dearest project is Web with 10.00 EUR." in summary(tmp_path, october(rows=rows))
    told = summary(tmp_path, october(rows=rows, lacking={1: "0"}))
    assert "Of what was seen and priced, the dearest project is Web with at least 10.00 EUR." in told


def test_a_project_s_connections_count_together_for_the_dearest(tmp_path: Path) -> None:
    rows = october(rows=[usage("60"), usage("50", account="q1", name="Blog")])
    rows["usage"].append(usage("60", connection="alpha-east", account="q1", name="Web"))
    report = build_report(month_inputs(tmp_path, rows))

    # Web is called `Web (alpha-east)` there: it is not mapped, and nobody joins another's project by its name
    assert [row.project for row in report.projects if row.billing_currency == "EUR"] == [
        "Web", "Web (alpha-east)", "Blog",
    ]  # fmt: skip
    assert report.project_totals == ()
    assert Decimal("6.00") == report.projects[0].effective_cost.shown
