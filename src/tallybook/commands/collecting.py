"""From the providers to the facts: check, sample, collect, coverage, rebuild."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from tallybook.commands.options import (
    DEFAULT_CONFIG,
    Config,
    Connections,
    Datasets,
    Json,
    Month,
    begun_period,
    clock,
    exit_by,
    open_configured,
)
from tallybook.console import command, digits, finish, progress, say, table, warn

if TYPE_CHECKING:
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.collect import UnitResult
    from tallybook.pipeline.house import House


@command
def check(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Validate configuration and books, and try every provider.

    Each is called once with each of its credentials; a table shows what works and what does not.

    Example: tallybook check
    """
    from tallybook.pipeline.collect import check as check_connections
    from tallybook.pricing.books import unknown_connections
    from tallybook.pricing.examples import example_warnings

    house = open_configured(config)
    books = house.books()
    names = [connection.name for connection in house.settings.connections]
    warnings = [*unknown_connections(books, names), *example_warnings(books)]
    results = check_connections(house, clock=clock)
    rows = [(name, "fails" if problem else "works", problem) for name, problem in results.items()]
    rows = [("configuration and books", "works", ""), *(("books", "warning", text) for text in warnings), *rows]
    table(("connection", "state", "problem"), rows)
    finish(as_json=as_json, result={"connections": results, "warnings": warnings})
    exit_by(failed=[name for name, problem in results.items() if problem], of=len(results))


@command
def sample(*, connection: Connections = None, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Take one snapshot of what can only be asked about now.

    Example: tallybook sample
    """
    from tallybook.pipeline.collect import sample as take_samples

    with progress("sampling") as watch:
        receipts = take_samples(open_configured(config), clock=clock, connections=connection or [], watch=watch)
    rows = [{"connection": r.connection, "dataset": r.dataset, "period": r.period, "error": r.error} for r in receipts]
    columns = ("connection", "dataset", "period", "error")
    table(columns, [tuple(row[name] for name in columns) for row in rows])
    finish(as_json=as_json, result={"samples": rows})
    exit_by(failed=[r.connection for r in receipts if r.error], of=len(receipts))


@command
def collect(
    *,
    month: Month,
    connection: Connections = None,
    dataset: Datasets = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Fetch, land and stage one month.

    In the first days of a month `current` means the month before too: refetch_days in tallybook.toml.

    Example: tallybook collect --month 2026-10 --connection ocore-main
    """
    from tallybook.pipeline.refetching import is_published_and_whole, months_due

    house = open_configured(config)
    *before, period = months_due(month, now=clock(), refetch_days=house.settings.refetch_days)
    results: list[UnitResult] = []
    for due in (period, *before):  # first what can only be asked about now
        results += collect_units(house, due, connection or [], dataset or [])
    for earlier in before:
        if is_published_and_whole(house, earlier, results):
            say(f"{earlier} was published before: 'tallybook report --month {earlier}' publishes what changed")
    finish(as_json=as_json, result={"month": str(period), "units": results})
    exit_by_units(results)


@command
def coverage(
    *,
    month: Month,
    days: Annotated[bool, typer.Option("--days", help="Show every UTC day too; --json always has them.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Show what was expected, received, late and missing.

    For each connection and dataset, over the days that have ended. Late: first fetched three days after the month's end
    or later.

    Example: tallybook coverage --month 2026-10
    """
    from tallybook.pipeline.publish import month_coverage
    from tallybook.summaries.coverage import summarise_datasets

    house, period = open_configured(config), begun_period(month)
    frame = month_coverage(house, period, now=clock())
    rows, summary = frame.to_dicts(), summarise_datasets(frame).to_dicts()
    columns = ("connection", "dataset", "expected", "received", "missing", "coverage_pct", "status", "unit")
    table(columns, [tuple(_shown(row[name]) for name in columns) for row in summary])
    if days:
        daily = ("connection", "dataset", "date", "expected", "received", "late", "missing", "status", "unit")
        table(daily, [tuple(_shown(row[name]) for name in daily) for row in rows])
    finish(
        as_json=as_json,
        result={
            "month": str(period),
            "summary": [_exact(row) for row in summary],
            "coverage": [_exact(row) for row in rows],
        },
    )


@command
def rebuild(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Rebuild the warehouse from the raw files.

    Example: tallybook rebuild
    """
    from tallybook.pipeline.collect import rebuild as rebuild_warehouse

    staged = rebuild_warehouse(open_configured(config), clock=clock)
    unreadable = [item for item in staged if item.outcome == "unreadable"]
    say(f"rebuilt from {len(staged)} fetches, {sum(item.row_count for item in staged)} rows")
    for item in unreadable:
        warn(item.error)
    finish(as_json=as_json, result={"fetches": len(staged), "unreadable": [item.error for item in unreadable]})
    exit_by(failed=[item.receipt.id for item in unreadable], of=len(staged))


def _exact(row: dict[str, object]) -> dict[str, object]:
    return {name: digits(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def _shown(value: object) -> object:
    """A figure with the digits that matter to a reader: a second is 0.0003 hours."""
    return digits(round(value, 4)) if isinstance(value, Decimal) else value


def collect_units(
    house: "House", period: "BillingPeriod", connections: list[str], datasets: list[str]
) -> list["UnitResult"]:
    """Collect with progress, and print what became of each unit."""
    from tallybook.pipeline.collect import collect as collect_month

    with progress(f"collecting {period}") as watch:
        results = collect_month(house, period, clock=clock, connections=connections, datasets=datasets, watch=watch)
    columns = ("connection", "dataset", "period", "outcome", "rows", "message")
    table(columns, [tuple(getattr(result, name) for name in columns) for result in results])
    return results


def exit_by_units(results: list["UnitResult"]) -> None:
    """Exit by what became of the units."""
    failed = [f"{unit.connection} {unit.dataset}" for unit in results if unit.outcome == "failed"]
    exit_by(failed=failed, of=sum(unit.outcome != "cannot" for unit in results))
