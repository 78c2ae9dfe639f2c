"""report: charges, summaries, documents, and a revision that appears whole or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars

from tallybook import __version__
from tallybook.contract import Cadence
from tallybook.documents.closing import open_gaps, refuse_to_close
from tallybook.documents.inputs import Failure, MonthInputs
from tallybook.documents.monthly import build_report
from tallybook.errors import UsageError
from tallybook.landing import building, disk_error
from tallybook.language import Message, language_of, message
from tallybook.periods import BillingPeriod
from tallybook.pipeline.charging import charge_months, charge_spans, odd_rows
from tallybook.pipeline.collect import Clock
from tallybook.pipeline.export import standard_documents
from tallybook.pipeline.files import Edition, write_library, write_revision
from tallybook.pipeline.fingerprints import figures_sha256_of, fingerprint_of
from tallybook.pipeline.frozen import frozen_inputs, snapshot_datasets
from tallybook.pipeline.house import House, begun, load
from tallybook.pipeline.published import Published, as_published
from tallybook.pipeline.restating import restate
from tallybook.pipeline.revisions import Revision, last_closed, latest_revision, library
from tallybook.pipeline.summarising import summarise
from tallybook.pricing.allocating import spreading_notices
from tallybook.pricing.books import Books, idle_budgets, unknown_connections
from tallybook.pricing.budgets import misplaced_budgets
from tallybook.pricing.checks import run_checks
from tallybook.pricing.conversion import Rates, month_rates
from tallybook.render.parts import write_parts
from tallybook.resources import queries
from tallybook.summaries.conversion import convert_costs
from tallybook.summaries.coverage import summarise_coverage
from tallybook.warehouse import Warehouse


def report(
    house: House,
    period: BillingPeriod,
    *,
    clock: Clock,
    final: bool = False,
    reason: str = "",
    accept_gaps: str = "",
    run_id: str = "",
) -> Published:
    """Summarise what is landed and publish a new revision if anything changed.

    `accept_gaps` says why a month is closed although part of it was not seen. Raises UsageError, and publishes nothing,
    for a month that has not begun, for a house without connections, for `final` without a reason, and for `final` of a
    month that cannot be closed (`documents.closing`); BookError; StorageError.
    """
    now = clock()
    begun(period, now=now)
    if not house.connections:
        raise UsageError(f"{period}: {house.settings.path} has no connections, so there is nothing to report: add one")
    check_closing(period, final=final, reason=reason, accept_gaps=accept_gaps)
    spoken = language_of(house.settings.language)
    books = house.books()
    with house.warehouse() as warehouse, _scratch(house.settings.data_dir) as scratch:
        previous = latest_revision(house.reports_dir, str(period))
        closed = last_closed(house.reports_dir, str(period))
        load(house, warehouse, now=now, periods=[period])
        charge_months(house, warehouse, period, books=books, now=now)
        with warehouse.transaction():
            inputs = _inputs(house, warehouse, period, books=books, now=now)
        fingerprint = fingerprint_of(inputs, spoken)
        figures = figures_sha256_of(inputs)
        if previous and _still_stands(previous, closed, fingerprint=fingerprint, figures=figures, final=final):
            _write_library(house)  # a process that was killed may have left the revision without it
            return as_published(previous, build_report(inputs), inputs.failures, is_new=False)
        inputs = _stamped(inputs, previous, closed, figures=figures, final=final, reason=reason)
        inputs = replace(inputs, accepted_gaps=_accepted(house, inputs, closed, accept_gaps=accept_gaps))
        if final:
            refuse_to_close(inputs, least_pct=house.settings.final_coverage_pct)
        sources = frozen_inputs(house, warehouse, period)
        if closed:
            restated = restate(warehouse, period, closed, sources, snapshots=snapshot_datasets(house))
            inputs = replace(inputs, restated=restated)
        _write_charges(warehouse, period, scratch)
        edition = Edition(
            inputs=inputs,
            report=build_report(inputs),
            charges=scratch,
            reason=reason,
            run_id=run_id,
            fingerprint=fingerprint,
            figures_sha256=figures,
            sources=sources,
            documents=dict(standard_documents(house, warehouse, period)),
            page_size=house.settings.page_size,
            language=spoken,
        )
        with building(house.reports_dir / str(period) / f"r{inputs.revision:02d}") as folder:
            write_revision(folder, edition)
        # still alone: another report's revision is neither left out of the library nor taken for this one's
        _write_library(house)
        revision = latest_revision(house.reports_dir, str(period))
    assert revision is not None  # noqa: S101 - it was just written
    return as_published(revision, edition.report, inputs.failures, is_new=True)


def check_closing(period: BillingPeriod, *, final: bool, reason: str, accept_gaps: str) -> None:
    """Refuse what is wrong with the wish to close a month whatever the month holds: UsageError."""
    if final and not reason.strip():
        raise UsageError(f"{period} is not closed without a reason: say why in reason (--reason TEXT)")
    if accept_gaps.strip() and not final:
        raise UsageError(f"{period}: gaps are accepted when a month is closed: ask for final too (--final)")


@contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    """A folder of the process that holds the warehouse. What is there at the start was left by one that was killed."""
    folder = data_dir / "scratch"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_charges(warehouse: Warehouse, period: BillingPeriod, folder: Path) -> None:
    try:
        write_parts(warehouse.tables("marts/charges", charge_spans(warehouse, period)), folder, "charges")
    except OSError as error:
        raise disk_error(folder / "charges.parquet", error) from error


def _write_library(house: House) -> None:
    write_library(house.reports_dir, library(house.reports_dir, entity=house.settings.entity))


def month_coverage(house: House, period: BillingPeriod, *, now: datetime) -> polars.DataFrame:
    """Expected, received and missing per connection, dataset and day, with a status."""
    with house.warehouse() as warehouse:
        load(house, warehouse, now=now, periods=[period])
        frame = warehouse.frame("marts/coverage", billing_period=str(period))
    return summarise_coverage(frame, now=now)


def _inputs(house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime) -> MonthInputs:
    # What can't be fetched again leaves a gap, which makes figures lower bounds but no draft that nobody can end.
    fetchable = {
        (settings.name, provider.name, dataset.name)
        for settings, provider in house.connections
        for dataset in provider.datasets
        if dataset.cadence is Cadence.HISTORY or now < period.end
    }
    units = warehouse.select("landing.units", period=str(period)).sort("connection", "dataset").to_dicts()
    tables = summarise(house, warehouse, period, now=now)
    rates = _rates(house, period, books=books, projects=tables.projects)
    return MonthInputs(
        period=period,
        now=now,
        entity=house.settings.entity,
        version=__version__,
        revision=0,
        labels={provider.name: provider.label for _, provider in house.connections},
        tables=replace(
            tables,
            projects=convert_costs(
                tables.projects, currency=rates.currency if rates else "", rates=rates.now if rates else {}
            ),
        ),
        budgets=books.budgets,
        rates=rates,
        failures=tuple(
            Failure(unit["connection"], unit["dataset"], unit["period"], unit["error"])
            for unit in units
            if unit["error"] and (unit["connection"], unit["provider"], unit["dataset"]) in fetchable
        ),
        checks={check.name: check.offending.height for check in run_checks(warehouse, period=period)},
        controls=_controls(house, warehouse, period),
        notices=(
            *unknown_connections(books, [connection.name for connection in house.settings.connections]),
            *odd_rows(warehouse, period, books=books),
            *spreading_notices(warehouse, period=period, books=books),
            *idle_budgets(books, str(period), projects=set(tables.accounts["project"])),
            *misplaced_budgets(books, str(period), costs=_priced_projects(tables.projects)),
            *_notices(house, warehouse, period),
        ),
    )


def _priced_projects(projects: polars.DataFrame) -> set[tuple[str, str]]:
    known = projects.filter(polars.col("effective_cost").is_not_null())
    return set(known.select("project", "billing_currency").iter_rows())


def _rates(house: House, period: BillingPeriod, *, books: Books, projects: polars.DataFrame) -> Rates | None:
    """The exchange rates of the month's costs; None without a reporting currency. BookError when one is missing."""
    if not house.settings.reporting_currency:
        return None
    costs = projects.filter(polars.col("effective_cost").is_not_null())
    currencies = costs["billing_currency"].unique().to_list()
    return month_rates(books.exchange_rates, house.settings.reporting_currency, period, billing_currencies=currencies)


