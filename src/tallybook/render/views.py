"""What a template shows where: figures of one currency together, marks, exceptions, charts. No sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.documents.model import (
    CurrencyTotal,
    DailyPoint,
    Figure,
    GapRow,
    MonthlyReport,
    PricingRow,
    ProjectRow,
    ProviderRow,
    QuotaRow,
    TieOut,
    TrendPoint,
    WorkloadRow,
)
from tallybook.documents.pages import ProjectStatement, StatementLine
from tallybook.money import minor_digits, quantise, rounded_to_total
from tallybook.render import charts

_COMPLETE = Decimal(100)
_COLUMNS = 5  # connections side by side in the table of days


@dataclass(frozen=True, slots=True)
class DayTable:
    """Costs per day, a column per connection; a day without a figure is not known."""

    columns: tuple[tuple[str, str, int], ...]  # name, kind, width in percent: the day, then connections
    rows: tuple[tuple[date, tuple[Figure, ...]], ...]


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
class CurrencyBlock:
    """All rows of one currency, since two currencies share neither a table nor an axis."""

    currency: str
    total: CurrencyTotal
    is_lower_bound: bool
    tie_line: TieLine | None
    providers: tuple[ProviderRow, ...]
    projects: tuple[ProjectRow, ...]
    workloads: tuple[WorkloadRow, ...]
    pricing: tuple[PricingRow, ...]
    trend: tuple[TrendPoint, ...]
    days: tuple[DayTable, ...]
    project_chart: charts.Chart | None
    daily_chart: charts.Chart | None
    trend_chart: charts.Chart | None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something the reader should know before trusting or acting; `anchor` leads to the detail."""

    count: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class StatementBlock:
    """A statement's lines and workloads in one currency. The currency "" holds what has no price."""

    currency: str
    lines: tuple[StatementLine, ...]
    workloads: tuple[WorkloadRow, ...]


def currency_blocks(report: MonthlyReport) -> tuple[CurrencyBlock, ...]:
    """A block per currency, in the order of the report's totals."""
    return tuple(_block(report, total) for total in report.totals)


def is_lower_bound(row: CurrencyTotal | ProjectRow | ProviderRow | StatementLine) -> bool:
    """Whether the real cost may be higher: part of the month was not seen, or a meter has no price."""
    unpriced = row.unpriced_meters if isinstance(row, CurrencyTotal) else 0
    seen = row.coverage_pct
    return unpriced > 0 or (seen is not None and seen < _COMPLETE)


def has_lower_bounds(report: MonthlyReport | ProjectStatement) -> bool:
    """Whether any figure of a document carries the mark, so that the mark needs its explanation."""
    rows: list[CurrencyTotal | ProjectRow | ProviderRow | StatementLine] = [*report.totals]
    if isinstance(report, MonthlyReport):
        rows += [*report.providers, *report.projects]
    else:
        rows += report.lines
    return any(is_lower_bound(row) for row in rows)


def open_items(report: MonthlyReport) -> tuple[OpenItem, ...]:
    """What is open, the gravest first; nothing when all is well."""
    broken = [row for row in report.tie_out if not row.holds]
    differing = [row for row in report.controls if not row.holds]
    found = (
        OpenItem(len(broken), "currency does not tie out|currencies do not tie out", "control"),
        OpenItem(len(differing), "control total differs|control totals differ", "control"),
        OpenItem(len({row.meter for row in report.unpriced}), "meter has no price|meters have no price", "unseen"),
        OpenItem(len(report.gaps), "gap in what was seen|gaps in what was seen", "unseen"),
        OpenItem(_count(report.quotas, "full"), "quota is full|quotas are full", "quotas"),
        OpenItem(_count(report.quotas, "near"), "quota is near its limit|quotas are near their limit", "quotas"),
        OpenItem(len(report.notices), "answer or book was odd|answers or books were odd", "unseen"),
    )  # fmt: skip
    return tuple(_worded(item) for item in found if item.count)


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


def day_tables(points: Sequence[DailyPoint]) -> tuple[DayTable, ...]:
    """Days by connections, a few connections a table so that each fits a page."""
    names = sorted({point.connection for point in points})
    days = sorted({point.date for point in points})
    figures = {(point.date, point.connection): point.effective_cost for point in points}
    missing = Figure(None, None)
    groups = [tuple(names[at : at + _COLUMNS]) for at in range(0, len(names), _COLUMNS)]
    return tuple(
        DayTable(
            _day_columns(group),
            tuple((day, tuple(figures.get((day, name), missing) for name in group)) for day in days),
        )
        for group in groups
    )


def gap_dates(gap: GapRow) -> tuple[date, ...]:
    """The first and the last day of a gap, once when they are the same."""
    return (gap.first_date,) if gap.first_date == gap.last_date else (gap.first_date, gap.last_date)


def _day_columns(connections: tuple[str, ...]) -> tuple[tuple[str, str, int], ...]:
    """The day, then the connections in equal widths; a single one gets no more room than it needs."""
    day = 40 if len(connections) == 1 else 16
    width = (100 - day) // len(connections)
    return (("Day", "", day), *((name, "num", width) for name in connections))


def _block(report: MonthlyReport, total: CurrencyTotal) -> CurrencyBlock:
    code = total.billing_currency
    daily = [point for point in report.daily if point.billing_currency == code]
    return CurrencyBlock(
        currency=code,
        total=total,
        is_lower_bound=is_lower_bound(total),
        tie_line=next((tie_line(r) for r in report.tie_out if r.billing_currency == code), None),
        providers=tuple(row for row in report.providers if row.billing_currency == code),
        projects=tuple(row for row in report.projects if row.billing_currency == code),
        workloads=tuple(row for row in report.workloads if row.billing_currency == code),
        pricing=tuple(row for row in report.pricing if row.billing_currency == code),
        trend=tuple(point for point in report.trend if point.billing_currency == code),
        days=day_tables(daily),
        project_chart=charts.project_chart(report.projects, code),
        daily_chart=charts.daily_chart(report.daily, code),
        trend_chart=charts.trend_chart(report.trend, code),
    )


def _count(rows: Sequence[QuotaRow], state: str) -> int:
    return sum(row.state == state for row in rows)


def _worded(item: OpenItem) -> OpenItem:
    one, _, many = item.text.partition("|")
    return OpenItem(item.count, one if item.count == 1 else many, item.anchor)
