"""The first sheet of the workbook: what the report is about, how far to trust it, and its totals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tallybook.documents.model import Conversion, ConvertedTotal, CurrencyTotal, MonthlyReport
from tallybook.documents.values import Bound, Figure
from tallybook.render.filters import iso_instant

Cell = str | Decimal | int | None

_BOUNDS = {Bound.EXACT: "exact", Bound.AT_LEAST: "at least", Bound.AT_MOST: "at most", Bound.OPEN: "not certain"}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of the sheet; `kind` is heading, columns or values."""

    cells: tuple[Cell, ...]
    kind: str = "values"


def cover_rows(report: MonthlyReport) -> tuple[SheetRow, ...]:
    """Entity, period, status, reasons, open exceptions and the totals, with the amounts as the pages show them."""
    header = report.header
    facts = (
        ("Entity", header.entity),
        ("Period", header.period_label),
        ("From", iso_instant(header.period_start)),
        ("Up to, not including", iso_instant(header.period_end)),
        ("Status", header.status.value),
        ("Revision", header.revision),
        ("Generated at", iso_instant(header.generated_at)),
        ("Made with", f"Tallybook {header.version}"),
    )
    return (
        SheetRow((header.title,), "heading"),
        *(SheetRow(pair) for pair in facts),
        *_part("Reasons", ((reason,) for reason in header.reasons), without="None."),
        *_part(
            "Open exceptions",
            ((one.kind.value.replace("_", " "), one.text) for one in report.exceptions),
            without="None: all was seen, priced, mapped and adds up.",
        ),
        *_part("Totals", map(_total, report.totals), columns=_COLUMNS, without="No cost is known."),
        *(_conversion(report.conversion) if report.conversion else ()),
        *_part("In short", ((sentence,) for sentence in report.summary), without=""),
    )


_COLUMNS = (
    *("Currency", "Cost", "The cost is", "Month before", "That is", "Change", "Change, %", "The change is"),
    *("Budget", "Against budget", "That is so", "Month seen, %", "Meters without a price"),
)


def _total(total: CurrencyTotal) -> tuple[Cell, ...]:
    return (
        total.billing_currency,
        total.effective_cost.shown,
        _certainty(total.effective_cost, is_lower_bound=total.is_lower_bound),
        total.previous_effective_cost.shown,
        _certainty(total.previous_effective_cost, is_lower_bound=total.previous_is_lower_bound),
        total.change.shown,
        total.change_pct,
        "not known" if total.change.shown is None else _BOUNDS[total.change_bound],
        total.budget.shown,
        *_against_budget(total),
        total.coverage_pct,
        total.unpriced_meters,
    )


def _conversion(month: Conversion) -> tuple[SheetRow, ...]:
    columns = (
        "Billed in",
        "Rate",
        "Rate of",
        "Rate before",
        "Cost",
        "The cost is",
        "Month before",
        "Change",
        "Of it the rate",
    )
    totals = [
        (row.billing_currency, row.rate, row.rate_source, row.previous_rate, *_converted(row)) for row in month.totals
    ]
    rows: list[tuple[Cell, ...]] = [*totals, ("Together", None, None, None, *_converted(month))]
    return _part(f"In {month.reporting_currency}", rows, columns=columns, without="")


def _converted(row: Conversion | ConvertedTotal) -> tuple[Cell, ...]:
    return (
        row.effective_cost.shown,
        _certainty(row.effective_cost, is_lower_bound=row.is_lower_bound),
        row.previous_effective_cost.shown,
        row.change.shown,
        row.exchange_effect.shown,
    )


def _against_budget(total: CurrencyTotal) -> tuple[Decimal | None, str]:
    """What is over or under the budget, and how certain it is. A lower bound does not say that a budget is kept."""
    over = total.budget_variance
    if over.shown is None or (total.is_lower_bound and over.shown <= 0):
        return None, "not known" if total.budget.shown is not None else ""
    return over.shown, _certainty(over, is_lower_bound=total.is_lower_bound)


def _certainty(figure: Figure, *, is_lower_bound: bool) -> str:
    if figure.shown is None:
        return "not known"
    return "at least" if is_lower_bound else "exact"


def _part(
    title: str, rows: Iterable[tuple[Cell, ...]], *, without: str, columns: tuple[str, ...] = ()
) -> tuple[SheetRow, ...]:
    listed = tuple(SheetRow(cells) for cells in rows)
    named = (SheetRow(columns, "columns"),) if columns and listed else ()
    return (SheetRow(()), SheetRow((title,), "heading"), *named, *(listed or (SheetRow((without,)),)))
