"""What publishing a month ended in: the revision that stands, and its tables for people who watch the runs."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tallybook.documents.inputs import Failure
from tallybook.documents.model import MonthlyReport
from tallybook.language import ENGLISH_CODE
from tallybook.pipeline.revisions import Revision


@dataclass(frozen=True, slots=True)
class Published:
    """What `report` did: the revision that now stands, whether it is a new one, and the units that are not in it."""

    revision: int
    is_new: bool
    status: str
    reasons: tuple[str, ...]
    folder: Path
    tie_out_rows: list[dict[str, str]]
    coverage_rows: list[dict[str, str]]
    failures: tuple[Failure, ...]
    language: str = ENGLISH_CODE  # of its pages

    @property
    def sentence(self) -> str:
        """One line for people."""
        what = "published" if self.is_new else "nothing changed: kept"
        return f"{self.folder.parent.name}: {what} r{self.revision:02d}, {self.status}"

    @property
    def differences(self) -> list[str]:
        """The currencies whose totals do not tie out, with the difference."""
        return [
            f"{row['billing_currency']} by {row['difference']}"
            for row in self.tie_out_rows
            if Decimal(row["difference"]) != 0
        ]

    def seen_less_than(self, limit_pct: Decimal) -> list[str]:
        """What was seen less than this share of the month, with the share."""
        return [
            f"{row['connection']} {row['dataset']} {row['coverage_pct']} %"
            for row in self.coverage_rows
            if row["coverage_pct"] and Decimal(row["coverage_pct"]) < limit_pct
        ]

    @property
    def page(self) -> Path:
        """The report as a page for browsers."""
        return self.folder / "monthly-report.html"

    @property
    def headline_files(self) -> list[Path]:
        """The files that people open first."""
        return [self.folder / f"monthly-report.{kind}" for kind in ("pdf", "html", "json")]


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says to people who watch the runs: why it is a draft or restated, its tables, what failed."""

    reasons: tuple[str, ...]
    tie_out_rows: list[dict[str, str]]
    coverage_rows: list[dict[str, str]]
    failures: tuple[Failure, ...]


def told_by(document: MonthlyReport, failures: tuple[Failure, ...]) -> Told:
    """What a document says of itself."""
    return Told(
        reasons=document.header.reasons,
        tie_out_rows=[
            {
                "billing_currency": row.billing_currency,
                "source_total": str(row.source_total),
                "allocated": str(row.allocated),
                "shared": str(row.shared),
                "idle": str(row.idle),
                "unallocated": str(row.unallocated),
                "difference": str(row.difference),
            }
            for row in document.tie_out
        ],
        coverage_rows=[
            {
                "connection": row.connection,
                "dataset": row.dataset,
                "unit": row.unit,
                "expected": str(row.expected.shown),
                "received": str(row.received.shown),
                "coverage_pct": "" if row.coverage_pct is None else str(row.coverage_pct),
                "status": row.status,
            }
            for row in document.coverage
        ],
        failures=failures,
    )


def as_published(revision: Revision, told: Told, *, is_new: bool) -> Published:
    """The revision that stands, with what was told of it."""
    return Published(
        revision=revision.number,
        is_new=is_new,
        status=str(revision.manifest["status"]),
        language=str(revision.manifest.get("language", ENGLISH_CODE)),
        reasons=told.reasons,
        folder=revision.folder,
        tie_out_rows=told.tie_out_rows,
        coverage_rows=told.coverage_rows,
        failures=told.failures,
    )
