"""Comparisons of the month's totals, and the bridge from the month before to this one."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from tallybook.documents.causes import tell_causes
from tallybook.documents.changes import Bridge, BridgeStep, BudgetRow, Changes, ComparisonRow, MoverRow
from tallybook.documents.costs import budget_lines
from tallybook.documents.figures import (
    UNKNOWN,
    Row,
    add,
    bounds,
    change_bound,
    difference,
    figure,
    fit,
    money,
    percent_of,
)
from tallybook.documents.inputs import MonthInputs, has_unseen
from tallybook.documents.model import CurrencyTotal, ProjectTotal
from tallybook.documents.values import Figure
from tallybook.documents.words import listing, signed_percent
from tallybook.money import minor_digits
from tallybook.pricing.books import Budget
from tallybook.pricing.examples import is_example_budget
from tallybook.summaries.variance import CAUSES, ITEM_CAUSES


def changes(inputs: MonthInputs, totals: Sequence[CurrencyTotal], projects: Sequence[ProjectTotal]) -> Changes:
    """All comparisons of a month. `projects` has one sum per project and currency."""
    return Changes(
        comparisons=tuple(row for total in totals for row in _comparisons(inputs, total)),
        causes=tell_causes(inputs, totals),
        bridges=_bridges(inputs, totals),
        movers=(*_project_movers(inputs, projects), *_workload_movers(inputs)),
        budgets=_budgets(inputs, projects),
    )


def _comparisons(inputs: MonthInputs, total: CurrencyTotal) -> list[ComparisonRow]:
    """With the month before, the same month last year and the budget, as far as they are known."""
    rows = []
    if total.previous_effective_cost.exact is not None:
        rows.append(
            _comparison(
                total, "previous_month", inputs.month_before, total.previous_effective_cost,
                change=total.change, is_lower_bound=total.previous_is_lower_bound,
            )
        )  # fmt: skip
    rows += _last_year(inputs, total)
    if total.budget.exact is not None:
        label = inputs.language.say("budget of %(month)s", month=inputs.month)
        rows.append(_comparison(total, "budget", label, total.budget))
    return rows


def _last_year(inputs: MonthInputs, total: CurrencyTotal) -> list[ComparisonRow]:
    earlier, currency = inputs.period.shift(-12), total.billing_currency
    is_it = (pl.col("billing_period") == str(earlier)) & (pl.col("billing_currency") == currency)
    return [
        _comparison(
            total, "last_year", inputs.language.month(earlier), money(row["effective_cost"], currency),
            is_lower_bound=not row["is_complete"],
        )
        for row in inputs.tables.trend.filter(is_it).to_dicts()
    ]  # fmt: skip


def _comparison(
    total: CurrencyTotal,
    against: str,
    label: str,
    baseline: Figure,
    *,
    change: Figure | None = None,
    is_lower_bound: bool = False,
) -> ComparisonRow:
    change = difference(total.effective_cost, baseline) if change is None else change
    return ComparisonRow(
        billing_currency=total.billing_currency,
        against=against,
        label=label,
        effective_cost=total.effective_cost,
        baseline=baseline,
        change=change,
        change_pct=percent_of(change.exact, baseline.exact),
        is_lower_bound=total.is_lower_bound,
        baseline_is_lower_bound=is_lower_bound,
        change_bound=change_bound(now=total.is_lower_bound, before=is_lower_bound),
    )


def _bridges(inputs: MonthInputs, totals: Sequence[CurrencyTotal]) -> tuple[Bridge, ...]:
    rows = {row["billing_currency"]: row for row in inputs.tables.bridge.to_dicts()}
    return tuple(
        _bridge(inputs, total, rows[total.billing_currency])
        for total in totals
        if total.billing_currency in rows
        and total.previous_effective_cost.exact is not None
        and total.effective_cost.shown is not None
    )


def _bridge(inputs: MonthInputs, total: CurrencyTotal, row: Row) -> Bridge:
    """A currency's bridge; its steps are rounded so that they lead from what is shown to what is shown."""
    currency, closing = total.billing_currency, total.effective_cost
    opening = money(row["opening_cost"], currency)
    exact = [row[f"{cause}_effect"] for cause in CAUSES]
    assert closing.shown is not None and opening.shown is not None  # noqa: S101, PT018 - both are known, for mypy
    shown = fit(exact, total=closing.shown - opening.shown, digits=minor_digits(currency))
    steps = tuple(BridgeStep(*cells) for cells in zip(CAUSES, map(figure, exact, shown), strict=True))
    return Bridge(
        billing_currency=currency,
        opening_cost=opening,
        steps=steps,
        closing_cost=closing,
        is_lower_bound=total.is_lower_bound,
        previous_is_lower_bound=total.previous_is_lower_bound,
        change_bound=total.change_bound,
        notes=_notes(inputs, total, row),
    )


