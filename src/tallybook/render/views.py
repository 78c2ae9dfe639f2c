"""What a template shows where: figures of one currency together, marks, exceptions, charts. No sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallybook.documents.changes import BudgetRow
from tallybook.documents.model import (
    CurrencyTotal,
    DailyPoint,
    MonthlyReport,
    PricingRow,
    ProjectRow,
    ProjectTotal,
    ProviderRow,
    TieOut,
    TrendPoint,
    WorkloadRow,
)
from tallybook.documents.outlook import ForecastRow
from tallybook.documents.pages import ProjectStatement, StatementLine
from tallybook.documents.seen import ExceptionKind, GapRow, OpenException, QuotaRow
from tallybook.documents.values import Figure
from tallybook.language import ENGLISH, Language, message
from tallybook.money import minor_digits, quantise, rounded_to_total
from tallybook.render import charts, month_charts
from tallybook.render.drawing import Chart

_COLUMNS = 5  # connections side by side in the table of days
PAPER_ROWS = 40  # of a table; all of them are on the page for screens, in the JSON and in the spreadsheet
_EXCEPTIONS = 6  # of one kind on the first page
_KINDS = {
    ExceptionKind.NEVER_SEEN: (message("Never seen"), "unseen"),
    ExceptionKind.FAILED_CHECK: (message("Does not add up"), "control"),
    ExceptionKind.DATA_GAP: (message("Data gap"), "unseen"),
    ExceptionKind.UNPRICED: (message("No price"), "unseen"),
    ExceptionKind.UNMAPPED: (message("Not mapped"), "projects"),
    ExceptionKind.EXAMPLE: (message("Example"), "prices"),
}


@dataclass(frozen=True, slots=True)
class DayTable:
    """Costs per day, a column per connection; a day without a figure is not known."""

    columns: tuple[tuple[str, str, int], ...]  # name, kind, width in percent: the day, then connections
    rows: tuple[tuple[date, tuple[tuple[Figure, bool], ...]], ...]  # a figure and whether it is a lower bound


@dataclass(frozen=True, slots=True)
class TieLine:
    """A tie-out to read: its shown parts add up to its shown total; the difference stays exact."""

    tie_out: TieOut
    source_total: Figure
    allocated: Figure
    shared: Figure
    idle: Figure
    unallocated: Figure


@dataclass(frozen=True, slots=True)
class ProjectGroup:
    """A project's rows in one currency, their sum when there are several, and its budget."""

    rows: tuple[ProjectRow, ...]
    total: ProjectTotal | None
    budget: BudgetRow | None


@dataclass(frozen=True, slots=True)
class PricingGroup:
    """A pricing category's rows in one currency, and their sum when there are several."""

    rows: tuple[PricingRow, ...]
    total: PricingRow | None


@dataclass(frozen=True, slots=True)
class CurrencyBlock:
    """All rows of one currency, since two currencies share neither a table nor an axis."""

    currency: str
    total: CurrencyTotal
    tie_line: TieLine | None
    providers: tuple[ProviderRow, ...]
    projects: tuple[ProjectGroup, ...]
    other_projects: ProjectTotal | None
    forecast: ForecastRow | None  # the first that is known: of this month when it runs, else of the next
    workloads: tuple[WorkloadRow, ...]
    pricing: tuple[PricingGroup, ...]
    trend: tuple[TrendPoint, ...]
    days: tuple[DayTable, ...]
    project_chart: Chart | None
    daily_chart: Chart | None
    trend_chart: Chart | None


@dataclass(frozen=True, slots=True)
class ExceptionBlock:
    """Open exceptions of one kind; `anchor` leads to the detail, `more` is how many are left out here."""

    kind: str
    label: str
    anchor: str
    texts: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth a look that makes no figure doubtful; `anchor` leads to the detail."""

    count: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class StatementBlock:
    """A statement's lines and workloads in one currency. The currency "" holds what has no price."""

    currency: str
    lines: tuple[StatementLine, ...]
    workloads: tuple[WorkloadRow, ...]


