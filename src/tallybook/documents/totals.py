"""The totals per currency, the tie-out lines and the providers' own sums."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from tallybook.documents.control import CheckRow, ControlTotal
from tallybook.documents.costs import budget_lines
from tallybook.documents.figures import UNKNOWN, Row, add, bounds, difference, money, percent_of, total_of, trimmed
from tallybook.documents.inputs import MonthInputs, has_unseen, touches
from tallybook.documents.model import CurrencyTotal, TieOut
from tallybook.documents.values import Figure
from tallybook.pricing.examples import is_example_budget


class CostRow(Protocol):
    """What a total is made of: a project's or a connection's row."""

    @property
    def billing_currency(self) -> str: ...

    @property
    def effective_cost(self) -> Figure: ...

    @property
    def previous_effective_cost(self) -> Figure: ...

    @property
    def coverage_pct(self) -> Decimal | None: ...

    @property
    def is_lower_bound(self) -> bool: ...

    @property
    def previous_is_lower_bound(self) -> bool: ...

    @property
    def connection(self) -> str: ...


def currency_totals(
    inputs: MonthInputs, rows: Sequence[CostRow], unpriced: Sequence[Row], *, project: str | None = None
) -> tuple[CurrencyTotal, ...]:
    """A total per currency of the rows, with the coverage of the least seen connection.

    The change is known only when every row of the currency is known in both months: two totals of different
    connections are no comparison. A row without a currency (a silent connection, usage without a price) touches the
    coverage and the unpriced meters of the currencies that are known for its connection, else of all.
    `unpriced` are table rows with connection, billing_currency and unpriced_meters.
    """
    currencies = sorted({row.billing_currency for row in rows} - {""})
    return tuple(_total(inputs, rows, unpriced, currency=currency, project=project) for currency in currencies)


def _total(
    inputs: MonthInputs,
    rows: Sequence[CostRow],
    unpriced: Sequence[Row],
    *,
    currency: str,
    project: str | None,
) -> CurrencyTotal:
    own = [row for row in rows if row.billing_currency == currency]
    silent = [row for row in rows if not row.billing_currency and touches(inputs, row.connection, currency)]
    touching = [*own, *silent]
    meters = sum(
        row["unpriced_meters"]
        for row in unpriced
        if row["billing_currency"] == currency
        or (row["billing_currency"] is None and touches(inputs, row["connection"], currency))
    )
    certainty = {
        "is_lower_bound": meters > 0 or has_unseen(inputs, currency) or any(row.is_lower_bound for row in touching),
        "previous_is_lower_bound": any(row.previous_is_lower_bound for row in touching),
    }
    cost = total_of(row.effective_cost for row in own)
    before = total_of(row.previous_effective_cost for row in own)
    comparable = all(row.effective_cost.exact is not None for row in own) and all(
        row.previous_effective_cost.exact is not None for row in own
    )
    change = difference(cost, before) if comparable else UNKNOWN
    lines = budget_lines(inputs, currency=currency, project=project)
    budget = money(add(line.budget for line in lines), currency)
    return CurrencyTotal(
        billing_currency=currency,
        effective_cost=cost,
        previous_effective_cost=before,
        change=change,
        change_pct=percent_of(change.exact, before.exact),
        budget=budget,
        budget_variance=difference(cost, budget),
        is_budget_example=any(is_example_budget(line) for line in lines),
        unpriced_meters=meters,
        coverage_pct=min((row.coverage_pct for row in touching if row.coverage_pct is not None), default=None),
        **bounds(certainty),
        budget_variance_pct=percent_of(difference(cost, budget).exact, budget.exact),
    )


def tie_outs(inputs: MonthInputs) -> tuple[TieOut, ...]:
    """The tie-out line of each currency."""
    return tuple(
        TieOut(
            billing_currency=row["billing_currency"],
            **{name: trimmed(row[name]) for name in _TIE_OUT_PARTS},
            holds=row["holds"],
        )
        for row in inputs.tables.tie_out.to_dicts()
    )


_TIE_OUT_PARTS = ("source_total", "allocated", "shared", "idle", "unallocated", "difference")


def check_rows(inputs: MonthInputs) -> tuple[CheckRow, ...]:
    """Our own checks, those that found something first."""
    return tuple(
        CheckRow(name, rows) for name, rows in sorted(inputs.checks.items(), key=lambda one: (-one[1], one[0]))
    )


def control_totals(inputs: MonthInputs) -> tuple[ControlTotal, ...]:
    """The providers' own sums beside ours, the ones that differ first."""
    totals = [
        ControlTotal(
            connection=row["connection"],
            control=row["control"],
            unit=row["unit"],
            source_total=trimmed(row["source_total"]),
            our_total=trimmed(row["our_total"]),
            difference=trimmed(row["difference"]),
            holds=row["difference"] == 0,
            is_warning=row.get("is_warning") or False,
        )
        for row in inputs.controls.to_dicts()
    ]
    return tuple(sorted(totals, key=lambda one: (one.holds, one.connection, one.control, one.unit)))
