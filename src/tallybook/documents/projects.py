"""Rows of projects, those of one project together with their sum."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.costs import basis_of, cost_columns, dearest_first
from tallybook.documents.figures import (
    UNKNOWN,
    add,
    bounds,
    column_figures,
    coverage_shown,
    difference,
    percent_of,
    total_of,
)
from tallybook.documents.inputs import MonthInputs, has_unseen
from tallybook.documents.model import ProjectRow, ProjectTotal

TOP_PROJECTS = 30


def project_rows(inputs: MonthInputs, slugs: Mapping[str, str]) -> tuple[ProjectRow, ...]:
    """All projects, the dearest first, the rows of each together."""
    rows = _grouped(inputs.tables.projects.to_dicts())
    columns = cost_columns(rows)
    listed = column_figures(rows, "list_cost")
    answerable = answerable_for(inputs.tables.accounts)
    unmapped = set(inputs.tables.accounts.filter(~pl.col("is_mapped")).select("project", "connection").rows())
    basis = basis_of(inputs.tables.lines, "project", "connection")
    return tuple(
        ProjectRow(
            project=row["project"],
            slug=slugs[row["project"]],
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            billing_currency=row["billing_currency"] or "",
            list_cost=list_cost,
            **cells,
            coverage_pct=coverage_shown(row["coverage_pct"]),
            cost_center=answerable.get(row["project"], ("", ""))[0],
            owner=answerable.get(row["project"], ("", ""))[1],
            is_mapped=(row["project"], row["connection"]) not in unmapped,
            basis=basis.get((row["project"], row["connection"]), ()),
        )
        for row, list_cost, cells in zip(rows, listed, columns, strict=True)
    )


def project_sums(inputs: MonthInputs, rows: Sequence[ProjectRow]) -> tuple[ProjectTotal, ...]:
    """Each project's costs in each currency, over its connections, in the order of the rows.

    A connection that was never seen could have cost any project something: then all sums are lower bounds.
    """
    groups: dict[tuple[str, str], list[ProjectRow]] = {}
    for row in rows:
        if row.billing_currency:
            groups.setdefault((row.billing_currency, row.project), []).append(row)
    return tuple(
        _sum(project, currency, group, is_unseen=has_unseen(inputs, currency))
        for (currency, project), group in groups.items()
    )


def several_rows(totals: Sequence[ProjectTotal], rows: Sequence[ProjectRow]) -> tuple[ProjectTotal, ...]:
    """The sums of projects that have more than one row: of the others the row says it all."""
    count = Counter((row.project, row.billing_currency) for row in rows)
    return tuple(total for total in totals if count[total.project, total.billing_currency] > 1)


def other_projects(inputs: MonthInputs, rows: Sequence[ProjectRow]) -> tuple[ProjectTotal, ...]:
    """What all projects behind the `TOP_PROJECTS` dearest of a currency cost together; nothing with fewer.

    For paper, which has no room for all of them. One project alone is not summed up: it is shown.
    """
    places: dict[str, dict[str, int]] = {}
    for row in rows:
        known = places.setdefault(row.billing_currency, {})
        known.setdefault(row.project, len(known))
    found = []
    for currency, known in places.items():
        if currency and len(known) > TOP_PROJECTS + 1:
            behind = [row for row in rows if row.billing_currency == currency and known[row.project] >= TOP_PROJECTS]
            found.append(_sum("", currency, behind, is_unseen=has_unseen(inputs, currency)))
    return tuple(found)


def _sum(project: str, currency: str, rows: Sequence[ProjectRow], *, is_unseen: bool) -> ProjectTotal:
    cost = total_of(row.effective_cost for row in rows)
    before = total_of(row.previous_effective_cost for row in rows)
    is_comparable = all(row.change.exact is not None for row in rows)
    change = difference(cost, before) if is_comparable else UNKNOWN
    certainty = {
        "is_lower_bound": is_unseen or any(row.is_lower_bound for row in rows),
        "previous_is_lower_bound": any(row.previous_is_lower_bound for row in rows),
    }
    return ProjectTotal(
        project=project,
        billing_currency=currency,
        effective_cost=cost,
        previous_effective_cost=before,
        change=change,
        change_pct=percent_of(change.exact, before.exact),
        share_pct=add(row.share_pct for row in rows),
        **bounds(certainty),
    )


def _grouped(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by currency, then by the project that costs most in it, then the dearest first."""
    sums: dict[tuple[str | None, str], Decimal] = {}
    for row in rows:
        key = (row["billing_currency"], row["project"])
        sums[key] = sums.get(key, Decimal(0)) + (row["effective_cost"] or Decimal(0))

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        currency, project = row["billing_currency"], row["project"]
        return (currency is None, currency or "", -sums[currency, project], project, dearest_first(row))

    return sorted(rows, key=place)


def answerable_for(accounts: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Cost centre and owner of each project; several of them are listed."""
    people: dict[str, tuple[set[str], set[str]]] = {}
    for project, cost_center, owner in accounts.select("project", "cost_center", "owner").iter_rows():
        centers, owners = people.setdefault(project, (set(), set()))
        centers.add(cost_center)
        owners.add(owner)
    return {
        project: (", ".join(sorted(centers - {""})), ", ".join(sorted(owners - {""})))
        for project, (centers, owners) in people.items()
    }