def currency_blocks(report: MonthlyReport, language: Language = ENGLISH) -> tuple[CurrencyBlock, ...]:
    """A block per currency, in the order of the report's totals."""
    return tuple(_block(report, total, language) for total in report.totals)


def has_lower_bounds(report: MonthlyReport | ProjectStatement) -> bool:
    """Whether any figure of a document carries a mark, so that the marks need their explanation."""
    rows: list[CurrencyTotal | ProjectRow | ProviderRow | StatementLine] = [*report.totals]
    if isinstance(report, MonthlyReport):
        rows += [*report.providers, *report.projects]
    else:
        rows += report.lines
    return any(row.is_lower_bound or getattr(row, "previous_is_lower_bound", False) for row in rows)


def exception_blocks(exceptions: Sequence[OpenException], language: Language = ENGLISH) -> tuple[ExceptionBlock, ...]:
    """The exceptions by their kind, in the order of the document, the first few of each."""
    groups: dict[ExceptionKind, list[str]] = {}
    for one in exceptions:
        groups.setdefault(one.kind, []).append(one.text)
    return tuple(
        ExceptionBlock(
            kind.value,
            language.say(_KINDS[kind][0]),
            _KINDS[kind][1],
            tuple(texts[:_EXCEPTIONS]),
            max(0, len(texts) - _EXCEPTIONS),
        )
        for kind, texts in groups.items()
    )


def remarks(report: MonthlyReport, language: Language = ENGLISH) -> tuple[Remark, ...]:
    """What is worth a look, the gravest first; nothing when all is well."""
    many, full, near = language.many, _count(report.quotas, "full"), _count(report.quotas, "near")
    odd = len(report.notices)
    found = (
        Remark(full, many("quota is full", "quotas are full", full), "quotas"),
        Remark(near, many("quota is near its limit", "quotas are near their limit", near), "quotas"),
        Remark(odd, many("answer or book was odd", "answers or books were odd", odd), "unseen"),
    )
    return tuple(item for item in found if item.count)


def unknown_projects(report: MonthlyReport) -> tuple[ProjectRow, ...]:
    """Projects that used something and have no known cost in any currency."""
    return tuple(row for row in report.projects if not row.billing_currency)


def unknown_providers(report: MonthlyReport) -> tuple[ProviderRow, ...]:
    """Connections without a cost in any currency: silent, unpriced, or unused."""
    return tuple(row for row in report.providers if not row.billing_currency)


def tie_line(row: TieOut) -> TieLine:
    """The tie-out rounded to the currency's minor unit, parts by largest remainder."""
    digits = minor_digits(row.billing_currency)
    exact = (row.allocated, row.shared, row.idle, row.unallocated)
    shown = rounded_to_total(exact, digits)
    parts = [Figure(a, b) for a, b in zip(exact, shown, strict=True)]
    return TieLine(row, Figure(row.source_total, quantise(row.source_total, digits)), *parts)


def statement_blocks(statement: ProjectStatement) -> tuple[StatementBlock, ...]:
    """A block per currency of the totals, and one for lines without a price."""
    known = [total.billing_currency for total in statement.totals]
    others = [line.billing_currency for line in statement.lines]
    others += [row.billing_currency for row in statement.workloads]
    currencies = list(dict.fromkeys([*known, *sorted(set(others) - {""}), ""]))
    blocks = (
        StatementBlock(
            currency,
            tuple(line for line in statement.lines if line.billing_currency == currency),
            tuple(row for row in statement.workloads if row.billing_currency == currency),
        )
        for currency in currencies
    )
    return tuple(block for block in blocks if block.lines or block.workloads)