def _notes(inputs: MonthInputs, total: CurrencyTotal, row: Row) -> tuple[str, ...]:
    """What a reader has to know before reading causes out of a bridge."""
    period, say = inputs.period, inputs.language.say
    days, days_before = period.hours // 24, period.shift(-1).hours // 24
    notes = []
    if inputs.now < period.end:
        over = len(list(period.days(before=inputs.now)))
        notes.append(
            say(
                "%(month)s has not ended: %(over)s of its %(days)s days are over, and less volume says nothing yet.",
                month=inputs.month,
                over=over,
                days=days,
            )
        )
    elif longer := percent_of(Decimal(days - days_before), Decimal(days_before)):
        notes.append(
            say(
                "%(month)s has %(days)s days and %(before)s %(days_before)s: the same use a day is %(longer)s of "
                "volume.",
                month=inputs.month,
                days=days,
                before=inputs.month_before,
                days_before=days_before,
                longer=signed_percent(longer, language=inputs.language),
            )
        )
    marks = ((total.previous_is_lower_bound, inputs.month_before), (total.is_lower_bound, inputs.month))
    if in_part := [label for is_lower_bound, label in marks if is_lower_bound]:
        notes.append(
            say(
                "Seen or priced in part: %(months)s. The causes tell what was seen; volume, new and gone may partly be "
                "what was not.",
                months=listing(in_part, language=inputs.language),
            )
        )
    if row["not_comparable_effect"]:
        notes.append(
            say(
                "Not comparable is what is known in one of the two months only: connections that gave nothing in the "
                "other one, and usage that had no price there."
            )
        )
    return tuple(notes)


def _cause(row: Row) -> str:
    """The cause that moved most in the direction of the change."""
    sign = 1 if row["change"] > 0 else -1
    return max(ITEM_CAUSES[:-1], key=lambda cause: sign * row[f"{cause}_effect"])


def _project_movers(inputs: MonthInputs, projects: Sequence[ProjectTotal]) -> list[MoverRow]:
    """The projects as the report shows them, over their connections."""
    sums = {(row.project, row.billing_currency): row for row in projects}
    pairs = [(row, sums[row["project"], row["billing_currency"]]) for row in inputs.tables.project_movers.to_dicts()]
    return [
        MoverRow(
            kind="project",
            name=total.project,
            place="",
            connection="",
            billing_currency=total.billing_currency,
            previous_effective_cost=total.previous_effective_cost,
            effective_cost=total.effective_cost,
            change=total.change,
            change_pct=total.change_pct,
            cause=_cause(row),
            is_lower_bound=total.is_lower_bound,
            previous_is_lower_bound=total.previous_is_lower_bound,
            change_bound=total.change_bound,
        )
        for row, total in pairs
        if total.change.exact is not None
    ]


def _workload_movers(inputs: MonthInputs) -> list[MoverRow]:
    rows = []
    for row in inputs.tables.workload_movers.to_dicts():
        currency = row["billing_currency"]
        cost, before = (money(row[name], currency) for name in ("effective_cost", "previous_effective_cost"))
        change = difference(cost, before)
        rows.append(
            MoverRow(
                kind="workload",
                name=row["workload"],
                place=f"{row['cluster']}/{row['namespace']}",
                connection=row["connection"],
                billing_currency=currency,
                previous_effective_cost=before,
                effective_cost=cost,
                change=change,
                change_pct=percent_of(change.exact, before.exact),
                cause=_cause(row),
                **bounds(row),
            )
        )
    return rows


def _budgets(inputs: MonthInputs, projects: Sequence[ProjectTotal]) -> tuple[BudgetRow, ...]:
    """Every project with a budget in the month; what is over most comes first, what has no known cost last."""
    groups: dict[tuple[str, str], list[Budget]] = {}
    for line in budget_lines(inputs):
        groups.setdefault((line.project, line.currency), []).append(line)
    sums = {(row.project, row.billing_currency): row for row in projects}
    rows = [_budget(inputs, lines, sums.get(key)) for key, lines in groups.items()]
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                row.billing_currency,
                row.variance.exact is None,
                -(row.variance.exact or Decimal(0)),
                row.project,
            ),
        )
    )


def _budget(inputs: MonthInputs, lines: Sequence[Budget], total: ProjectTotal | None) -> BudgetRow:
    project, currency = lines[0].project, lines[0].currency
    budget = money(add(line.budget for line in lines), currency)
    cost = total.effective_cost if total else UNKNOWN
    return BudgetRow(
        project=project,
        billing_currency=currency,
        effective_cost=cost,
        budget=budget,
        variance=difference(cost, budget),
        used_pct=percent_of(cost.exact, budget.exact),
        is_lower_bound=total.is_lower_bound if total else has_unseen(inputs, currency),
        is_example=any(is_example_budget(line) for line in lines),
    )
