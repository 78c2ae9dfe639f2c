"""explain: a project's figure of a month with everything that it was made of, for an auditor to follow by hand."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

import polars as pl

from tallybook.documents.explanation import (
    AdjustmentLine,
    AllocatedSource,
    AllocationLine,
    ChargeLine,
    Explanation,
    Origin,
    PriceLine,
    explain_figures,
)
from tallybook.documents.figures import known
from tallybook.errors import UsageError
from tallybook.landing import RawFile
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import Connection, House, begun, load
from tallybook.pricing.books import Books
from tallybook.pricing.charges import make_charges
from tallybook.resources import queries
from tallybook.summaries.month import read_frames, summarise_month
from tallybook.warehouse import Warehouse

_MANY = 20  # projects; of more only similar names are told


def explain(
    house: House, period: BillingPeriod, *, project: str, connection: str | None = None, now: datetime
) -> Explanation:
    """Walk the figure of a project, as a report made now would show it, down to the raw files.

    Raises UsageError for a month that has not begun, a project that the month does not know, and a connection at which
    the project has nothing; ConfigurationError for an unknown connection; BookError; StorageError.
    """
    begun(period, now=now)
    chosen = house.chosen([connection] if connection else [])
    books = house.books()
    with house.warehouse_to_read() as warehouse:
        load(house, warehouse, now=now, periods=[period])
        make_charges(warehouse, period=period, books=books)
        names = [settings.name for settings, _ in chosen]
        figures = _figures(warehouse, period, project, names, now=now)
        month = (period.start.date(), period.end.date())
        lines = tuple(line for line in _lines(warehouse, period, project, days=month) if line.connection in names)
        sources = tuple(one for one in _sources(warehouse, period, project, books) if one.connection in names)
        below = (*lines, *(line for one in sources for line in one.lines))
        return Explanation(
            month=str(period),
            project=project,
            figures=explain_figures(figures.to_dicts(), lines),
            lines=lines,
            prices=_prices(warehouse, period, below),
            adjustments=tuple(
                one for one in _adjustments(warehouse, period, project, books) if one.connection in names
            ),
            allocations=tuple(one for one in _allocations(warehouse, period, project) if one.connection in names),
            sources=sources,
            origins=tuple(
                origin for pair in chosen for origin in _origins(house, warehouse, pair, period, below, now=now)
            ),
        )


def _figures(
    warehouse: Warehouse, period: BillingPeriod, project: str, connections: Sequence[str], *, now: datetime
) -> pl.DataFrame:
    """The project's rows of the report's table of projects; UsageError when there are none."""
    projects = summarise_month(read_frames(warehouse, period=period), period=period, now=now).projects
    if project not in projects["project"]:
        names = sorted(set(projects["project"]))
        raise UsageError(f"{period}: project {project!r} has no usage and no cost; {_known(project, names)}")
    rows = projects.filter(pl.col("project") == project)
    chosen = rows.filter(pl.col("connection").is_in(connections))
    if chosen.is_empty():
        raise UsageError(
            f"{period}: project {project!r} has no usage and no cost at {', '.join(connections)}; "
            f"it has at {', '.join(sorted(set(rows['connection'])))}"
        )
    return chosen


def _known(project: str, names: Sequence[str]) -> str:
    if not names:
        return "no project has: collect the month first"
    if len(names) <= _MANY:
        return f"known: {', '.join(names)}"
    near = ", ".join(difflib.get_close_matches(project, names, n=5)) or "none"
    return f"{len(names)} projects are known, similar ones: {near}; tables/projects.csv of the report has all"


def _lines(
    warehouse: Warehouse, period: BillingPeriod, project: str, *, days: tuple[date, date]
) -> Iterator[ChargeLine]:
    """A project's charge lines, of the charges that begin in the half-open `days`."""
    place = {"billing_period": str(period), "project": project}
    frame = warehouse.frame("marts/project_lines", **place, first_day=days[0], end_day=days[1])
    amounts = ("pricing_quantity", "list_unit_price", "list_cost", "effective_cost")
    for row in frame.to_dicts():
        yield ChargeLine(**row | {name: known(row[name]) for name in amounts})