def day_tables(points: Sequence[DailyPoint], language: Language = ENGLISH) -> tuple[DayTable, ...]:
    """Days by connections, a few connections a table so that each fits a page."""
    names = sorted({point.connection for point in points})
    days = sorted({point.date for point in points})
    figures = {(point.date, point.connection): (point.effective_cost, point.is_lower_bound) for point in points}
    missing = (Figure(None, None), False)
    groups = [tuple(names[at : at + _COLUMNS]) for at in range(0, len(names), _COLUMNS)]
    return tuple(
        DayTable(
            _day_columns(group, language),
            tuple((day, tuple(figures.get((day, name), missing) for name in group)) for day in days),
        )
        for group in groups
    )


def kept(rows: Sequence[object], *, for_print: bool) -> Sequence[object]:
    """The rows that a page shows: all of them on a screen, the first `PAPER_ROWS` on paper."""
    return rows[:PAPER_ROWS] if for_print else rows


def gap_dates(gap: GapRow) -> tuple[date, ...]:
    """The first and the last day of a gap, once when they are the same."""
    return (gap.first_date,) if gap.first_date == gap.last_date else (gap.first_date, gap.last_date)


def _day_columns(connections: tuple[str, ...], language: Language) -> tuple[tuple[str, str, int], ...]:
    """The day, then the connections in equal widths; a single one gets no more room than it needs."""
    day = 40 if len(connections) == 1 else 16
    width = (100 - day) // len(connections)
    return ((language.say("Day"), "", day), *((name, "num", width) for name in connections))


def _block(report: MonthlyReport, total: CurrencyTotal, language: Language) -> CurrencyBlock:
    code = total.billing_currency
    daily = [point for point in report.daily if point.billing_currency == code]
    return CurrencyBlock(
        currency=code,
        total=total,
        tie_line=next((tie_line(r) for r in report.tie_out if r.billing_currency == code), None),
        providers=tuple(row for row in report.providers if row.billing_currency == code),
        projects=_project_groups(report, code),
        other_projects=next((row for row in report.other_projects if row.billing_currency == code), None),
        forecast=_forecast(report, code),
        workloads=tuple(row for row in report.workloads if row.billing_currency == code),
        pricing=_pricing_groups(report, code),
        trend=tuple(point for point in report.trend if point.billing_currency == code),
        days=day_tables(daily, language),
        project_chart=charts.project_chart(report.projects, code, language=language),
        daily_chart=charts.daily_chart(report.daily, code, language=language),
        trend_chart=month_charts.trend_chart(report.trend, code, report.outlook.forecasts, language=language),
    )


def _project_groups(report: MonthlyReport, currency: str) -> tuple[ProjectGroup, ...]:
    sums = {row.project: row for row in report.project_totals if row.billing_currency == currency}
    groups: dict[str, list[ProjectRow]] = {}
    for row in report.projects:
        if row.billing_currency == currency:
            groups.setdefault(row.project, []).append(row)
    budgets = {row.project: row for row in report.changes.budgets if row.billing_currency == currency}
    return tuple(ProjectGroup(tuple(rows), sums.get(name), budgets.get(name)) for name, rows in groups.items())


def _forecast(report: MonthlyReport, currency: str) -> ForecastRow | None:
    rows = (row for row in report.outlook.forecasts if row.billing_currency == currency)
    return next((row for row in rows if row.forecast_cost.shown is not None), None)


def _pricing_groups(report: MonthlyReport, currency: str) -> tuple[PricingGroup, ...]:
    sums = {row.pricing_category: row for row in report.pricing_totals if row.billing_currency == currency}
    groups: dict[str, list[PricingRow]] = {}
    for row in report.pricing:
        if row.billing_currency == currency:
            groups.setdefault(row.pricing_category, []).append(row)
    return tuple(PricingGroup(tuple(rows), sums.get(name)) for name, rows in groups.items())


def _count(rows: Sequence[QuotaRow], state: str) -> int:
    return sum(row.state == state for row in rows)
