"""From raw files to staging tables and facts. One unit is replaced whole, atomically; a snapshot is only added.

A receipt is staged in one transaction, which also marks the months whose facts it makes stale; `facts.refresh_facts`
computes those again. Whatever a crash interrupts, the next run finishes.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain, groupby
from typing import Any

import pyarrow

from tallybook.contract import Cadence, Columns, Dataset, Parsed, Provider
from tallybook.cutting import side_by_side
from tallybook.errors import RefusedRowsError, SchemaError, StorageError, TallybookError
from tallybook.landing import RawFile, RawStore, Receipt, as_request
from tallybook.limits import give_back_memory
from tallybook.manifest import Entry, Manifest, touched_months
from tallybook.periods import is_plausible
from tallybook.statements import naive_utc
from tallybook.warehouse import Warehouse

_Part = tuple[str, pyarrow.Table, tuple[str, ...]]  # staging table, its rows, notes
_CLOCK_DOUBTED = "the clock of an answer is too far from ours (max_clock_error): ours says when it was"
_LONG_BYTES = 24_000_000  # an answer longer than this is read in parts, where its provider can
_MANY_ROWS = 250_000
_SNAPSHOT_BATCH = 500  # receipts of samples staged in one transaction


class Stager:
    """Loads receipts of one data directory into one warehouse."""

    def __init__(self, warehouse: Warehouse, store: RawStore, providers: dict[str, Provider]) -> None:
        self._warehouse = warehouse
        self._store = store
        self._providers = providers
        self._manifest = Manifest(warehouse)

    def load_pending(self, *, connection: str = "") -> list[Entry]:
        """Stage every receipt that the warehouse does not know, or those of one connection; what became of each."""
        known = self._manifest.known_receipts()
        pending = [self._store.receipt(name) for name in self._store.receipts(connection) if name not in known]
        staged: list[Entry] = []
        for receipts in _units(r for r in pending if r.provider in self._providers):
            cadence = Cadence(receipts[0].cadence)
            load = self._load_history if cadence is Cadence.HISTORY else self._load_snapshots
            staged += load(receipts)
            if sum(entry.row_count for entry in staged) > _MANY_ROWS:
                self._warehouse.give_back()  # the next unit needs as much
        return staged

    def _load_history(self, receipts: list[Receipt]) -> list[Entry]:
        """The newest receipt that can be read becomes the unit; older and late ones are only registered.

        The result is that of loading the receipts one by one: of several fetches with the same answers in a row,
        the first is staged and the others are unchanged.
        """
        entries = [self._fail(receipt, "failed", receipt.error) for receipt in receipts if receipt.error]
        fetched = [receipt for receipt in receipts if not receipt.error]
        late = [receipt for receipt in fetched if self._manifest.is_late(receipt)]
        in_time = [receipt for receipt in fetched if receipt not in late]
        runs = [list(run) for _, run in groupby(in_time, key=lambda receipt: receipt.inputs_sha256)]
        while runs:
            run = runs.pop()
            entries += self._stage_run(run, may_be_unchanged=not runs)
            if not entries[-1].error:
                break
        with self._warehouse.transaction():
            self._manifest.register(*(Entry(receipt, "superseded") for receipt in chain(late, *runs)))
        return entries

    def _stage_run(self, run: list[Receipt], *, may_be_unchanged: bool) -> list[Entry]:
        """Fetches with the same answers in a row: all can be read, or none."""
        first, *again = run
        is_unchanged = may_be_unchanged and self._manifest.is_unchanged(first)
        entry = self._repeat(first) if is_unchanged else self._stage_unit(first)
        if entry.error:
            return [entry, *(self._fail(receipt, entry.outcome, entry.error) for receipt in again)]
        return [entry, *(self._repeat(receipt) for receipt in again)]

    def _repeat(self, receipt: Receipt) -> Entry:
        entry = Entry(receipt, "unchanged")
        with self._warehouse.transaction():
            self._manifest.register(entry)
            self._manifest.touch_unit(receipt)
        return entry

    def _stage_unit(self, receipt: Receipt) -> Entry:
        try:
            dataset = self._dataset(receipt)
            with self._warehouse.transaction():
                for table in self._tables(receipt, dataset):
                    self._warehouse.delete(table, x_connection=receipt.connection, x_period=receipt.period)
                rows, notes = self._insert_files(receipt, dataset)
                entry = Entry(receipt, "staged", rows, notes)
                self._manifest.register(entry)
                self._manifest.replace_unit(receipt, rows)
                self._manifest.mark_stale(receipt, {receipt.period})
        except SchemaError as error:
            return self._fail(receipt, "unreadable", str(error))
        except (RefusedRowsError, pyarrow.ArrowException) as error:
            return self._fail(receipt, "unreadable", str(_unreadable(receipt, error)))
        return entry

    def _load_snapshots(self, receipts: list[Receipt]) -> list[Entry]:
        results: list[Entry] = []
        for start in range(0, len(receipts), _SNAPSHOT_BATCH):
            results += self._add_snapshots(receipts[start : start + _SNAPSHOT_BATCH])
        return results

    def _add_snapshots(self, receipts: list[Receipt]) -> list[Entry]:
        """Snapshots are added, never replaced: they can't be had again. One that does not fit spoils no other."""
        try:
            return self._add_together(receipts)
        except (RefusedRowsError, pyarrow.ArrowException) as error:
            if len(receipts) == 1:
                return [self._fail(receipts[0], "unreadable", str(_unreadable(receipts[0], error)))]
        half = len(receipts) // 2
        return self._add_snapshots(receipts[:half]) + self._add_snapshots(receipts[half:])

    def _add_together(self, receipts: list[Receipt]) -> list[Entry]:
        entries = []
        tables: dict[str, list[pyarrow.Table]] = {}
        captured: set[datetime] = set()
        for receipt in receipts:
            entry, parts = self._try_parse(receipt)
            entries.append(entry)
            captured |= {naive_utc(file.captured_at) for file in receipt.files} if parts else set()
            for name, table, _ in parts:
                tables.setdefault(name, []).append(table)
                captured |= set(table["x_captured_at"].unique().to_pylist())  # a body may carry its own time
        with self._warehouse.transaction():
            for name, parts_of_table in tables.items():
                self._warehouse.insert_stream(name, parts_of_table)
            self._manifest.register(*entries)
            self._manifest.mark_stale(receipts[-1], touched_months(captured))
            self._note_snapshots(entries)
        return entries

    def _note_snapshots(self, entries: list[Entry]) -> None:
        """The state of the unit after a batch: its last snapshot, and its last failure if that is not older."""
        for entry in [entry for entry in entries if entry.outcome == "staged"][-1:]:
            if not self._manifest.is_late(entry.receipt):
                self._manifest.replace_unit(entry.receipt, entry.row_count)
        for entry in [entry for entry in entries if entry.error][-1:]:
            self._manifest.note_error(entry.receipt, entry.error)

    def _fail(self, receipt: Receipt, outcome: str, error: str) -> Entry:
        """The unit keeps what it had, and says what went wrong since."""
        entry = Entry(receipt, outcome, error=error)
        with self._warehouse.transaction():
            self._manifest.register(entry)
            self._manifest.note_error(receipt, error)
        return entry

    def _insert_files(self, receipt: Receipt, dataset: Dataset) -> tuple[int, tuple[str, ...]]:
        """Parse side by side and stream the rows of the last table, the largest, meanwhile; the others follow."""
        *_, largest = self._tables(receipt, dataset)
        notes: list[str] = []
        waiting: dict[str, list[pyarrow.Table]] = {}

        def stream() -> Iterator[pyarrow.Table]:
            for name, table, said in chain.from_iterable(self._parsed(receipt, dataset)):
                notes.extend(said)
                if name == largest:
                    yield table
                else:
                    waiting.setdefault(name, []).append(table)

        rows = self._warehouse.insert_stream(largest, stream())
        rows += sum(self._warehouse.insert_stream(name, tables) for name, tables in waiting.items())
        return rows, _distinct(notes)

    def _try_parse(self, receipt: Receipt) -> tuple[Entry, list[_Part]]:
        """What a snapshot says; one that failed in part still says the rest, since it can't be had again."""
        parts: list[_Part] = []
        errors = [receipt.error] if receipt.error else []
        for answer in range(len(receipt.files)):
            try:
                parts += _parse(self._store, receipt, self._dataset(receipt), answer)
            except SchemaError as error:
                errors.append(str(error))
        if errors and not parts:
            return Entry(receipt, "failed" if receipt.error else "unreadable", error="; ".join(errors)), []
        rows = sum(table.num_rows for _, table, _ in parts)
        notes = _distinct(note for *_, notes in parts for note in notes)
        return Entry(receipt, "staged", rows, notes, "; ".join(errors)), parts

    def _parsed(self, receipt: Receipt, dataset: Dataset) -> Iterator[list[_Part]]:
        """All answers: the usual ones side by side, then long ones part by part."""
        sizes = [file.size_bytes for file in receipt.files]
        long = [answer for answer, size in enumerate(sizes) if dataset.parse_long and size > _LONG_BYTES]
        usual = (answer for answer in range(len(sizes)) if answer not in long)
        read = partial(_parse, self._store, receipt, dataset)
        for parsed in side_by_side(read, usual, size=sizes.__getitem__):
            yield parsed.result()
        for answer in long:
            yield from _parse_long(self._store, receipt, dataset, answer)
            give_back_memory()

    def _dataset(self, receipt: Receipt) -> Dataset:
        try:
            return self._providers[receipt.provider].dataset(receipt.dataset)
        except KeyError as error:
            raise _unreadable(receipt, SchemaError("this version knows no such dataset")) from error

    def _tables(self, receipt: Receipt, dataset: Dataset) -> list[str]:
        return [f"staging.{receipt.provider}_{table}" for table in dataset.tables]


