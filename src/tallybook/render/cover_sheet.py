"""The first sheet of the workbook: what the report is about, how far to trust it, and its totals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tallybook.documents.model import Conversion, ConvertedTotal, CurrencyTotal, MonthlyReport
from tallybook.documents.values import Bound, Figure
from tallybook.language import ENGLISH, Language, message
from tallybook.render.filters import iso_instant
from tallybook.render.labels import label

Cell = str | Decimal | int | None

_BOUNDS = {
    Bound.EXACT: message("exact"),
    Bound.AT_LEAST: message("at least"),
    Bound.AT_MOST: message("at most"),
    Bound.OPEN: message("not certain"),
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of the sheet; `kind` is heading, columns or values."""

    cells: tuple[Cell, ...]
    kind: str = "values"


def cover_rows(report: MonthlyReport, *, language: Language = ENGLISH) -> tuple[SheetRow, ...]:
    """Entity, period, status, reasons, open exceptions and the totals, with the amounts as the pages show them."""
    header, say = report.header, language.say
    facts = (
        (say("Entity"), header.entity),
        (say("Period"), header.period_label),
        (say("From"), iso_instant(header.period_start)),
        (say("Up to, not including"), iso_instant(header.period_end)),
        (say("Status"), label(header.status.value, language=language)),
        (say("Revision"), header.revision),
        (say("Generated at"), iso_instant(header.generated_at)),
        (say("Made with"), f"Tallybook {header.version}"),
    )
    return (
        SheetRow((header.title,), "heading"),
        *(SheetRow(pair) for pair in facts),
        *_part(say("Reasons"), ((reason,) for reason in header.reasons), without=say("None.")),
        *_part(
            say("Open exceptions"),
            ((label(one.kind.value, language=language), one.text) for one in report.exceptions),
            without=say("None: all was seen, priced, mapped and adds up."),
        ),
        *_part(
            say("Totals"),
            (_total(total, language) for total in report.totals),
            columns=tuple(map(say, _COLUMNS)),
            without=say("No cost is known."),
        ),
        *(_conversion(report.conversion, language) if report.conversion else ()),
        *_part(say("In short"), ((sentence,) for sentence in report.summary), without=""),
    )


_COLUMNS = (
    message("Currency"),
    message("Cost"),
    message("The cost is"),
    message("Month before"),
    message("That is"),
    message("Change"),
    message("Change, %%"),
    message("The change is"),
    message("Budget"),
    message("Against budget"),
    message("That is so"),
    message("Month seen, %%"),
    message("Meters without a price"),
)
_CONVERTED = (
    message("Billed in"),
    message("Rate"),
    message("Rate of"),
    message("Rate before"),
    message("Cost"),
    message("The cost is"),
    message("Month before"),
    message("That is"),
    message("Change"),
    message("The change is"),
    message("Of it the rate"),
)


def _total(total: CurrencyTotal, language: Language) -> tuple[Cell, ...]:
    return (
        total.billing_currency,
        total.effective_cost.shown,
        _certainty(total.effective_cost, language, is_lower_bound=total.is_lower_bound),
        total.previous_effective_cost.shown,
        _certainty(total.previous_effective_cost, language, is_lower_bound=total.previous_is_lower_bound),
        total.change.shown,
        total.change_pct,
        _certainty_of_change(total, language),
        total.budget.shown,
        *_against_budget(total, language),
        total.coverage_pct,
        total.unpriced_meters,
    )


def _conversion(month: Conversion, language: Language) -> tuple[SheetRow, ...]:
    totals = [
        (row.billing_currency, row.rate, row.rate_source, row.previous_rate, *_converted(row, language))
        for row in month.totals
    ]
    rows: list[tuple[Cell, ...]] = [*totals, (language.say("Together"), None, None, None, *_converted(month, language))]
    return _part(
        language.say("In %(currency)s", currency=month.reporting_currency),
        rows,
        columns=tuple(map(language.say, _CONVERTED)),
        without="",
    )


def _converted(row: Conversion | ConvertedTotal, language: Language) -> tuple[Cell, ...]:
    return (
        row.effective_cost.shown,
        _certainty(row.effective_cost, language, is_lower_bound=row.is_lower_bound),
        row.previous_effective_cost.shown,
        _certainty(row.previous_effective_cost, language, is_lower_bound=row.previous_is_lower_bound),
        row.change.shown,
        _certainty_of_change(row, language),
        row.exchange_effect.shown,
    )


def _certainty_of_change(row: CurrencyTotal | Conversion | ConvertedTotal, language: Language) -> str:
    return language.say("not known" if row.change.shown is None else _BOUNDS[row.change_bound])


def _against_budget(total: CurrencyTotal, language: Language) -> tuple[Decimal | None, str]:
    """What is over or under the budget, and how certain it is; nothing without a budget."""
    if total.budget.shown is None:
        return None, ""
    over = total.budget_variance
    return over.shown, _certainty(over, language, is_lower_bound=total.is_lower_bound)


def _certainty(figure: Figure, language: Language, *, is_lower_bound: bool) -> str:
    if figure.shown is None:
        return language.say("not known")
    return language.say(_BOUNDS[Bound.AT_LEAST if is_lower_bound else Bound.EXACT])


def _part(
    title: str, rows: Iterable[tuple[Cell, ...]], *, without: str, columns: tuple[str, ...] = ()
) -> tuple[SheetRow, ...]:
    listed = tuple(SheetRow(cells) for cells in rows)
    named = (SheetRow(columns, "columns"),) if columns and listed else ()
    return (SheetRow(()), SheetRow((title,), "heading"), *named, *(listed or (SheetRow((without,)),)))
