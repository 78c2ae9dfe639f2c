"""collect, sample, check and rebuild: everything from the providers to the facts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tallybook.contract import Cadence, Dataset, Provider
from tallybook.errors import ProviderError, UsageError
from tallybook.landing import RawStore, Receipt
from tallybook.manifest import Entry
from tallybook.periods import BillingPeriod
from tallybook.pipeline.fetching import Line, Watcher, fetch_unit, ignore_progress, open_lines, probe
from tallybook.pipeline.house import Connection, House, begun, load, load_connection
from tallybook.staging import unreadable
from tallybook.statements import aware_utc
from tallybook.warehouse import remake_warehouse

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What became of a unit: done, unchanged, failed, or cannot (it can only be asked about now)."""

    connection: str
    dataset: str
    period: str
    outcome: str
    rows: int = 0
    message: str = ""


class FetchError(ProviderError):
    """What failed in a fetch, with the receipts of all that was asked for; both pass from one process to another."""

    def __init__(self, message: str, receipts: Sequence[Receipt] = ()) -> None:
        super().__init__(message)
        self.receipts = receipts


def collect(
    house: House,
    period: BillingPeriod,
    *,
    clock: Clock,
    connections: Sequence[str] = (),
    datasets: Sequence[str] = (),
    watch: Watcher = ignore_progress,
) -> list[UnitResult]:
    """Fetch, land and stage one month. A unit that fails leaves what was there before.

    Raises UsageError for a month that has not begun and for unknown names, StorageError for a full disk.
    """
    receipts = fetch(house, period, clock=clock, connections=connections, datasets=datasets, watch=watch)
    return settle(house, period, receipts, clock=clock, connections=connections, datasets=datasets)


def fetch(
    house: House,
    period: BillingPeriod,
    *,
    clock: Clock,
    connections: Sequence[str] = (),
    datasets: Sequence[str] = (),
    watch: Watcher = ignore_progress,
) -> list[Receipt]:
    """Fetch and land what can be asked about a month; the warehouse is not touched."""
    begun(period, now=clock())
    chosen = house.chosen(connections)
    _refuse_unknown(datasets, chosen)
    askable = _askable(period, clock())

    def selects(dataset: Dataset) -> bool:
        return dataset.cadence in askable and (not datasets or dataset.name in datasets)

    return _fetch(house, chosen, period, selects=selects, clock=clock, watch=watch)


def stage(house: House, connection: str) -> list[Entry]:
    """Stage what one connection landed; in a shared warehouse beside others who do the same for theirs."""
    with house.warehouse([connection]) as warehouse:
        return load_connection(house, warehouse, connection)


def settle(
    house: House,
    period: BillingPeriod,
    receipts: Sequence[Receipt],
    *,
    clock: Clock,
    connections: Sequence[str] = (),
    datasets: Sequence[str] = (),
    staged: Sequence[Entry] = (),
) -> list[UnitResult]:
    """Stage all that landed, and say what became of these receipts and of what could not be asked.

    `staged` is what was staged of it before.
    """
    with house.warehouse() as warehouse:
        now = clock()
        staged = [*staged, *load(house, warehouse, now=now, periods=[period])]
        units = warehouse.select("landing.units").to_dicts()
    held = {(unit["connection"], unit["provider"], unit["dataset"], unit["period"]): unit for unit in units}
    results = [_result(receipt, staged, held, store=house.store, now=now) for receipt in receipts]
    results += _cannot(house.chosen(connections), period, datasets, askable=_askable(period, clock()))
    return sorted(results, key=lambda result: (result.connection, result.dataset))


def sample(
    house: House,
    *,
    clock: Clock,
    connections: Sequence[str] = (),
    watch: Watcher = ignore_progress,
) -> list[Receipt]:
    """One snapshot of every connection that can only be asked about now. Lands raw files and nothing else.

    The warehouse is not touched, so a sample never waits for a report; the next collect or report stages it. `error`
    of a receipt also says that what landed cannot be used: it is kept, and as good as not taken.
    """
    providers = {settings.name: provider for settings, provider in house.connections}
    with sampler(house, connections=connections, watch=watch) as take:
        return [_with_problems(house, providers[receipt.connection], receipt) for receipt in take(clock)]


def _with_problems(house: House, provider: Provider, receipt: Receipt) -> Receipt:
    problems = [receipt.error, *unreadable(house.store, provider, receipt)]
    return msgspec.structs.replace(receipt, error="; ".join(filter(None, problems)))


@contextmanager
def sampler(
    house: House, *, connections: Sequence[str] = (), watch: Watcher = ignore_progress
) -> Iterator[Callable[[Clock], list[Receipt]]]:
    """A function that takes one snapshot a call, over lines that stay open between calls."""
    chosen = [pair for pair in house.chosen(connections) if _is_sampled(pair[1])]

    def selects(dataset: Dataset) -> bool:
        return dataset.cadence is not Cadence.HISTORY

    with open_lines(chosen, house.settings.read_secret) as lines:

        def take(clock: Clock) -> list[Receipt]:
            for line in lines:
                line.answers.clear()  # what was true at the last snapshot says nothing about this one
            period = BillingPeriod.containing(clock())
            return _fetch_lines(house, lines, period, selects=selects, clock=clock, watch=watch)

        yield take