def _notices(house: House, warehouse: Warehouse, period: BillingPeriod) -> tuple[str, ...]:
    """What was odd in the answers that the figures are made of, each oddity once.

    Of a history that is its staged fetch; of snapshots every one, since each of them counts.
    """
    current = set(warehouse.select("landing.units", period=str(period))["receipt"])
    adding = snapshot_datasets(house)
    configured = {(settings.name, provider.name) for settings, provider in house.connections}
    notes = [
        f"{row['connection']} {row['dataset']}: {note}"
        for row in warehouse.select("landing.receipts", period=str(period)).sort("receipt").to_dicts()
        for note in row["notes"]
        if (row["connection"], row["provider"]) in configured
        and (row["receipt"] in current or (row["connection"], row["dataset"]) in adding)
    ]
    for frame in _provider_frames(house, warehouse, period, "notices"):
        notes += [f"{row['connection']}: {row['notice']}" for row in frame.to_dicts()]
    return tuple(dict.fromkeys(notes))


def _controls(house: House, warehouse: Warehouse, period: BillingPeriod) -> polars.DataFrame:
    """The control totals of all connections."""
    frames = _provider_frames(house, warehouse, period, "control_totals")
    return polars.concat(frames, how="diagonal_relaxed") if frames else polars.DataFrame()


