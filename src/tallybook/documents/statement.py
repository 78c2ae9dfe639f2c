"""A statement per project: the report's figures of that project, line by line."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.exceptions import project_exceptions
from tallybook.documents.figures import UNKNOWN, coverage_shown, figure, fit, quantity, trimmed
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import SCHEMA_VERSION, MonthlyReport, ProjectRow
from tallybook.documents.monthly import build_header
from tallybook.documents.pages import ProjectStatement, StatementLine
from tallybook.documents.quotas import quota_rows
from tallybook.documents.sight import gap_rows
from tallybook.documents.spot import project_spot
from tallybook.documents.totals import currency_totals
from tallybook.documents.values import Figure
from tallybook.documents.words import adjustment_words, allocation_words
from tallybook.documents.workloads import workload_rows
from tallybook.money import minor_digits

COMPLETE = Decimal(100)
WORKLOADS = "workloads"
"""What the line of a provider's own costs is called: it has no meter."""


def build_statements(inputs: MonthInputs, report: MonthlyReport) -> list[ProjectStatement]:
    """A statement for each project of the report, in the order of the slugs; its totals are those of the report."""
    by_project: dict[str, list[ProjectRow]] = {}
    for row in report.projects:
        by_project.setdefault(row.project, []).append(row)
    statements = [_statement(inputs, report, project, rows) for project, rows in by_project.items()]
    return sorted(statements, key=lambda one: one.slug)


def _statement(
    inputs: MonthInputs, report: MonthlyReport, project: str, rows: Sequence[ProjectRow]
) -> ProjectStatement:
    tables, own = inputs.tables, pl.col("project") == project
    connections = {row.connection for row in rows}
    lines, provider_costs = _lines(inputs, _telling(tables.lines.filter(own)).to_dicts(), rows)
    return ProjectStatement(
        schema_version=SCHEMA_VERSION,
        header=build_header(inputs, title=inputs.language.say("Project statement")),
        project=project,
        slug=rows[0].slug,
        cost_center=rows[0].cost_center,
        owner=rows[0].owner,
        is_mapped=all(row.is_mapped for row in rows),
        exceptions=project_exceptions(inputs, project=project, connections=connections),
        totals=currency_totals(inputs, rows, tables.projects.filter(own).to_dicts(), project=project),
        allocated=tuple(one for one in report.allocation.projects if one.project == project),
        lines=lines,
        workloads=workload_rows(tables.workloads.filter(own), totals=provider_costs),
        spot=project_spot(tables.spot, project),
        quotas=quota_rows(tables.quotas.filter(own)),
        gaps=tuple(gap for gap in gap_rows(inputs) if gap.connection in connections),
    )


def _telling(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines without those of nothing used at no cost; all of them when there are no others."""
    says_nothing = (pl.col("effective_cost") == 0) & (pl.col("pricing_quantity") == 0)
    telling = lines.filter(~says_nothing.fill_null(value=False))
    return lines if telling.is_empty() else telling


def _lines(
    inputs: MonthInputs, lines: Sequence[dict[str, Any]], rows: Sequence[ProjectRow]
) -> tuple[tuple[StatementLine, ...], dict[str, Decimal]]:
    """The lines, and what their provider costs show in total per currency."""
    shown = _shown_costs(lines, rows)
    coverage = {row["connection"]: row["coverage_pct"] for row in inputs.tables.connections.to_dicts()}
    in_part = {connection for connection, seen in coverage.items() if seen is not None and seen < COMPLETE}
    totals: dict[str, Decimal] = {}
    for line, cost in zip(lines, shown, strict=True):
        if line["basis"] == "provider" and cost.shown is not None:
            currency = line["billing_currency"]
            totals[currency] = totals.get(currency, Decimal(0)) + cost.shown
    return tuple(
        StatementLine(
            connection=line["connection"],
            provider_label=inputs.label(line["provider"]),
            sub_account_name=line["sub_account_name"] or line["sub_account_id"],
            region=line["region"],
            meter=_meter(inputs, line),
            unit=line["pricing_unit"],
            quantity=quantity(line["pricing_quantity"], line["pricing_unit"]),
            unit_price=None if line["list_unit_price"] is None else trimmed(line["list_unit_price"]),
            billing_currency=line["billing_currency"] or "",
            effective_cost=cost,
            basis=line["basis"],
            coverage_pct=coverage_shown(coverage.get(line["connection"])),
            is_lower_bound=line["connection"] in in_part,
        )
        for line, cost in zip(lines, shown, strict=True)
    ), totals


def _meter(inputs: MonthInputs, line: dict[str, Any]) -> str:
    return (
        line["meter"]
        or adjustment_words(line["adjustment"], language=inputs.language)
        or allocation_words(line["allocation"], language=inputs.language)
        or WORKLOADS
    )


def _shown_costs(lines: Sequence[dict[str, Any]], rows: Sequence[ProjectRow]) -> list[Figure]:
    """The lines' costs, rounded so that they add up to what the report shows for the project at the connection."""
    figures = [UNKNOWN] * len(lines)
    for row in rows:
        total = row.effective_cost.shown
        places = [
            place
            for place, line in enumerate(lines)
            if line["effective_cost"] is not None
            and (line["connection"], line["billing_currency"]) == (row.connection, row.billing_currency)
        ]
        if total is not None and places:
            exact = [lines[place]["effective_cost"] for place in places]
            rounded = fit(exact, total=total, digits=minor_digits(row.billing_currency))
            for place, value, shown in zip(places, exact, rounded, strict=True):
                figures[place] = figure(value, shown)
    return figures