def _units(receipts: Iterable[Receipt]) -> list[list[Receipt]]:
    """Receipts by unit, each unit's in the order they were fetched."""
    units: dict[tuple[str, ...], list[Receipt]] = {}
    for receipt in receipts:
        unit = (receipt.connection, receipt.provider, receipt.dataset, receipt.period)
        units.setdefault(unit, []).append(receipt)
    return [sorted(unit, key=lambda receipt: receipt.fetched_at) for unit in units.values()]


def _stamped(columns: Columns, stamps: Mapping[str, Any]) -> pyarrow.Table:
    rows = len(next(iter(columns.values())))
    # in one go: adding columns one by one took most of the time of a small answer
    return pyarrow.table({**columns, **{name: pyarrow.repeat(value, rows) for name, value in stamps.items()}})


def _stamps(parsed: Parsed, receipt: Receipt, dataset: Dataset, answer: int) -> dict[str, Any]:
    """Where the rows of an answer come from: of a history its number, since its unit holds one receipt."""
    file = receipt.files[answer]
    if dataset.cadence is Cadence.HISTORY:
        origin = {"x_answer": pyarrow.scalar(answer, pyarrow.int32())}
    else:
        origin = {"x_receipt": receipt.id, "x_raw_sha256": file.sha256}
    captured_at = pyarrow.scalar(naive_utc(parsed.captured_at or file.captured_at), pyarrow.timestamp("us"))
    return {"x_connection": receipt.connection, "x_period": receipt.period, "x_captured_at": captured_at, **origin}


