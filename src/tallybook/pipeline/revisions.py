"""Published revisions on disk: var/reports/<month>/rNN, read back from their manifests and JSON."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar

from tallybook.decode import decode
from tallybook.documents.pages import Library, LibraryMonth, LibraryRevision, LibraryTotal
from tallybook.documents.values import Status
from tallybook.errors import StorageError, TallybookError
from tallybook.language import ENGLISH, ENGLISH_CODE, Language, language_of
from tallybook.periods import BillingPeriod, parse_instant

NOTICE = "notice.json"
"""What messages quote of a report, in the language of its pages; what they quote of an English one is in its JSON."""
_MONTH = re.compile(r"\d{4}-\d{2}")
_COMPLETE = Decimal(100)
_REVISION = re.compile(r"r(\d{2,})")
_T = TypeVar("_T")


class _Exception(TypedDict):
    kind: str
    subject: str


class _Total(TypedDict):
    billing_currency: str
    effective_cost: dict[str, str | None]
    coverage_pct: str | None
    unpriced_meters: NotRequired[int]
    is_lower_bound: NotRequired[bool]


class _Shown(TypedDict):
    """What the library shows of a report. A large estate's has megabytes more, which are not even parsed."""

    totals: list[_Total]
    exceptions: NotRequired[list[_Exception]]


@dataclass(frozen=True, slots=True)
class Revision:
    """A published revision, as its manifest tells it."""

    folder: Path
    number: int
    manifest: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        return str(self.manifest["fingerprint"])

    @property
    def figures_sha256(self) -> str:
        return str(self.manifest.get("figures_sha256", ""))

    @property
    def report(self) -> dict[str, Any]:
        """Its monthly-report.json. Raises StorageError when it cannot be read."""
        return _json(self.folder / "monthly-report.json")

    @property
    def language(self) -> Language:
        """That of its pages. Raises ConfigurationError for one that is not known any more."""
        return language_of(str(self.manifest.get("language", ENGLISH_CODE)))

    @property
    def quoted(self) -> dict[str, list[str]] | None:
        """The reasons and exceptions as its pages say them; None where only its JSON has them, in English."""
        path = self.folder / NOTICE
        return _read(path, dict[str, list[str]]) if path.exists() else None

    @property
    def was_final(self) -> bool:
        """Closed, or a change of a closed month."""
        return self.manifest["status"] in (Status.FINAL, Status.RESTATED)


def revisions(reports_dir: Path, month: str) -> list[Revision]:
    """The revisions of a month, oldest first. Raises StorageError when a manifest cannot be read."""
    found = []
    for folder in (reports_dir / month).glob("r*"):
        match = _REVISION.fullmatch(folder.name)
        if match:
            found.append(Revision(folder, int(match[1]), _json(folder / "manifest.json")))
    return sorted(found, key=lambda revision: revision.number)


def latest_revision(reports_dir: Path, month: str) -> Revision | None:
    """The newest revision of a month, or None."""
    return next(reversed(revisions(reports_dir, month)), None)


def last_closed(reports_dir: Path, month: str) -> Revision | None:
    """The newest revision that closed a month or restated it; drafts that came after it do not open it again."""
    return next((revision for revision in reversed(revisions(reports_dir, month)) if revision.was_final), None)


def closed_costs(reports_dir: Path, month: str) -> dict[str, Decimal]:
    """What a month cost by currency in the revision that closed or restated it last; empty for an open month."""
    closed = last_closed(reports_dir, month)
    totals = _json(closed.folder / "monthly-report.json")["totals"] if closed else ()
    exact = {total["billing_currency"]: total["effective_cost"]["exact"] for total in totals}
    return {currency: Decimal(cost) for currency, cost in exact.items() if cost is not None}


def library(reports_dir: Path, *, entity: str, language: Language = ENGLISH) -> Library:
    """Everything published, newest month and revision first; its time is that of the newest revision."""
    months = tuple(_months(reports_dir, language))
    newest = max(revision.generated_at for month in months for revision in month.revisions)
    return Library(entity=entity, generated_at=newest, months=months)


def _months(reports_dir: Path, language: Language) -> Iterator[LibraryMonth]:
    for folder in sorted(reports_dir.iterdir(), reverse=True):
        if _MONTH.fullmatch(folder.name) and (found := revisions(reports_dir, folder.name)):
            year, month = folder.name.split("-")
            yield LibraryMonth(
                billing_period=folder.name,
                label=language.month(BillingPeriod(int(year), int(month))),
                revisions=tuple(_library_revision(revision) for revision in reversed(found)),
            )


def _library_revision(revision: Revision) -> LibraryRevision:
    report = _read(revision.folder / "monthly-report.json", _Shown)
    covered = [total["coverage_pct"] for total in report["totals"] if total["coverage_pct"] is not None]
    return LibraryRevision(
        revision=revision.number,
        status=Status(revision.manifest["status"]),
        reason=revision.manifest["reason"],
        generated_at=parse_instant(revision.manifest["generated_at"]),
        totals=tuple(
            LibraryTotal(
                billing_currency=total["billing_currency"],
                effective_cost=None if (shown := total["effective_cost"]["shown"]) is None else Decimal(shown),
                is_lower_bound=_is_lower_bound(total),
            )
            for total in report["totals"]
        ),
        never_seen=tuple(
            dict.fromkeys(one["subject"] for one in report.get("exceptions", ()) if one["kind"] == "never_seen")
        ),
        coverage_pct=min((Decimal(pct) for pct in covered), default=None),
        folder=f"{revision.folder.parent.name}/{revision.folder.name}",
        files=tuple(file["path"] for file in revision.manifest["files"]),
    )


def _is_lower_bound(total: _Total) -> bool:
    """As the report says it. Form 1.0 did not say it, and had what it follows from."""
    if "is_lower_bound" in total:
        return bool(total["is_lower_bound"])
    seen = total["coverage_pct"]
    return total["unpriced_meters"] > 0 or (seen is not None and Decimal(seen) < _COMPLETE)


def _json(path: Path) -> dict[str, Any]:
    return _read(path, dict[str, Any])


def _read(path: Path, kind: type[_T]) -> _T:
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, TallybookError) as error:
        raise StorageError(f"{path} cannot be read ({error}); restore it from the backup") from error
