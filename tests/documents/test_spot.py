"""Spot rows of a small month."""

from decimal import Decimal
from pathlib import Path

from tallybook.documents.monthly import build_report
from tests.documents.tiny_month import facts, month_inputs
from tests.pricing.tiny_facts import cost


def test_clusters_namespaces_and_projects_stand_below_the_total(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [
        cost("10", spot="0", on_demand="10", savings="1.25"),
        cost("4", spot="10", on_demand="0", day=2),
        cost("3", namespace="lab", workload="job"),
    ]

    report = build_report(month_inputs(tmp_path, rows))
    told = [
        (row.by, row.name, row.connection, row.spot_pct, row.realised_savings.shown, row.unknown_cost.shown)
        for row in report.spot
    ]
    half, saved, none, three = Decimal("50.0"), Decimal("6.00"), Decimal("0.00"), Decimal("3.00")
    assert told == [
        ("total", "", "", half, saved, three),
        ("cluster", "c1", "kube-main", half, saved, three),
        ("namespace", "c1/shop", "kube-main", half, saved, none),
        ("namespace", "c1/lab", "kube-main", None, None, three),
        ("project", "Shop", "", half, saved, none),
        ("project", "c1/lab", "", None, None, three),
    ]
    total = report.spot[0]
    assert (total.realised_pct, total.judged_pct, total.savings_available.shown) == (
        Decimal("60.0"),
        Decimal("100.0"),
        Decimal("1.25"),
    )