def _prices(warehouse: Warehouse, period: BillingPeriod, lines: Sequence[ChargeLine]) -> tuple[PriceLine, ...]:
    """The price rows of the lines, in the order in which the lines name them."""
    prices = warehouse.select("pricing.prices", billing_period=str(period)).select(PriceLine.__slots__)
    rows = {row["price_source"]: row for row in prices.to_dicts()}
    used = dict.fromkeys(line.price_source for line in lines if line.price_source in rows)
    amounts = ("list_unit_price", "from_quantity", "minimum_cost", "committed_quantity")
    return tuple(PriceLine(**rows[one] | {name: known(rows[one][name]) for name in amounts}) for one in used)


def _adjustments(warehouse: Warehouse, period: BillingPeriod, project: str, books: Books) -> Iterator[AdjustmentLine]:
    rows = {one.book_row: one for one in books.adjustments}
    frame = warehouse.frame("marts/project_adjustments", billing_period=str(period), project=project)
    for row in frame.to_dicts():
        book = rows[row["price_source"]]
        amounts = {name: known(row[name]) for name in ("base_cost", "effective_cost")}
        yield AdjustmentLine(**row | amounts, valid_from=book.valid_from, valid_to=book.valid_to, source=book.source)


def _allocations(warehouse: Warehouse, period: BillingPeriod, project: str) -> Iterator[AllocationLine]:
    frame = warehouse.frame("marts/project_allocations", billing_period=str(period), project=project)
    amounts = ("weight", "total_weight", "source_cost", "effective_cost")
    for row in frame.to_dicts():
        yield AllocationLine(**row | {name: known(row[name]) for name in amounts})


def _sources(warehouse: Warehouse, period: BillingPeriod, project: str, books: Books) -> Iterator[AllocatedSource]:
    """What the rules that gave to the project took, with the charge lines of that place but for what was spread.

    A rule takes what was charged on the days of its validity, so the lines are of these days alone.
    """
    rules = {rule.first.book_row: rule.first for rule in books.allocation}
    frame = warehouse.frame("marts/allocation_sources", billing_period=str(period), project=project)
    for row in frame.to_dicts():
        account = rules[row["price_source"]].from_sub_account_id
        lines = tuple(
            line
            for line in _lines(warehouse, period, row["project"], days=(row["first_day"], row["end_day"]))
            if (line.connection, line.billing_currency) == (row["connection"], row["billing_currency"])
            and (line.sub_account_id == account if account else not line.is_spread)
        )
        amounts = {name: known(row[name]) for name in ("source_cost", "effective_cost")}
        yield AllocatedSource(**row | amounts, lines=lines)


def _origins(
    house: House,
    warehouse: Warehouse,
    connection: Connection,
    period: BillingPeriod,
    lines: Sequence[ChargeLine],
    *,
    now: datetime,
) -> Iterator[Origin]:
    """The raw files with rows of the lines' sub accounts at a connection, in the order of sub account and time."""
    settings, provider = connection
    accounts = sorted({one.sub_account_id for one in lines if one.connection == settings.name and one.is_charged})
    parameters = {
        **provider.parameters(settings),
        "connection": settings.name,
        "billing_period": str(period),
        "period_start": period.start,
        "period_end": period.end,
        "observed_until": now,
    }
    for name in queries(f"origins/{provider.name}") if accounts else ():
        rows = warehouse.frame(name, **parameters).filter(pl.col("sub_account_id").is_in(accounts))
        yield from _from_files(house, rows)


def _from_files(house: House, rows: pl.DataFrame) -> Iterator[Origin]:
    receipts = {name: house.store.receipt(name) for name in rows["receipt"].unique()}
    for row in rows.sort("sub_account_id", "staging_table", "receipt", "sha256").to_dicts():
        receipt = receipts[row["receipt"]]
        files = [file for file in receipt.files if file.sha256 == row["sha256"]]
        yield Origin(
            connection=receipt.connection,
            dataset=receipt.dataset,
            sub_account_id=row["sub_account_id"],
            staging_table=f"staging.{row['staging_table']}",
            row_count=row["row_count"],
            asked=tuple(dict.fromkeys(map(_question, files))),
            captured_at=min(file.captured_at for file in files),
            fetched_at=receipt.fetched_at,
            path=str(house.store.body_path(receipt.connection, receipt.dataset, receipt.period, row["sha256"])),
            sha256=row["sha256"],
            receipt=str(house.store.receipt_path(row["receipt"])),
        )


def _question(file: RawFile) -> str:
    """`GET /usage?period=hourly`, and the JSON that was sent with it."""
    query = f"?{urlencode(file.params)}" if file.params else ""
    return f"{file.method} {file.path}{query} {file.json}".rstrip()
