"""report: charges, summaries, documents, and a revision that appears whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars

from tallybook.documents.closing import open_gaps, refuse_to_close
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.monthly import build_report
from tallybook.errors import UsageError
from tallybook.landing import building, disk_error
from tallybook.language import Message, language_of, message
from tallybook.periods import BillingPeriod
from tallybook.pipeline.charging import charge_months, charge_spans
from tallybook.pipeline.collect import Clock
from tallybook.pipeline.export import write_standard_documents
from tallybook.pipeline.files import Edition, write_library, write_revision
from tallybook.pipeline.fingerprints import Fingerprints, fingerprints_of
from tallybook.pipeline.frozen import frozen_inputs, snapshot_datasets
from tallybook.pipeline.house import House, begun, load
from tallybook.pipeline.inputs import month_inputs
from tallybook.pipeline.published import Published, as_published, told_by
from tallybook.pipeline.restating import restate
from tallybook.pipeline.revisions import Revision, last_closed, latest_revision, library
from tallybook.pipeline.standing import note_standing, standing
from tallybook.render.manifest import ManifestInput
from tallybook.render.parts import write_parts
from tallybook.summaries.coverage import summarise_coverage
from tallybook.warehouse import Warehouse

ALIKE = ("charge_period_start", "charge_period_end", "provider", "connection")
"""Columns of marts.charges; what stands before them is one month's."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The wish to close a month; `accept_gaps` says why, although part of it was not seen. Without `is_final` none."""

    is_final: bool = False
    reason: str = ""
    accept_gaps: str = ""

    def check(self, period: BillingPeriod) -> None:
        """Refuse what is wrong with it whatever the month holds: UsageError."""
        if self.is_final and not self.reason.strip():
            raise UsageError(f"{period} is not closed without a reason: say why in reason (--reason TEXT)")
        if self.accept_gaps.strip() and not self.is_final:
            raise UsageError(f"{period}: gaps are accepted when a month is closed: ask for final too (--final)")


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
    now, closing = clock(), Closing(final, reason.strip(), accept_gaps.strip())
    _refuse_hopeless(house, period, closing, now=now)
    books = house.books()
    with house.warehouse() as warehouse, _scratch(house.settings.data_dir) as scratch:
        load(house, warehouse, now=now, periods=[period])
        if not final and (stands := standing(house, warehouse, period, books=books, now=now)):
            _write_library(house)  # a process that was killed may have left the revision without it
            return as_published(*stands, is_new=False)
        warehouse.give_back()
        charge_months(house, warehouse, period, books=books, now=now)
        with warehouse.transaction():
            inputs = month_inputs(house, warehouse, period, books=books, now=now)
        told = told_by(document := build_report(inputs), inputs.failures)
        previous, closed = (find(house.reports_dir, str(period)) for find in (latest_revision, last_closed))
        prints = fingerprints_of(inputs, document, house.language)
        if previous and _still_stands(previous, closed, prints, final=final):
            _write_library(house)
            published = as_published(previous, told, is_new=False)
        else:
            sources = frozen_inputs(house, warehouse, period)
            inputs = _restated(house, warehouse, inputs, closed, sources)
            inputs = _stamped(house, inputs, previous, closed, prints, closing=closing)
            edition = _edition(house, warehouse, inputs, sources, prints, scratch=scratch)
            published = _published(house, replace(edition, reason=reason, run_id=run_id))
        note_standing(house, warehouse, inputs, told, books=books)
        return published


def _refuse_hopeless(house: House, period: BillingPeriod, closing: Closing, *, now: datetime) -> None:
    """Raise UsageError for what cannot be reported whatever is known of it."""
    begun(period, now=now)
    if not house.connections:
        raise UsageError(f"{period}: {house.settings.path} has no connections, so there is nothing to report: add one")
    closing.check(period)


def _restated(
    house: House,
    warehouse: Warehouse,
    inputs: MonthInputs,
    closed: Revision | None,
    sources: tuple[ManifestInput, ...],
) -> MonthInputs:
    """The inputs beside the revision that closed the month, if one did."""
    if closed is None:
        return inputs
    snapshots = snapshot_datasets(house)
    restated = restate(warehouse, inputs.period, closed, sources, snapshots=snapshots, rates=inputs.rates)
    return replace(inputs, restated=restated)


