"""Raw files: the provider's own bytes, compressed, immutable, named by content hash.

    raw/<connection>/<dataset>/<period>/<sha256>.zst        a body
    raw/<connection>/<dataset>/<period>/<stamp>.receipt.json  what was asked, when, and which bodies answered

A receipt is written last and atomically: a unit was fetched if and only if its receipt is there. A failed fetch
leaves a receipt that says so. Everything in the warehouse can be rebuilt from this folder.
"""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import msgspec
import zstandard

from tallybook.contract import Request
from tallybook.decode import decode, encode
from tallybook.errors import ROOM, StorageError

RECEIPT_SUFFIX = ".receipt.json"
_STALE_SECONDS = 86_400
_PIECE_BYTES = 2**20
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_LEVEL = 1  # of zstd: takes a third less time than level 3, and answers of JSON get no longer by it


class RawFile(msgspec.Struct, frozen=True):
    """One landed answer and what was asked. Holds no header and no credential, only the credential's label."""

    kind: str
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    json: str  # the JSON body that was sent, "" without one
    asked: Mapping[str, str]
    credential: str
    status: int
    sha256: str
    size_bytes: int
    captured_at: datetime
    is_clock_doubted: bool = False  # the answer's `Date` could not be, so that our clock says when it was captured


class Receipt(msgspec.Struct, frozen=True, dict=True):
    """One fetch of one unit. `error` is "" when all of it landed.

    A history that failed has no files; a snapshot that failed has those that landed.
    """

    provider: str
    connection: str
    dataset: str
    cadence: str
    period: str
    fetched_at: datetime
    files: tuple[RawFile, ...]
    error: str = ""

    @cached_property  # each of its files, of which there may be thousands, is stamped with it
    def id(self) -> str:
        """Unique in the store, sortable by time within a unit; two fetches at one instant differ in content."""
        stamp = self.fetched_at.astimezone(UTC).strftime(_STAMP)
        content = hashlib.sha256(f"{self.inputs_sha256} {self.error}".encode()).hexdigest()
        return f"{self.connection}/{self.dataset}/{self.period}/{stamp}-{content[:8]}"

    @cached_property
    def inputs_sha256(self) -> str:
        """The same for the same questions and answers, whenever they were fetched."""
        digest = hashlib.sha256()
        for line in sorted(_input_line(file) for file in self.files):
            digest.update(line)
        return digest.hexdigest()


def _input_line(file: RawFile) -> bytes:
    question = (file.kind, file.method, file.path, file.params, file.json, file.credential)
    return msgspec.json.encode((question, file.sha256)) + b"\n"


