"""The delta statement of a month that was closed: every row with its causes, which add up."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.figures import UNKNOWN, add, figure, fit, money, total_of, trimmed
from tallybook.documents.inputs import ClosedRate, MonthInputs, Restated
from tallybook.documents.model import CurrencyTotal, ProjectRow
from tallybook.documents.restated import Cause, CauseAmount, RestatedRate, RestatedRow, RestatedTotal, Restatement
from tallybook.documents.values import Figure
from tallybook.money import CONTEXT, minor_digits
from tallybook.pricing.conversion import Rates
from tallybook.summaries.conversion import converted_cost
from tallybook.summaries.restatement import CAUSES, summarise_restated_totals, summarise_restatement

_NOTHING = Decimal(0)
Row = dict[str, Any]
Key = tuple[str, str, str]  # project, connection, currency; of a total the first two are ""
Shown = Mapping[Key, CurrencyTotal | ProjectRow]


def build_restatement(
    inputs: MonthInputs, projects: Sequence[ProjectRow], totals: Sequence[CurrencyTotal]
) -> Restatement | None:
    """What became of the closed revision; None when there was none.

    What is shown adds up along each row and down to the totals, whose costs are those that both revisions show. The
    cost of now is the one that this report shows; a row's earlier one may be a minor unit beside the earlier report's.
    """
    if inputs.restated is None:
        return None
    shown: dict[Key, CurrencyTotal | ProjectRow] = {("", "", total.billing_currency): total for total in totals}
    shown |= {(row.project, row.connection, row.billing_currency): row for row in projects}
    changed = summarise_restatement(inputs.restated.costs).to_dicts()
    found: list[RestatedTotal] = []
    rows: list[RestatedRow] = []
    for total in summarise_restated_totals(inputs.restated.costs).to_dicts():
        currency = total["billing_currency"]
        before = money(total["previous_effective_cost"], currency)
        after = _after(total, shown, ("", "", currency))
        moved = figure(total["difference"], (after.shown or _NOTHING) - (before.shown or _NOTHING))
        own = _rows(inputs, [row for row in changed if row["billing_currency"] == currency], shown, total=moved)
        certainty = _lower_bounds(inputs.restated, shown, ("", "", currency))
        found.append(RestatedTotal(currency, before, after, moved, *certainty, causes=_sums(own)))
        rows += own
    rates = tuple(restated_rates(inputs, inputs.restated))
    told = tuple(inputs.language.tell(one) for one in inputs.restated.changed_inputs)
    return Restatement(inputs.restated.revision, told, tuple(found), tuple(rows), rates)


def restated_rates(inputs: MonthInputs, restated: Restated) -> Iterator[RestatedRate]:
    """The currencies that are turned into the same reporting currency at another rate than in the closed revision.

    Example: 100 USD at 0.90, now 110 USD at 0.80: 90 EUR became 88, of which 10 x 0.90 = 9 EUR are the cost and
    110 x -0.10 = -11 EUR the rate.
    """
    rates, projects = inputs.rates, inputs.tables.projects
    for then in restated.rates:
        if rates is None or not is_other_rate(then, rates):
            continue
        name = then.billing_currency
        own = projects.filter(pl.col("billing_currency") == name)
        after = money(add(own["reporting_cost"]), rates.currency)
        at_old_rate = [converted_cost(cost, then.rate) for cost in own["effective_cost"].drop_nulls()]
        before, moved = money(then.cost, rates.currency), figure(*_moved(after, money(then.cost, rates.currency)))
        cost = CONTEXT.subtract(add(at_old_rate) or _NOTHING, then.cost or _NOTHING)
        parts = [cost, CONTEXT.subtract(moved.exact or _NOTHING, cost)]
        shown = fit(parts, total=moved.shown or _NOTHING, digits=minor_digits(rates.currency))
        effects = [figure(*pair) for pair in zip(parts, shown, strict=True)]
        yield RestatedRate(
            name, rates.currency, trimmed(then.rate), trimmed(rates.now[name]), before, after, moved, *effects
        )


def is_other_rate(then: ClosedRate, rates: Rates) -> bool:
    """Whether a currency is turned into the same reporting currency at another rate than in the closed revision."""
    is_same_currency = then.reporting_currency == rates.currency
    return is_same_currency and rates.now.get(then.billing_currency, then.rate) != then.rate


def _moved(after: Figure, before: Figure) -> tuple[Decimal, Decimal]:
    """The exact difference and the shown one, of what is not known as of 0."""
    return (
        CONTEXT.subtract(after.exact or _NOTHING, before.exact or _NOTHING),
        CONTEXT.subtract(after.shown or _NOTHING, before.shown or _NOTHING),
    )


def _rows(inputs: MonthInputs, rows: Sequence[Row], shown: Shown, *, total: Figure) -> list[RestatedRow]:
    """The rows of one currency; their shown differences add up to the total's."""
    if not rows:
        return []
    digits = minor_digits(rows[0]["billing_currency"])
    fitted = fit([row["difference"] for row in rows], total=total.shown or _NOTHING, digits=digits)
    return [
        _row(inputs, row, shown, moved=figure(row["difference"], part)) for row, part in zip(rows, fitted, strict=True)
    ]


def _row(inputs: MonthInputs, row: Row, shown: Shown, *, moved: Figure) -> RestatedRow:
    key = (row["project"], row["connection"], row["billing_currency"])
    after, before = _after(row, shown, key), row["previous_effective_cost"]
    was_shown = (after.shown or _NOTHING) - (moved.shown or _NOTHING)
    return RestatedRow(
        *key[:2],
        inputs.label(row["provider"]),
        row["billing_currency"],
        UNKNOWN if before is None else figure(before, was_shown),
        after,
        moved,
        *_lower_bounds(inputs.restated, shown, key),
        causes=_causes(row, moved),
    )


def _after(row: Row, shown: Shown, key: Key) -> Figure:
    """The cost of now, as this report shows it."""
    return shown[key].effective_cost if key in shown else money(row["effective_cost"], row["billing_currency"])


def _lower_bounds(restated: Restated | None, shown: Shown, key: Key) -> tuple[bool, bool]:
    """Whether the earlier cost was a lower bound, and whether the one of now is."""
    return restated is not None and key in restated.lower_bounds, key in shown and shown[key].is_lower_bound


def _causes(row: Row, moved: Figure) -> tuple[CauseAmount, ...]:
    names = [name for name in CAUSES if row[name] != 0]
    digits = minor_digits(row["billing_currency"])
    fitted = fit([row[name] for name in names], total=moved.shown or _NOTHING, digits=digits)
    return tuple(CauseAmount(Cause(name), figure(row[name], part)) for name, part in zip(names, fitted, strict=True))


def _sums(rows: Sequence[RestatedRow]) -> tuple[CauseAmount, ...]:
    """What each cause did in all rows."""
    amounts: dict[Cause, list[Figure]] = {cause: [] for cause in Cause}
    for row in rows:
        for one in row.causes:
            amounts[one.cause].append(one.difference)
    return tuple(CauseAmount(cause, total_of(figures)) for cause, figures in amounts.items() if figures)
