"""The files of a revision (contract.md section 4), written into a folder that is not yet visible."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import polars as pl

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import SCHEMA_VERSION, MonthlyReport
from tallybook.documents.monthly import build_report
from tallybook.documents.pages import Library
from tallybook.documents.restated import DeltaStatement
from tallybook.documents.statement import build_statements
from tallybook.landing import writing
from tallybook.language import ENGLISH, Language
from tallybook.limits import processors_there
from tallybook.pipeline.pages import MEDIA_TYPES, write_pages
from tallybook.pipeline.revisions import NOTICE
from tallybook.render.cover_sheet import cover_rows
from tallybook.render.csv import render_csv
from tallybook.render.html import render_library
from tallybook.render.json import render_json
from tallybook.render.manifest import Manifest, ManifestFile, ManifestInput
from tallybook.render.pdf import PageSize
from tallybook.render.xlsx import render_xlsx
from tallybook.summaries.month import MonthTables

OWN_TABLES = (
    *("projects", "workloads", "pricing", "quotas", "usage", "coverage", "spot", "quota_changes", "commitments"),
    "allocation",
)
"""What a month says of itself."""
TABLES = (*OWN_TABLES, "variance", "forecast", "anomalies")
"""And what it says beside other months: that changes with them, and reopens no closed month."""
_MORE = ("charges_summary", "prices_used")
"""Whose sheets have names in words."""
_ENGINES = ("tallybook", "duckdb", "polars", "weasyprint")


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything a revision is written from: `charges` and `documents` are folders of files to move."""

    inputs: MonthInputs
    report: MonthlyReport
    charges: Path
    fingerprint: str
    figures_sha256: str
    sources: tuple[ManifestInput, ...]
    documents: Path
    page_size: PageSize = "A4"
    language: Language = ENGLISH
    reason: str = ""
    run_id: str = ""

    def told(self) -> "Edition":
        """The edition in the language of its pages; what machines read is English."""
        if self.language.is_english:
            return self
        inputs = replace(self.inputs, language=self.language)
        return replace(self, inputs=inputs, report=build_report(inputs))


def write_revision(folder: Path, edition: Edition) -> None:
    """Write all files of a revision, the manifest last."""
    tables = {name: getattr(edition.inputs.tables, name) for name in TABLES} | _more_tables(edition.inputs.tables)
    sheets = {f"tables/{name}.csv": render_csv(frame) for name, frame in tables.items()}
    report_json = render_json(edition.report)
    _write(folder, "monthly-report.json", report_json)
    if edition.report.restatement:
        delta = DeltaStatement(SCHEMA_VERSION, edition.report.header, edition.report.restatement)
        _write(folder, "delta.json", render_json(delta))
    _write_all(folder, sheets)
    for name, frame in tables.items():
        frame.write_parquet(folder / "tables" / f"{name}.parquet")
    if any(edition.documents.iterdir()):
        shutil.move(edition.documents, folder / "documents")
    for path in sorted(edition.charges.iterdir()):
        shutil.move(path, folder / "tables" / path.name)
    told = edition.told()
    _write(
        folder,
        "monthly-report.xlsx",
        render_xlsx(
            {name.replace("_", " ") if name in _MORE else name: frame for name, frame in tables.items()},
            edition.inputs.tables.tie_out,
            cover=cover_rows(told.report, language=edition.language),
            title=told.report.header.title,
            created=told.report.header.generated_at,
            language=edition.language,
        ),
    )
    # The full list of charges stays beside the PDF: it has no bound.
    attached = {"monthly-report.json": report_json, **{Path(name).name: body for name, body in sheets.items()}}
    if not edition.language.is_english:
        quoted = {
            "reasons": told.report.header.reasons,
            "exceptions": [one.text for one in told.report.exceptions],
        }
        _write(folder, NOTICE, render_json(quoted))
    _write_pages(folder, told, attached)
    _write(folder, "manifest.json", render_json(_manifest(folder, edition)))


def _more_tables(tables: MonthTables) -> dict[str, pl.DataFrame]:
    """The charges summed up per meter, the prices that made them, and the gaps."""
    return {
        "charges_summary": tables.lines.select(
            *("project", "connection", "sub_account_name", "region", "meter", "pricing_quantity", "pricing_unit"),
            *("list_unit_price", "effective_cost", "billing_currency", "basis", "sub_account_id"),
        ),
        "prices_used": tables.prices.select(
            *("provider", "meter", "pricing_unit", "list_unit_price", "billing_currency", "valid_from", "valid_to"),
            *("source", "price_source", "pricing_quantity", "effective_cost", "is_lower_bound", "connection"),
            *("sub_account_id", "region"),
        ),
        "gaps": tables.gaps.select(
            *("connection", "dataset", "feeds", "first_date", "last_date", "missing", "unit", "is_backfillable"),
        ),
    }


def write_library(reports_dir: Path, page: Library, *, language: Language = ENGLISH) -> None:
    """Replace the library page at once."""
    with writing(reports_dir) as temporary:
        temporary.write_text(render_library(page, language=language), encoding="utf-8")
        temporary.chmod(0o644)
        temporary.replace(reports_dir / "index.html")


def _write_pages(folder: Path, told: Edition, attached: Mapping[str, bytes]) -> None:
    statements = build_statements(told.inputs, told.report)
    write_pages(folder, told.report, statements, attached, page_size=told.page_size, language=told.language)


def _manifest(folder: Path, edition: Edition) -> Manifest:
    header = edition.report.header
    return Manifest(
        schema_version=SCHEMA_VERSION,
        billing_period=header.billing_period,
        revision=header.revision,
        status=header.status,
        language=edition.language.code,
        reason=edition.reason,
        accepted_gaps=edition.inputs.accepted_gaps,
        generated_at=header.generated_at,
        run_id=edition.run_id,
        fingerprint=edition.fingerprint,
        figures_sha256=edition.figures_sha256,
        versions={name: version(name) for name in _ENGINES},
        inputs=edition.sources,
        files=tuple(_files(folder)),
    )


def _files(folder: Path) -> Iterator[ManifestFile]:
    """What is in the folder; side by side, since a month's charges are a gigabyte to hash."""
    with ThreadPoolExecutor(processors_there()) as pool:
        yield from pool.map(partial(_file, folder), sorted(item for item in folder.rglob("*") if item.is_file()))


def _file(folder: Path, path: Path) -> ManifestFile:
    with path.open("rb") as body:
        digest = hashlib.file_digest(body, "sha256")
    return ManifestFile(
        path=path.relative_to(folder).as_posix(),
        media_type=MEDIA_TYPES[path.suffix],
        bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
    )


def _write_all(folder: Path, files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> None:
    for name, body in dict(files).items():
        _write(folder, name, body)


def _write(folder: Path, name: str, body: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