@dataclass(frozen=True, slots=True)
class RawStore:
    """The folder `raw/` of a data directory."""

    root: Path

    def land(self, connection: str, dataset: str, period: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Write a body as it streams in; returns (sha256, bytes). Nothing is left when writing fails."""
        folder = self._folder(connection, dataset, period)
        digest, size = hashlib.sha256(), 0
        with writing(folder) as temporary:
            with temporary.open("wb") as file:
                with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as out:
                    for chunk in chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        out.write(chunk)
                file.flush()
                os.fsync(file.fileno())  # a receipt must never outlive its bodies
            temporary.replace(folder / f"{digest.hexdigest()}.zst")
        return digest.hexdigest(), size

    def read(self, receipt: Receipt, file: RawFile) -> bytes:
        """A body, checked against its hash. Raises StorageError when it is gone or was changed."""
        unit = (receipt.connection, receipt.dataset, receipt.period)
        return self.read_body(*unit, file.sha256, size_bytes=file.size_bytes)

    def read_body(self, connection: str, dataset: str, period: str, sha256: str, *, size_bytes: int) -> bytes:
        """The same, by the names of its unit; with its length it is unpacked in one go."""
        path = self.body_path(connection, dataset, period, sha256)
        try:
            packed = path.read_bytes()
            body: bytes = zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(1, size_bytes))
        except (OSError, zstandard.ZstdError) as error:
            raise _unreadable(path, error) from error
        _check(path, hashlib.sha256(body).hexdigest(), sha256)
        return body

    def stream(self, receipt: Receipt, file: RawFile) -> Iterator[bytes]:
        """A body piece by piece; StorageError, at the end, when it was changed."""
        path = self.body_path(receipt.connection, receipt.dataset, receipt.period, file.sha256)
        digest = hashlib.sha256()
        try:
            with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as body:
                while piece := body.read(_PIECE_BYTES):
                    digest.update(piece)
                    yield piece
        except (OSError, zstandard.ZstdError) as error:
            raise _unreadable(path, error) from error
        _check(path, digest.hexdigest(), file.sha256)

    def write_receipt(self, receipt: Receipt) -> None:
        """Make a fetch count, at once."""
        folder, name = self.root / receipt.id.rsplit("/", 1)[0], receipt.id.rsplit("/", 1)[1]
        with writing(folder) as temporary:
            _sweep(folder)
            with temporary.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(folder / f"{name}{RECEIPT_SUFFIX}")

    def receipts(self, connection: str = "") -> Iterator[str]:
        """The ids of all receipts, or of those of one connection, sorted by unit and time."""
        paths = self.root.glob(f"{connection or '*'}/*/*/*{RECEIPT_SUFFIX}")
        yield from sorted(path.relative_to(self.root).as_posix().removesuffix(RECEIPT_SUFFIX) for path in paths)

    def receipt(self, receipt_id: str) -> Receipt:
        """Read a receipt by its id."""
        path = self.receipt_path(receipt_id)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Receipt)
        except (OSError, msgspec.DecodeError) as error:
            raise StorageError(f"receipt {path} cannot be read ({error}); restore it from the backup") from error

    def body_path(self, connection: str, dataset: str, period: str, sha256: str) -> Path:
        """Where a body lies, compressed; the hash is of what it unpacks to."""
        return self._folder(connection, dataset, period) / f"{sha256}.zst"

    def receipt_path(self, receipt_id: str) -> Path:
        """Where a receipt lies."""
        return self.root / f"{receipt_id}{RECEIPT_SUFFIX}"

    def _folder(self, connection: str, dataset: str, period: str) -> Path:
        return self.root / connection / dataset / period


def _unreadable(path: Path, error: Exception) -> StorageError:
    return StorageError(f"raw file {path} cannot be read ({error}); restore it from the backup")


def _check(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise StorageError(f"raw file {path} was changed: its hash differs; restore it from the backup")


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A temporary file in `folder`, removed when the block fails. Raises StorageError on a full or read-only disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".tmp-")
        os.close(handle)
    except OSError as error:
        raise disk_error(folder, error) from error
    temporary = Path(name)
    try:
        yield temporary
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that becomes `target` when the block succeeds, and is removed when not."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".tmp-"))
    except OSError as error:
        raise disk_error(target.parent, error) from error
    try:
        yield temporary
        temporary.chmod(0o755)  # mkdtemp's folder is for its owner only; reports are for readers
        temporary.rename(target)
    except OSError as error:
        raise disk_error(target.parent, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half-written; a day is longer than anybody writes."""
    for left in folder.glob(".tmp-*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if left.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def disk_error(folder: Path, error: OSError) -> StorageError:
    """What to tell the user when a folder cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = f"the disk is full{_left(folder)}: free {ROOM} and run it again"
    else:
        advice = "check that the folder exists and may be written"
    return StorageError(f"cannot write to {folder} ({error.strerror or error}); {advice}; nothing was changed")


def _left(folder: Path) -> str:
    """What is left on the disk of a folder; "" when nobody can say."""
    try:
        return f", with {shutil.disk_usage(folder).free // 2**20} MiB left"
    except OSError:
        return ""


def as_request(file: RawFile) -> Request:
    """The question of a raw file, as its provider's `plan` asked it."""
    return Request(
        kind=file.kind,
        path=file.path,
        params=file.params,
        method=file.method,
        json=decode(file.json.encode(), dict) if file.json else None,
        asked=file.asked,
        credential=file.credential,
    )


def as_raw_file(
    request: Request,
    *,
    status: int,
    sha256: str,
    size_bytes: int,
    captured_at: datetime,
    is_clock_doubted: bool = False,
) -> RawFile:
    """A landed answer for a receipt."""
    return RawFile(
        kind=request.kind,
        method=request.method,
        path=request.path,
        params=request.params,
        json="" if request.json is None else encode(request.json),
        asked=dict(request.asked),
        credential=request.credential,
        status=status,
        sha256=sha256,
        size_bytes=size_bytes,
        captured_at=captured_at,
        is_clock_doubted=is_clock_doubted,
    )
