"""What rules spread, shown so that parts add up: a rule's to what it took, a project's to its cost in the report."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from tallybook.documents.allocated import AllocatedProject, Allocation, AllocationRuleRow, AllocationShare
from tallybook.documents.figures import UNKNOWN, add, figure, fit, money, quantity, rounded_pct, total_of
from tallybook.documents.model import ProjectTotal
from tallybook.documents.values import Figure
from tallybook.money import minor_digits, quantise, rounded_to_total
from tallybook.pricing.meters import meter_or_plain
from tallybook.summaries.month import MonthTables

MOST_SHARES = 20
_PARTS = ("direct_cost", "shared_cost", "idle_cost", "passed_on_cost")
Row = dict[str, Any]


def build_allocation(tables: MonthTables, sums: Sequence[ProjectTotal]) -> Allocation:
    """The rules of a month and the projects they touched; `sums` has one sum per project and currency."""
    keys = ("rule", "first_date", "billing_currency")
    rows = tables.allocation.sort(*keys, maintain_order=True).to_dicts()
    groups = groupby(rows, key=lambda row: tuple(row[name] for name in keys))
    shown = {(one.project, one.billing_currency): one.effective_cost for one in sums}
    return Allocation(
        rules=tuple(_rule([*group]) for _, group in groups),
        projects=tuple(
            _project(row, shown.get((row["project"], row["billing_currency"]), UNKNOWN))
            for row in tables.shares.to_dicts()
        ),
    )


def _rule(rows: Sequence[Row]) -> AllocationRuleRow:
    """One rule in one currency, over its connections."""
    sources = [row for row in rows if row["role"] == "source"]
    targets = _targets([row for row in rows if row["role"] == "target"])
    first, currency, digits = sources[0], rows[0]["billing_currency"], minor_digits(rows[0]["billing_currency"])
    rest = add(row["unallocated_cost"] for row in sources) or Decimal(0)
    exact = [*(row["effective_cost"] for row in targets), rest]
    figures = [figure(*pair) for pair in zip(exact, rounded_to_total(exact, digits), strict=True)]
    unit = _weight_unit(first)
    shares = [
        AllocationShare(row["project"], _weight(row["weight"], unit), rounded_pct(row["weight_pct"]), cost, merged=1)
        for row, cost in zip(targets, figures[:-1], strict=True)
    ]
    return AllocationRuleRow(
        rule=first["rule"],
        kind=first["kind"],
        method=first["method"],
        meter=first["meter"],
        weight_unit=unit,
        is_even_instead=any(row["is_even_instead"] for row in rows),
        billing_currency=currency,
        first_date=first["first_date"],
        end_date=first["end_date"],
        sources=tuple(dict.fromkeys(row["project"] for row in sources)),
        source_cost=total_of(figures),
        spread_cost=total_of(figures[:-1]) if targets else money(Decimal(0), currency),
        unallocated=figures[-1],
        shares=_merged(shares),
        price_source=first["price_source"],
    )


def _targets(rows: Sequence[Row]) -> list[Row]:
    """A row per project, the largest first; a project weighs the same at every connection."""
    sums: dict[str, Row] = {}
    for row in rows:
        so_far = sums.get(row["project"])
        cost = add([row["effective_cost"], *([so_far["effective_cost"]] if so_far else [])])
        sums[row["project"]] = row | {"effective_cost": cost}
    return sorted(sums.values(), key=lambda row: (-row["effective_cost"], row["project"]))


def _merged(shares: Sequence[AllocationShare]) -> tuple[AllocationShare, ...]:
    if len(shares) <= MOST_SHARES + 1:
        return tuple(shares)
    rest = shares[MOST_SHARES:]
    percent = add(one.weight_pct for one in rest)
    cost = total_of(one.effective_cost for one in rest)
    return (*shares[:MOST_SHARES], AllocationShare("", UNKNOWN, percent, cost, merged=len(rest)))


def _weight_unit(row: Row) -> str:
    units: dict[str, str] = {
        "cost": row["billing_currency"],
        "usage": meter_or_plain(row["meter"]).unit,
        "percent": "%",
    }
    return units.get(row["method"], "")


def _weight(value: Decimal, unit: str) -> Figure:
    if len(unit) == 3 and unit.isupper():
        return money(value, unit)
    return figure(value, quantise(value, 1)) if unit in ("", "%") else quantity(value, unit)


def _project(row: Row, total: Figure) -> AllocatedProject:
    """A project's parts, rounded to the cost that the report shows."""
    digits, exact = minor_digits(row["billing_currency"]), [row[name] for name in _PARTS]
    shown = total.shown if total.shown is not None else quantise(row["effective_cost"], digits)
    direct, shared, idle, passed_on = map(figure, exact, fit(exact, total=shown, digits=digits))
    return AllocatedProject(
        project=row["project"],
        billing_currency=row["billing_currency"],
        direct_cost=direct,
        shared_cost=shared,
        idle_cost=idle,
        passed_on_cost=passed_on,
        effective_cost=figure(row["effective_cost"], shown),
        is_lower_bound=row["is_lower_bound"],
    )
