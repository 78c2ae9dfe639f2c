"""Project statements: the report's figures of one project, line by line."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.documents.monthly import build_report
from tallybook.documents.pages import ProjectStatement
from tallybook.documents.statement import build_statements
from tallybook.language import language_of
from tallybook.pricing.adjustments import COLUMNS
from tests.documents.tiny_month import facts, month_inputs
from tests.pricing.tiny_facts import Row, usage


def statements(folder: Path, rows: dict[str, list[Row]] | None = None) -> dict[str, ProjectStatement]:
    inputs = month_inputs(folder, rows)
    return {one.project: one for one in build_statements(inputs, build_report(inputs))}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProjectStatement]:
    return statements(tmp_path_factory.mktemp("books"))


def test_every_project_has_a_statement_for_its_owner(found: dict[str, ProjectStatement]) -> None:
    assert {name: (one.slug, one.cost_center, one.owner) for name, one in found.items()} == {
        "Shop": ("shop", "4002", "Tom"),
        "Web": ("web", "4001", "Jana"),
    }
    assert found["Web"].header.title == "Project statement"


def test_lines_say_what_a_meter_cost(found: dict[str, ProjectStatement]) -> None:
    cores, gpus = found["Web"].lines

    # two prices in the month: no single one
    assert (cores.meter, cores.quantity.exact, cores.unit_price, cores.effective_cost.shown) == (
        "core_hours", Decimal(744), None, Decimal("115.20"),
    )  # fmt: skip
    assert (cores.basis, cores.coverage_pct, cores.provider_label) == ("metered", Decimal("100.0"), "Alpha Cloud")
    assert (gpus.meter, gpus.billing_currency, gpus.effective_cost.exact) == ("gpu_hours", "", None)


def test_a_provider_s_costs_are_one_line_with_their_workloads_below(found: dict[str, ProjectStatement]) -> None:
    shop = found["Shop"]
    [line] = shop.lines

    assert (line.meter, line.unit, line.quantity.exact, line.basis) == ("workloads", "", None, "provider")
    assert line.effective_cost.shown == Decimal("12.50")
    assert [row.effective_cost.shown for row in shop.workloads] == [Decimal("10.00"), Decimal("2.50")]


def test_a_statement_has_its_own_total_budget_and_quotas(found: dict[str, ProjectStatement]) -> None:
    [total] = found["Web"].totals

    assert (total.effective_cost.shown, total.budget.shown, total.budget_variance.shown, total.unpriced_meters) == (
        Decimal("115.20"), Decimal("70.00"), Decimal("45.20"), 1,
    )  # fmt: skip
    assert [row.resource for row in found["Web"].quotas] == ["compute.cores", "compute.instances"]
    assert found["Shop"].quotas == ()


def test_statements_add_up_to_what_the_report_shows(tmp_path: Path) -> None:
    rows = facts()
    # each project uses 2 * 1.665 core-hours at 0.10: 0.333 EUR in lines of 0.1665
    rows["usage"] = [
        usage("1.665", account=f"q{n}", name=f"Project {n}", region=region) for n in range(3) for region in ("a", "b")
    ]
    inputs = month_inputs(tmp_path, rows)
    report = build_report(inputs)
    shown = {row.project: row.effective_cost.shown for row in report.projects if row.project.startswith("Project")}

    assert shown == {"Project 0": Decimal("0.34"), "Project 1": Decimal("0.33"), "Project 2": Decimal("0.33")}
    for statement in build_statements(inputs, report):
        if statement.project in shown:
            [total] = statement.totals
            assert total.effective_cost.shown == shown[statement.project]
            assert sum(line.effective_cost.shown or 0 for line in statement.lines) == shown[statement.project]


def test_a_line_of_nothing_used_at_no_cost_is_left_out(tmp_path: Path) -> None:
    rows = facts()
    rows["usage"] += [usage("0", region="empty"), usage("0", account="p9", name="Idle")]
    found = statements(tmp_path, rows)

    assert [line.region for line in found["Web"].lines] == ["", ""]
    assert [line.quantity.exact for line in found["Idle"].lines] == [0]  # there is nothing else to show


def test_adjustments_stand_behind_the_meters_of_their_connection(tmp_path: Path) -> None:
    rows = "Web,,discount,10,,,2026-01-01,,frame contract\nWeb,,credit,,3.68,EUR,2026-10-01,2026-11-01,goodwill\n"
    tmp_path.joinpath("adjustments.csv").write_text(",".join(COLUMNS) + "\n" + rows, encoding="utf-8")
    web = statements(tmp_path)["Web"]

    # 115.20 less 10 % and 3.68 are 100.00
    assert [(line.meter, line.basis, line.effective_cost.shown) for line in web.lines] == [
        ("core_hours", "metered", Decimal("115.20")),
        ("gpu_hours", "metered", None),
        ("10 % discount", "adjusted", Decimal("-11.52")),
        ("credit", "adjusted", Decimal("-3.68")),
    ]
    assert [total.effective_cost.shown for total in web.totals] == [Decimal("100.00")]


def test_adjustments_are_told_in_the_language_of_the_pages(tmp_path: Path) -> None:
    row = "Web,,discount,12.5,,,2026-01-01,,frame contract\n"
    tmp_path.joinpath("adjustments.csv").write_text(",".join(COLUMNS) + "\n" + row, encoding="utf-8")
    inputs = replace(month_inputs(tmp_path), language=language_of("de"))
    report = build_report(inputs)
    [web] = [one for one in build_statements(inputs, report) if one.project == "Web"]

    assert web.lines[-1].meter == "12,5 % Rabatt"
    assert [row.adjustment for row in report.adjustments] == ["12,5 % Rabatt"]