def check(house: House, *, clock: Clock) -> dict[str, str]:
    """Ask every connection a question with each of its credentials; returns "" or what went wrong, by name."""
    with open_lines(house.connections, house.settings.read_secret) as lines:
        return {line.settings.name: "; ".join(probe(line, now=clock())) for line in lines}


def rebuild(house: House, *, clock: Clock) -> list[Entry]:
    """Make the warehouse anew from the raw files. The old one stays until the new one is complete."""
    settings = house.settings
    if settings.lake:
        raise UsageError(
            "a DuckLake is not rebuilt in place: name an empty one, and the next command fills it from raw/"
        )
    return remake_warehouse(
        settings.data_dir, lambda warehouse: load(house, warehouse, now=clock()), limits=settings.limits
    )


def _fetch(
    house: House,
    chosen: Sequence[Connection],
    period: BillingPeriod,
    *,
    selects: Callable[[Dataset], bool],
    clock: Clock,
    watch: Watcher,
) -> list[Receipt]:
    with open_lines(chosen, house.settings.read_secret) as lines:
        return _fetch_lines(house, lines, period, selects=selects, clock=clock, watch=watch)


def _fetch_lines(
    house: House,
    lines: Sequence[Line],
    period: BillingPeriod,
    *,
    selects: Callable[[Dataset], bool],
    clock: Clock,
    watch: Watcher,
) -> list[Receipt]:
    """All units of all lines, the lines side by side."""

    def fetch_connection(line: Line) -> list[Receipt]:
        return [
            fetch_unit(line, dataset, period, store=house.store, now=clock, watch=watch)
            for dataset in line.provider.datasets
            if selects(dataset)
        ]

    if not lines:
        return []
    pool, waits = ThreadPoolExecutor(len(lines)), True
    try:
        return [receipt for receipts in pool.map(fetch_connection, lines) for receipt in receipts]
    except KeyboardInterrupt:
        waits = False  # nobody who stops a collect waits for a provider that does not answer
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=True)


def _result(
    receipt: Receipt,
    staged: Iterable[Entry],
    units: Mapping[tuple[str, str, str, str], Mapping[str, Any]],
    *,
    store: RawStore,
    now: datetime,
) -> UnitResult:
    """What became of a receipt; one that changed nothing has the rows that the unit holds."""
    unit = units.get((receipt.connection, receipt.provider, receipt.dataset, receipt.period), {})
    became = next((item for item in staged if item.receipt.id == receipt.id), None)
    error = receipt.error or (became.error if became else _of_the_future(receipt, unit, store=store, now=now))
    outcome = "failed" if error else "unchanged" if became and became.outcome == "unchanged" else "done"
    return UnitResult(
        connection=receipt.connection,
        dataset=receipt.dataset,
        period=receipt.period,
        outcome=outcome,
        rows=(unit.get("row_count") or 0) if outcome == "unchanged" else became.row_count if became else 0,
        message=error,
    )


def _of_the_future(receipt: Receipt, unit: Mapping[str, Any], *, store: RawStore, now: datetime) -> str:
    """Why a fetch does not count that is older than one which cannot have been made yet; "" for any other."""
    fetched_at = unit.get("fetched_at")
    if fetched_at is None or aware_utc(fetched_at) <= now:
        return ""
    return (
        f"{receipt.connection} {receipt.dataset} {receipt.period}: landed and not counted, since what is there counts "
        f"as fetched at {fetched_at:%Y-%m-%d %H:%M} UTC, which has not come: this machine's clock was wrong. Set it "
        f"right, move {store.receipt_path(unit['receipt'])} away and run 'tallybook rebuild'"
    )


def _askable(period: BillingPeriod, now: datetime) -> frozenset[Cadence]:
    """What can be asked about a month: levels only while it is the current one, samples only by `sample`."""
    if period == BillingPeriod.containing(now):
        return frozenset({Cadence.HISTORY, Cadence.CAPTURED})
    return frozenset({Cadence.HISTORY})


def _cannot(
    chosen: Sequence[Connection], period: BillingPeriod, datasets: Sequence[str], *, askable: frozenset[Cadence]
) -> list[UnitResult]:
    """The datasets that a collect can't ask for this month, with the reason."""
    reasons = {
        Cadence.SAMPLED: "can only be asked about now: 'tallybook sample' does, on its schedule",
        Cadence.CAPTURED: "can only be asked about now, not about a month that is over",
    }
    return [
        UnitResult(settings.name, dataset.name, str(period), "cannot", message=reasons[dataset.cadence])
        for settings, provider in chosen
        for dataset in provider.datasets
        if dataset.cadence not in askable and (not datasets or dataset.name in datasets)
    ]


def _is_sampled(provider: Provider) -> bool:
    return any(dataset.cadence is Cadence.SAMPLED for dataset in provider.datasets)


def _refuse_unknown(datasets: Sequence[str], chosen: Sequence[Connection]) -> None:
    known = sorted({dataset.name for _, provider in chosen for dataset in provider.datasets})
    for name in datasets:
        if name not in known:
            raise UsageError(f"no dataset {name!r} at the chosen connections; known: {', '.join(known)}")
