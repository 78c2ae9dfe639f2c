"""Commitments in the report: what is shown adds up, the dearest unused first."""

from decimal import Decimal
from pathlib import Path

from tallybook.documents.monthly import build_report
from tallybook.documents.statement import build_statements
from tests.documents.tiny_month import month_inputs
from tests.pricing.tiny_facts import COMMITMENTS_HEADER


def test_a_statement_lists_commitments_and_minimums_beside_the_rest_of_the_meter(tmp_path: Path) -> None:
    """Half a core at 0.01 covers 372 of 744 core-hours; the rest is 33.60 + 81.60 EUR less that, by two prices."""
    row = "alpha-main,p1,,core_hours,core-hour,0.5,0.01,EUR,2026-10-01,2026-11-01,frame contract\n"
    tmp_path.joinpath("commitments.csv").write_text(COMMITMENTS_HEADER + row, encoding="utf-8")
    inputs = month_inputs(tmp_path)
    [web] = [one for one in build_statements(inputs, build_report(inputs)) if one.project == "Web"]

    lines = {
        (line.quantity.exact, line.unit_price, line.effective_cost.exact)
        for line in web.lines
        if line.meter == "core_hours"
    }
    # 12 core-hours of each of 14 days at 0.10 and of 17 at 0.20: 16.80 + 40.80
    assert lines == {(372, Decimal("0.01"), Decimal("3.72")), (372, None, Decimal("57.6"))}


def test_used_and_unused_cost_add_up_to_the_commitment_as_shown(tmp_path: Path) -> None:
    """One core for 31 days at 0.0101: 744 core-hours are 7.5144 EUR; October uses all of them and 0 of p9's two."""
    rows = "".join(
        f"alpha-main,{account},,core_hours,core-hour,{level},0.0101,EUR,2026-10-01,2026-11-01,frame contract\n"
        for account, level in (("p1", "1.5"), ("p9", "2"))
    )
    tmp_path.joinpath("commitments.csv").write_text(COMMITMENTS_HEADER + rows, encoding="utf-8")
    report = build_report(month_inputs(tmp_path))

    idle, busy = report.commitments
    assert (idle.project, idle.utilisation_pct, idle.used_cost.shown) == ("p9", Decimal("0.0"), Decimal("0.00"))
    assert idle.unused_cost.exact == Decimal("15.0288")
    # 744 of 1,116 core-hours: 7.5144 and 3.7572
    assert (busy.project, busy.utilisation_pct) == ("Web", Decimal("66.7"))
    shown = (busy.used_cost.shown, busy.unused_cost.shown, busy.effective_cost.shown)
    assert shown == (Decimal("7.51"), Decimal("3.76"), Decimal("11.27"))
    assert (busy.committed_quantity, busy.unit, report.commitments_total) == (Decimal("1.5"), "core-hour", 2)
    assert [price.committed_quantity for price in report.prices] == [Decimal("1.5"), Decimal(2)]
    assert {(row.pricing_category, row.cost_basis) for row in report.pricing} >= {("unknown", "commitment")}