def unreadable(store: RawStore, provider: Provider, receipt: Receipt) -> list[str]:
    """What is wrong with answers that landed, as staging would say it, without a warehouse."""
    problems = []
    for answer in range(len(receipt.files)):
        try:
            _parse(store, receipt, provider.dataset(receipt.dataset), answer)
        except SchemaError as error:
            problems.append(str(error))
    return problems


def _parse(store: RawStore, receipt: Receipt, dataset: Dataset, answer: int) -> list[_Part]:
    file = receipt.files[answer]
    body = store.read(receipt, file)
    try:
        return _parts(dataset.parse(body, as_request(file)), receipt, dataset, answer)
    except Exception as error:  # whatever an answer does to us, it does to its own unit only
        raise _unreadable(receipt, error, path=file.path) from error


def _parse_long(store: RawStore, receipt: Receipt, dataset: Dataset, answer: int) -> Iterator[list[_Part]]:
    file = receipt.files[answer]
    assert dataset.parse_long  # noqa: S101 - it is what makes an answer a long one
    try:
        for parsed in dataset.parse_long(lambda: store.stream(receipt, file), as_request(file)):
            yield _parts(parsed, receipt, dataset, answer)
    except Exception as error:
        raise error if isinstance(error, StorageError) else _unreadable(receipt, error, path=file.path) from error


def _parts(parsed: Parsed, receipt: Receipt, dataset: Dataset, answer: int) -> list[_Part]:
    file = receipt.files[answer]
    _refuse_other_times(parsed, file)
    notes = (*parsed.notes, *([_CLOCK_DOUBTED] if file.is_clock_doubted else []))
    prefix, stamps = f"staging.{receipt.provider}_", _stamps(parsed, receipt, dataset, answer)
    return [(prefix + name, _stamped(columns, stamps), notes) for name, columns in parsed.tables.items()]


def _refuse_other_times(parsed: Parsed, file: RawFile) -> None:
    """Raise SchemaError for a body that says it is of a time that cannot be: nobody knows which hours it counts for."""
    told = parsed.captured_at
    if told is not None and not is_plausible(told, ours=file.captured_at):
        raise SchemaError(
            f"it says it is of {told:%Y-%m-%d %H:%M:%S} UTC and was captured at {file.captured_at:%Y-%m-%d %H:%M:%S}: "
            "a clock is wrong, this machine's or the provider's, so that it is not counted; set it right"
        )


def _unreadable(receipt: Receipt, error: Exception, *, path: str = "") -> SchemaError:
    where = f"{receipt.connection} {receipt.dataset} {receipt.period}: " + (f"{path}: " if path else "")
    what = f"the answer cannot be used ({type(error).__name__}: {error})"
    if isinstance(error, TallybookError):
        what = str(error)
    return SchemaError(
        f"{where}{what}; the raw file is kept, and a version that knows this form can read it with 'tallybook rebuild'"
    )


def _distinct(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