def _provider_frames(house: House, warehouse: Warehouse, period: BillingPeriod, check: str) -> list[polars.DataFrame]:
    """What queries/checks/<provider>/<check>.sql finds, for each connection of a provider that has it."""
    frames = []
    for settings, provider in house.connections:
        name = f"checks/{provider.name}/{check}"
        if name in queries(f"checks/{provider.name}"):
            parameters: Mapping[str, object] = {
                **provider.parameters(settings),
                "connection": settings.name,
                "billing_period": str(period),
                "period_start": period.start,
                "period_end": period.end,
            }
            frames.append(warehouse.frame(name, **parameters))
    return frames


def _still_stands(previous: Revision, closed: Revision | None, *, fingerprint: str, figures: str, final: bool) -> bool:
    """Whether nothing is to be published.

    A closed month changes only with its own figures: not by a fetch that failed since, nor by what the month before,
    the budget or the trend say now.
    """
    if closed is None:
        return previous.fingerprint == fingerprint and not final
    return previous.fingerprint == fingerprint or (
        previous.number == closed.number and closed.figures_sha256 == figures
    )


def _stamped(
    inputs: MonthInputs,
    previous: Revision | None,
    closed: Revision | None,
    *,
    figures: str,
    final: bool,
    reason: str,
) -> MonthInputs:
    revision = previous.number + 1 if previous else 1
    if closed:
        is_same = closed.figures_sha256 == figures  # again, after a draft that was not
        return replace(inputs, revision=revision, restatement=_restatement(closed, reason.strip(), is_same=is_same))
    return replace(inputs, revision=revision, final_reason=reason.strip() if final else "")


def _restatement(closed: Revision, reason: str, *, is_same: bool) -> Message:
    revision = f"r{closed.number:02d}"
    if reason:
        return Message(message("Restates %(revision)s: %(reason)s"), {"revision": revision, "reason": reason})
    changed = message("Restates %(revision)s: what its connections answer, its books or the software changed")
    same = message("Restates %(revision)s: its figures are the same again")
    return Message(same if is_same else changed, {"revision": revision})


def _accepted(house: House, inputs: MonthInputs, closed: Revision | None, *, accept_gaps: str) -> str:
    """Why this month's gaps were accepted, now or when it was closed; "" when nobody has to accept any."""
    said = accept_gaps.strip() or (str(closed.manifest.get("accepted_gaps", "")) if closed else "")
    return said if open_gaps(inputs, house.settings.final_coverage_pct) else ""
