"""What a delivery is: a published revision as a parcel, and what a kind of delivery does with it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tallybook.credentials import SecretReader
from tallybook.delivery.notice import Notice
from tallybook.documents.values import Status
from tallybook.errors import DeliveryError
from tallybook.settings import DeliverySettings

MANIFEST = "manifest.json"


class TryAgainError(Exception):
    """A failure that may pass; `wait_seconds` is how long the other side asked to wait, when it did."""

    def __init__(self, problem: str, wait_seconds: float | None = None) -> None:
        super().__init__(problem)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class ParcelFile:
    """One file of a revision: its path below the revision's folder, and what its manifest says of it."""

    path: str
    source: Path
    sha256: str
    size_bytes: int
    media_type: str

    def check(self) -> Path:
        """Where it lies. Raises DeliveryError when it is gone or is not what was published."""
        try:
            with self.source.open("rb") as body:
                digest = hashlib.file_digest(body, "sha256").hexdigest()
        except OSError as error:
            raise DeliveryError(
                f"{self.source} cannot be read ({error.strerror}); restore it from the backup"
            ) from None
        if digest != self.sha256:
            raise DeliveryError(f"{self.source} was changed since it was published; restore it from the backup")
        return self.source


@dataclass(frozen=True, slots=True)
class Parcel:
    """A published revision on its way by one delivery. `copy` counts how often it was asked for, from 1.

    A test is marked as one wherever it arrives.
    """

    delivery: str
    month: str
    revision: int
    status: Status
    notice: Notice
    files: tuple[ParcelFile, ...]
    manifest: ParcelFile
    at: datetime
    reports_url: str = ""
    copy: int = 1
    is_test: bool = False

    @property
    def sha256(self) -> str:
        """The hash of the manifest, which has those of all files."""
        return self.manifest.sha256

    @property
    def place(self) -> str:
        """The revision's folder below that of all reports: `2026-10/r02`."""
        return f"{self.month}/r{self.revision:02d}"

    def address(self, path: str) -> str:
        """Where readers find a file; its path below the folder of reports when nobody serves them."""
        return f"{self.reports_url}/{self.place}/{quote(path)}" if self.reports_url else f"{self.place}/{path}"

    def chosen(self, patterns: Sequence[str]) -> tuple[ParcelFile, ...]:
        """The files whose path matches a pattern such as `tables/*.csv`. DeliveryError when none does."""
        found = tuple(file for file in self.files if any(fnmatchcase(file.path, one) for one in patterns))
        if not found:
            raise DeliveryError(f"no file of {self.place} matches files = {list(patterns)}; {MANIFEST} lists them")
        return found


@dataclass(frozen=True, slots=True)
class Means:
    """What a kind works with: the reader of secrets, and the folder that relative paths begin at."""

    read_secret: SecretReader
    base: Path


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it, for the receipt: where it went, what it is known by there, and who was refused."""

    target: str
    reference: str = ""
    refused: tuple[str, ...] = ()
    files: tuple[ParcelFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to deliver. `send` sends once; it raises TryAgainError for what may pass, else DeliveryError."""

    settings: type[DeliverySettings]
    send: Callable[[Any, Parcel, Means], Sent]
