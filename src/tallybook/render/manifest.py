"""The manifest of a published revision: what it was made from, by what, and what it consists of."""

from dataclasses import dataclass
from datetime import datetime

from tallybook.documents.values import Status


@dataclass(frozen=True, slots=True)
class ManifestInput:
    """One input of a revision by the hash of its content: a unit of raw files, a book, or settings."""

    kind: str  # unit, book or settings
    name: str  # connection/dataset/period, the book's file name, or whose settings
    sha256: str
    fetched_at: datetime | None  # None for books and settings
    rows: int | None  # None where rows are not counted


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a revision, its path relative to the manifest."""

    path: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A published revision: status and reason, inputs, versions, run, and the hash of every file."""

    schema_version: str
    billing_period: str
    revision: int
    status: Status
    language: str  # of the pages and the spreadsheet
    reason: str  # why it was made or closed; empty when nobody gave one
    accepted_gaps: str  # why it was closed although part of it was not seen; empty without such gaps
    generated_at: datetime
    run_id: str  # of the orchestrator; empty outside it
    fingerprint: str  # of all that is shown: the same fingerprint makes no new revision
    figures_sha256: str  # of the month's own figures, without what they are compared with: a closed month's change
    versions: dict[str, str]  # software name to version
    inputs: tuple[ManifestInput, ...]
    files: tuple[ManifestFile, ...]
