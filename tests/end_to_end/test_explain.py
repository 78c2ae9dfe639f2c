"""Every figure of the report is explained down to raw files that are there, over all five providers."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.documents.explanation import Explanation
from tallybook.money import CONTEXT, quantise
from tallybook.pipeline.explain import explain
from tests.end_to_end.conftest import NOW, OCTOBER, Lived

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]


@pytest.fixture(scope="module")
def reported(lived: Lived) -> list[dict[str, str]]:
    with (lived.published.folder / "tables" / "projects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def explanations(lived: Lived, reported: list[dict[str, str]]) -> list[Explanation]:
    """One of each connection is enough: a project that it has something of."""
    projects = {row["connection"]: row["project"] for row in reported}
    return [explain(lived.house, OCTOBER, project=name, now=NOW) for name in sorted(set(projects.values()))]


def test_the_figures_are_those_of_the_report_and_their_lines_add_up(
    explanations: list[Explanation], reported: list[dict[str, str]]
) -> None:
    for one in explanations:
        published = {
            (row["connection"], row["billing_currency"]): Decimal(row["effective_cost"])
            for row in reported
            if row["project"] == one.project and row["effective_cost"]
        }
        ours = {(figure.connection, figure.billing_currency or ""): figure.effective_cost for figure in one.figures}
        assert {place: cost for place, cost in ours.items() if cost is not None} == published
        assert one.ties_out
        for figure in one.figures:
            place = (figure.connection, figure.billing_currency)
            lines = [line for line in one.lines if (line.connection, line.billing_currency) == place]
            assert sum((line.effective_cost or Decimal(0) for line in lines), Decimal(0)) == (
                figure.effective_cost or 0
            )


def test_a_line_is_its_quantity_times_its_price_to_the_rounding_of_its_days(explanations: list[Explanation]) -> None:
    priced = [line for one in explanations for line in one.lines if line.list_unit_price is not None]

    assert priced
    for line in priced:
        assert line.pricing_quantity is not None
        assert line.list_unit_price is not None
        assert line.list_cost is not None
        product = CONTEXT.multiply(line.pricing_quantity, line.list_unit_price)
        assert abs(quantise(product, 12) - line.list_cost) <= line.charges * Decimal("0.000000000001")


def test_every_line_that_costs_comes_from_raw_files_that_are_there(
    lived: Lived, explanations: list[Explanation]
) -> None:
    costing = {(line.connection, line.sub_account_id) for one in explanations for line in one.lines}
    origins = [origin for one in explanations for origin in one.origins]

    assert {(origin.connection, origin.sub_account_id) for origin in origins} == costing
    assert {connection for connection, _ in costing} == {settings.name for settings, _ in lived.house.connections}
    assert [origin for origin in origins if not (Path(origin.path).is_file() and Path(origin.receipt).is_file())] == []
    assert [origin for origin in origins if not origin.asked or origin.row_count < 1] == []


def test_samples_are_those_that_reach_into_the_month(lived: Lived, explanations: list[Explanation]) -> None:
    """48 hourly samples of the two days; each is a raw file of its own."""
    samples = {
        origin.path
        for one in explanations
        for origin in one.origins
        if origin.staging_table.endswith("openscaler_live")
    }

    assert len(samples) == 48
