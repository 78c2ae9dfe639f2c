"""Which backfills are under way, and where an interrupted one goes on.

    backfills/<id>/backfill.json   the months it has to do, what it asks for, and when it began
    backfills/<id>/lock            held by the process that carries it out; however that ends, it is free again
    backfills/<id>/<month>.json    what became of a month, written when that month is done

The folder is removed when a backfill ends. One that is there and that nobody holds was killed: the same backfill,
asked for again, goes on with the months that are not done.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import filelock
import msgspec

from tallybook.decode import decode
from tallybook.errors import StorageError, TallybookError, UsageError
from tallybook.landing import disk_error, writing
from tallybook.periods import BillingPeriod, months_between

T = TypeVar("T")
_KEPT = timedelta(days=1)  # after so long a killed backfill says nothing of today: it begins anew
_HEAD = "backfill.json"


class Backfill(msgspec.Struct, frozen=True):
    """What is asked for: months from `first` to `last`, both included; `only` is missing, failed or all."""

    first: str
    last: str
    only: str
    connections: tuple[str, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """As people and refusals call it."""
        return f"backfill {self.first} to {self.last}"

    @property
    def months(self) -> list[BillingPeriod]:
        """Its months, oldest first; UsageError when they are the wrong way round."""
        first, last = (BillingPeriod(int(month[:4]), int(month[5:])) for month in (self.first, self.last))
        return months_between(first, last)

    def is_same(self, other: "Backfill") -> bool:
        """Whether it asks for the same; the reason may be another."""
        return msgspec.structs.replace(self, reason="") == msgspec.structs.replace(other, reason="")


class _Head(msgspec.Struct, frozen=True):
    backfill: Backfill
    months: tuple[str, ...]
    run_id: str
    started_at: datetime
    held_at: datetime


class MonthResult(msgspec.Struct, frozen=True):
    """What became of one dataset of a month: done, unchanged, failed or cannot; or of its report (`dataset` report).

    `revision` is the month's newest, `report` the path of its page, on the row of the report.
    """

    month: str
    connection: str
    dataset: str
    outcome: str
    revision: str
    report: str
    message: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A backfill that this process carries out.

    `started_at` is when it began first, before any interruption; `interrupted` is the run that was, empty without one.
    """

    folder: Path
    months: tuple[str, ...]
    started_at: datetime
    interrupted: str

    @property
    def id(self) -> str:
        return self.folder.name

    def result(self, month: str) -> tuple[MonthResult, ...] | None:
        """What became of a month; None while it is not done."""
        path = self.folder / f"{month}.json"
        return _read(path, tuple[MonthResult, ...]) if path.exists() else None

    def note(self, month: str, results: Sequence[MonthResult]) -> None:
        """Say that a month is done."""
        _write(self.folder / f"{month}.json", list(results))


@contextmanager
def registered(
    data_dir: Path, backfill: Backfill, months: Sequence[str], *, run_id: str, now: datetime
) -> Iterator[Journal]:
    """Hold a backfill of these months, alone over its range; an interrupted one of the same kind goes on.

    Raises UsageError naming the backfill under way that overlaps, StorageError when the disk refuses.
    """
    journal, lock = _register(data_dir / "backfills", backfill, months, run_id=run_id, now=now)
    try:
        yield journal
        shutil.rmtree(journal.folder, ignore_errors=True)
    finally:
        lock.release()


def resumed_since(data_dir: Path, backfill: Backfill, *, now: datetime) -> datetime | None:
    """When the same backfill began that was killed since; None when there is none to go on with.

    Raises UsageError naming the backfill under way that overlaps.
    """
    if not (data_dir / "backfills").is_dir():
        return None
    with _alone(data_dir / "backfills") as folders:
        _refuse_overlap(folders, backfill)
        found = _interrupted(folders, backfill, now=now)
    return found[1].started_at if found else None


def _register(
    root: Path, backfill: Backfill, months: Sequence[str], *, run_id: str, now: datetime
) -> tuple[Journal, filelock.BaseFileLock]:
    with _alone(root) as folders:
        _refuse_overlap(folders, backfill)
        found = _interrupted(folders, backfill, now=now)
        if found:
            (folder, old), interrupted = found, found[1].run_id
            together = tuple(sorted({*old.months, *months}))
            head = msgspec.structs.replace(old, months=together, run_id=run_id, held_at=now)
        else:
            identity = hashlib.sha256(f"{backfill.name} {backfill.only} {run_id} {now.isoformat()}".encode())
            folder, interrupted = root / identity.hexdigest()[:12], ""
            head = _Head(backfill, tuple(months), run_id, now, now)
        _write(folder / _HEAD, head)
        lock = filelock.FileLock(folder / "lock", thread_local=False)
        lock.acquire(timeout=0)
    return Journal(folder, head.months, head.started_at, interrupted), lock


def _refuse_overlap(folders: Sequence[Path], backfill: Backfill) -> None:
    wanted = {str(month) for month in backfill.months}
    for folder in folders:
        head = _read(folder / _HEAD, _Head)
        both = sorted(wanted & {str(month) for month in head.backfill.months})
        if both and _is_held(folder):
            run = f", run {head.run_id}" if head.run_id else ""
            raise UsageError(
                f"{backfill.name} overlaps {head.backfill.name!r}, which has {', '.join(both)} in hand since "
                f"{head.held_at:%Y-%m-%d %H:%M} UTC{run}: wait for it to end or cancel it, or leave these months out"
            )


def _interrupted(folders: Sequence[Path], backfill: Backfill, *, now: datetime) -> tuple[Path, _Head] | None:
    """The same backfill that was killed within the last day; older leftovers are removed."""
    found = None
    for folder in folders:
        if not _is_held(folder):
            head = _read(folder / _HEAD, _Head)
            if now - head.held_at > _KEPT:
                shutil.rmtree(folder, ignore_errors=True)
            elif head.backfill.is_same(backfill):
                found = folder, head
    return found


def _is_held(folder: Path) -> bool:
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    lock.release()
    return False


@contextmanager
def _alone(root: Path) -> Iterator[list[Path]]:
    """The folders of all backfills, while no other process registers one."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(root / "lock"):
            yield sorted(path.parent for path in root.glob(f"*/{_HEAD}"))
    except OSError as error:
        raise disk_error(root, error) from error


def _write(path: Path, value: object) -> None:
    with writing(path.parent) as temporary:
        temporary.write_bytes(msgspec.json.encode(value))
        temporary.replace(path)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, TallybookError) as error:
        raise StorageError(f"{path} cannot be read ({error}); remove its folder and begin the backfill anew") from error
