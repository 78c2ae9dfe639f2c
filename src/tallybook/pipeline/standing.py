"""Whether a month's report stands without being made again: all that it would be made from is what it was made from.

Only of a month that is over: of one that is not, each hour says something else. Everything that a report depends on is
in one hash. What was forgotten there would never be noticed again, so tests change each of them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars

import tallybook
from tallybook.decode import decode, encode
from tallybook.documents.inputs import MonthInputs
from tallybook.periods import LONGEST_GAP, BillingPeriod
from tallybook.pipeline.frozen import frozen_inputs, snapshot_datasets
from tallybook.pipeline.house import House
from tallybook.pipeline.inputs import failures, fetch_notes
from tallybook.pipeline.published import Told
from tallybook.pipeline.revisions import Revision, last_closed, latest_revision
from tallybook.pricing.books import Books
from tallybook.resources import root
from tallybook.summaries.month import TREND_MONTHS
from tallybook.warehouse import Warehouse

_REPORTS = "marts.standing_reports"
_MOST_BEHIND = timedelta(days=1)  # of what a body says to its answer; see periods.is_plausible


def standing(
    house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime
) -> tuple[Revision, Told] | None:
    """The revision that stands, and what it told; None when it has to be computed to know.

    What landed must be staged, and the month's facts be those of `now`.
    """
    previous = latest_revision(house.reports_dir, str(period))
    if now < period.end or not previous:
        return None
    inputs_sha256 = _inputs_sha256(house, warehouse, period, books=books, now=now)
    rows = warehouse.select(_REPORTS, billing_period=str(period), inputs_sha256=inputs_sha256)
    return None if rows.is_empty() else (previous, decode(rows["told"][0].encode(), Told))


def note_standing(house: House, warehouse: Warehouse, inputs: MonthInputs, told: Told, *, books: Books) -> None:
    """Note that the newest revision says all that can be said of what `inputs` were just made from."""
    period, now = inputs.period, inputs.now
    if now < period.end:
        return
    inputs_sha256 = _inputs_sha256(house, warehouse, period, books=books, now=now)
    # in their own order, which is that of the columns of a table in Prefect
    row = {"billing_period": str(period), "inputs_sha256": inputs_sha256, "told": json.dumps(asdict(told))}
    with warehouse.transaction():
        warehouse.delete(_REPORTS, billing_period=str(period))
        warehouse.insert(_REPORTS, polars.DataFrame([row]))


def _inputs_sha256(house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime) -> str:
    digest = hashlib.sha256(_software_sha256().encode())
    with warehouse.transaction():
        for part in _parts(house, warehouse, period, books=books, now=now):
            digest.update(f"{len(part)}\n{part}".encode())
    return digest.hexdigest()


def _named(*revisions: Revision | None) -> str:
    return encode([one and (one.number, one.fingerprint, one.figures_sha256) for one in revisions])


def _parts(house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime) -> Iterator[str]:
    month, first = str(period), str(period.shift(1 - TREND_MONTHS))
    settings = house.settings
    yield repr(books)
    yield encode((house.language.code, str(settings.anomaly_amount), str(settings.anomaly_pct)))
    frozen = frozen_inputs(house, warehouse, period)
    yield encode([(one.kind, one.name, one.sha256) for one in frozen if one.kind != "book"])  # as read, above
    # what it is held against: its newest revision, the one that closed it, and the one that closed the month before
    folder, before = house.reports_dir, str(period.shift(-1))
    yield _named(latest_revision(folder, month), last_closed(folder, month), last_closed(folder, before))
    yield encode([failures(house, warehouse, period, now=now), fetch_notes(house, warehouse, period)])
    yield from map(_text, _reaching(house, warehouse, period))
    for name in ("coverage", "recent_coverage", "trend_coverage"):
        yield _text(warehouse.frame(f"marts/{name}", billing_period=month, first_period=first))
    yield _text(warehouse.frame("marts/coverage", billing_period=before))
    yield _text(warehouse.select("facts.quotas", billing_period=month))


def _reaching(house: House, warehouse: Warehouse, period: BillingPeriod) -> Iterator[polars.DataFrame]:
    """The snapshots that tell of the month or of those in its trend, and lie in the months around them."""
    summed = polars.DataFrame(sorted(snapshot_datasets(house)), schema=("connection", "dataset"), orient="row")
    before, after = str(period.shift(-TREND_MONTHS)), period.shift(1)
    reached_until = after.start + LONGEST_GAP + _MOST_BEHIND
    for frame in (
        warehouse.frame("marts/snapshot_files", first_period=before, billing_period=before),
        warehouse.frame("marts/reaching_files", billing_period=str(after), reached_until=reached_until),
    ):
        yield frame.join(summed.cast(polars.String), on=summed.columns, how="semi")


def _text(frame: polars.DataFrame) -> str:
    return frame.sort(polars.all()).write_csv(quote_style="non_numeric")


@cache
def _software_sha256() -> str:
    """Of the code itself, whatever its version says, with its queries, templates and messages, and of what computes.

    With the version that runs: another one may have been installed since this process began.
    """
    engines = [version(name) for name in ("duckdb", "polars")]
    digest = hashlib.sha256(encode([tallybook.__version__, *engines]).encode())
    for folder in (Path(tallybook.__file__).parent, root() / "queries", root() / "reports"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(folder)}\n{path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