def _edition(
    house: House,
    warehouse: Warehouse,
    inputs: MonthInputs,
    sources: tuple[ManifestInput, ...],
    prints: Fingerprints,
    *,
    scratch: Path,
) -> Edition:
    """All that a new revision is written from; what may be too long for memory is in folders of `scratch`."""
    charges, documents = scratch / "charges", scratch / "documents"
    try:
        charges.mkdir()
        documents.mkdir()
        spans = charge_spans(warehouse, inputs.period)
        write_parts(warehouse.tables("marts/charges", spans), charges, "charges", alike=ALIKE)
        write_standard_documents(house, warehouse, inputs.period, documents)
        warehouse.give_back()  # before the spreadsheet and the pages
    except OSError as error:
        raise disk_error(scratch, error) from error
    return Edition(
        inputs=inputs,
        report=build_report(inputs),
        charges=charges,
        fingerprint=prints.fingerprint,
        figures_sha256=prints.figures_sha256,
        sources=sources,
        documents=documents,
        page_size=house.settings.page_size,
        language=house.language,
    )


def _published(house: House, edition: Edition) -> Published:
    month, revision = str(edition.inputs.period), edition.inputs.revision
    with building(house.reports_dir / month / f"r{revision:02d}") as folder:
        write_revision(folder, edition)
    # still alone: another report's revision is neither left out of the library nor taken for this one's
    _write_library(house)
    written = latest_revision(house.reports_dir, month)
    assert written is not None  # noqa: S101 - it was just written
    return as_published(written, told_by(edition.report, edition.inputs.failures), is_new=True)


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


def _write_library(house: House) -> None:
    language = language_of(house.settings.language)
    page = library(house.reports_dir, entity=house.settings.entity, language=language)
    write_library(house.reports_dir, page, language=language)


def month_coverage(house: House, period: BillingPeriod, *, now: datetime) -> polars.DataFrame:
    """Expected, received and missing per connection, dataset and day, with a status."""
    with house.warehouse() as warehouse:
        load(house, warehouse, now=now, periods=[period])
        frame = warehouse.frame("marts/coverage", billing_period=str(period))
    return summarise_coverage(frame, now=now)


def _still_stands(previous: Revision, closed: Revision | None, prints: Fingerprints, *, final: bool) -> bool:
    """Whether nothing is to be published.

    A closed month changes only with its own figures: not by a fetch that failed since, nor by what the month before,
    the budget or the trend say now.
    """
    if closed is None:
        return previous.fingerprint == prints.fingerprint and not final
    return previous.fingerprint == prints.fingerprint or (
        previous.number == closed.number and closed.figures_sha256 == prints.figures_sha256
    )


def _stamped(
    house: House,
    inputs: MonthInputs,
    previous: Revision | None,
    closed: Revision | None,
    prints: Fingerprints,
    *,
    closing: Closing,
) -> MonthInputs:
    """The inputs with their revision, and why it is final or restated. Raises UsageError where it cannot be closed."""
    inputs = replace(inputs, revision=previous.number + 1 if previous else 1)
    if closed:
        is_same = closed.figures_sha256 == prints.figures_sha256  # again, after a draft that was not
        inputs = replace(inputs, restatement=_restatement(inputs, closed, closing.reason, is_same=is_same))
    elif closing.is_final:
        inputs = replace(inputs, final_reason=closing.reason)
    inputs = replace(inputs, accepted_gaps=_accepted(house, inputs, closed, closing))
    if closing.is_final:
        refuse_to_close(inputs, least_pct=house.settings.final_coverage_pct)
    return inputs


def _restatement(inputs: MonthInputs, closed: Revision, reason: str, *, is_same: bool) -> Message:
    """Why the month is restated: what somebody says, else what changed, as far as it is known."""
    told = {"revision": f"r{closed.number:02d}"}
    if reason:
        return Message(message("Restates %(revision)s: %(reason)s"), {**told, "reason": reason})
    if is_same:
        return Message(message("Restates %(revision)s: its figures are the same again"), told)
    if inputs.restated and inputs.restated.causes:
        return Message(message("Restates %(revision)s; what changed since: %(causes)s"), told)
    unknown = message("Restates %(revision)s: what its connections answer, its books or the software changed")
    return Message(unknown, told)


def _accepted(house: House, inputs: MonthInputs, closed: Revision | None, closing: Closing) -> str:
    """Why this month's gaps were accepted, now or when it was closed; "" when nobody has to accept any."""
    said = closing.accept_gaps or (str(closed.manifest.get("accepted_gaps", "")) if closed else "")
    return said if open_gaps(inputs, house.settings.final_coverage_pct) else ""
