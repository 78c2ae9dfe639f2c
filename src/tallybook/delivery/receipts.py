"""Receipts of deliveries, beside the reports and not in them: a revision is never changed.

deliveries/<month>/rNN/<name>.json      in the data directory; of the second copy <name>.2.json

A receipt is written after the sending, whole or not at all. A process that is killed between the two sends again:
each delivery arrives at least once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock
import msgspec

from tallybook.delivery.contract import Parcel, Sent
from tallybook.errors import StorageError
from tallybook.landing import disk_error, writing


class DeliveredFile(msgspec.Struct, frozen=True):
    """One file that was handed over."""

    path: str
    sha256: str
    size_bytes: int


class Receipt(msgspec.Struct, frozen=True):
    """That a revision was delivered: what, when and where to. No secret is in it; of a webhook it names the host."""

    delivery: str
    kind: str
    billing_period: str
    revision: int
    status: str
    manifest_sha256: str  # it counts for this revision only
    copy: int  # 1, and one more for each time that it was asked for again
    delivered_at: datetime
    target: str
    reference: str  # what it is known by there, as a Message-ID
    refused: tuple[str, ...]  # recipients whom the server did not take
    files: tuple[DeliveredFile, ...]
    run_id: str  # of the orchestrator; "" outside it


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of one revision, in `folder`."""

    folder: Path

    @contextmanager
    def alone(self, name: str, *, wait_seconds: float) -> Iterator[None]:
        """Deliver by `name` in this process only. Raises StorageError when another one takes too long."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / f".{name}.lock")
            lock.acquire(timeout=wait_seconds)
        except filelock.Timeout:
            raise StorageError("another tallybook process is at it; wait for it to end") from None
        except OSError as error:
            raise disk_error(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def last(self, name: str) -> Receipt | None:
        """The receipt of the last copy; StorageError when it cannot be read."""
        copy = self.copies(name)
        return self._read(self._path(name, copy)) if copy else None

    def copies(self, name: str) -> int:
        """How many copies were delivered."""
        copy = 0
        while self._path(name, copy + 1).exists():
            copy += 1
        return copy

    def write(self, parcel: Parcel, kind: str, sent: Sent, *, run_id: str) -> None:
        """Make a delivery count, at once. Raises StorageError on a full disk."""
        receipt = Receipt(
            delivery=parcel.delivery,
            kind=kind,
            billing_period=parcel.month,
            revision=parcel.revision,
            status=parcel.status,
            manifest_sha256=parcel.sha256,
            copy=parcel.copy,
            delivered_at=parcel.at,
            target=sent.target,
            reference=sent.reference,
            refused=sent.refused,
            files=tuple(DeliveredFile(file.path, file.sha256, file.size_bytes) for file in sent.files),
            run_id=run_id,
        )
        with writing(self.folder) as temporary:
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n")
            temporary.replace(self._path(parcel.delivery, parcel.copy))

    def _path(self, name: str, copy: int) -> Path:
        return self.folder / (f"{name}.json" if copy == 1 else f"{name}.{copy}.json")

    def _read(self, path: Path) -> Receipt:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Receipt)
        except (OSError, msgspec.DecodeError) as error:
            raise StorageError(f"receipt {path} cannot be read ({error}); restore it from the backup") from error
