"""The section on shared and idle cost, and a project's share in its statement: parts add up as shown."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from tallybook.documents.allocated import Allocation
from tallybook.documents.allocation import MOST_SHARES, build_allocation
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.monthly import build_report
from tallybook.documents.statement import build_statements
from tallybook.language import language_of
from tallybook.pricing.allocation import COLUMNS
from tests.documents.tiny_month import month_inputs, usual_month
from tests.pricing.tiny_facts import Row, covered, usage

EVENLY = "platform,shared,,,Platform,even,,{},,2026-01-01,,decided"


def inputs(folder: Path, *rules: str, names: tuple[str, ...] = ("Web", "Shop", "Blog")) -> MonthInputs:
    """October with Platform at 100 core-hours of 0.10 EUR, and 20, 10, 10, ... of the others; all seen."""
    header = ",".join(COLUMNS) + "\n"
    folder.joinpath("allocation.csv").write_text(header + "".join(f"{rule}\n" for rule in rules), encoding="utf-8")
    amounts = ["20", *["10"] * (len(names) - 1)]
    rows: dict[str, list[Row]] = {
        "usage": [usage("100", account="Platform", name="Platform")]
        + [usage(amount, account=name, name=name) for name, amount in zip(names, amounts, strict=True)],
        "coverage": [covered("24", on=date(2026, 10, day)) for day in range(1, 32)],
    }
    return month_inputs(folder, rows, projects="")


def built(folder: Path, *rules: str, **more: tuple[str, ...]) -> Allocation:
    return build_report(inputs(folder, *rules, **more)).allocation


def test_the_parts_of_a_rule_add_up_as_shown(tmp_path: Path) -> None:
    """10 EUR for three: 3.34, 3.33 and 3.33, and nothing is left."""
    [rule] = built(tmp_path, *(EVENLY.format(name) for name in ("Web", "Shop", "Blog"))).rules

    assert (rule.source_cost.shown, rule.spread_cost.shown, rule.unallocated.shown) == (10, 10, 0)
    assert [(one.project, one.effective_cost.shown) for one in rule.shares] == [
        ("Web", Decimal("3.34")),
        ("Blog", Decimal("3.33")),
        ("Shop", Decimal("3.33")),
    ]


def test_a_weight_has_its_unit_and_its_share_of_all(tmp_path: Path) -> None:
    [rule] = built(tmp_path, "platform,shared,,,Platform,cost,,*,,2026-01-01,,decided").rules

    assert rule.weight_unit == "EUR"
    assert [(one.project, one.weight.shown, one.weight_pct, one.effective_cost.shown) for one in rule.shares] == [
        ("Web", 2, 50, 5),
        ("Blog", 1, 25, Decimal("2.50")),
        ("Shop", 1, 25, Decimal("2.50")),
    ]


def test_a_project_s_parts_add_up_to_its_cost_in_the_report(tmp_path: Path) -> None:
    report = build_report(inputs(tmp_path, *(EVENLY.format(name) for name in ("Web", "Shop", "Blog"))))

    costs = {row.project: row.effective_cost for row in report.projects}
    for row in report.allocation.projects:
        parts = (row.direct_cost, row.shared_cost, row.idle_cost, row.passed_on_cost)
        assert row.effective_cost == costs[row.project]
        assert sum(part.exact or 0 for part in parts) == row.effective_cost.exact
        assert sum(part.shown or 0 for part in parts) == row.effective_cost.shown


def test_the_statement_shows_the_share(tmp_path: Path) -> None:
    found = inputs(tmp_path, EVENLY.format("Web"), EVENLY.format("Shop"))
    statements = {one.project: one for one in build_statements(found, build_report(found))}

    web, platform = statements["Web"], statements["Platform"]
    assert [(line.meter, line.basis, line.effective_cost.shown) for line in web.lines] == [
        ("core_hours", "metered", 2),
        ("share of platform", "allocated", 5),
    ]
    assert [(one.direct_cost.shown, one.shared_cost.shown) for one in web.allocated] == [(2, 5)]
    assert [line.meter for line in platform.lines] == ["core_hours", "spread by platform"]
    told = replace(found, language=language_of("de"))
    meters = {one.project: one.lines[-1].meter for one in build_statements(told, build_report(told))}
    assert (meters["Web"], meters["Platform"]) == ("Anteil an platform", "umgelegt durch platform")
    assert [total.effective_cost.shown for total in platform.totals] == [0]


def test_what_no_project_gets_is_unallocated(tmp_path: Path) -> None:
    report = build_report(inputs(tmp_path, "platform,idle,,,Platform,percent,,Web,40,2026-01-01,,decided"))

    [rule], [line] = report.allocation.rules, report.tie_out
    assert (rule.spread_cost.shown, rule.unallocated.shown, rule.weight_unit) == (4, 6, "%")
    assert (line.source_total, line.allocated, line.shared, line.idle, line.unallocated) == (14, 4, 0, 4, 6)
    assert line.holds


def test_many_shares_are_summed_up(tmp_path: Path) -> None:
    names = tuple(f"P{number:02d}" for number in range(30))
    [rule] = built(tmp_path, "platform,shared,,,Platform,cost,,*,,2026-01-01,,decided", names=names).rules

    assert len(rule.shares) == MOST_SHARES + 1
    assert (rule.shares[-1].project, rule.shares[-1].merged) == ("", 30 - MOST_SHARES)
    assert sum(one.effective_cost.shown or 0 for one in rule.shares) == 10


def test_no_total_changes(tmp_path: Path) -> None:
    tmp_path.joinpath("b").mkdir()
    without = build_report(inputs(tmp_path))
    spread = build_report(inputs(tmp_path / "b", "platform,shared,,,Platform,cost,,*,,2026-01-01,,decided"))

    assert spread.totals == without.totals
    assert spread.providers == without.providers
    assert spread.daily == without.daily
    assert spread.pricing == without.pricing
    assert spread.outlook == without.outlook


def test_without_rules_there_is_no_allocation() -> None:
    report = build_report(usual_month())

    assert report.allocation == build_allocation(usual_month().tables, []) == Allocation((), ())
