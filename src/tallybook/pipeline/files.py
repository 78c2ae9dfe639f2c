"""The files of a revision (contract.md section 4), written into a folder that is not yet visible."""

import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path

import polars as pl

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import SCHEMA_VERSION, MonthlyReport
from tallybook.documents.pages import Library
from tallybook.documents.restated import DeltaStatement
from tallybook.documents.statement import build_statements
from tallybook.landing import writing
from tallybook.render.cover_sheet import cover_rows
from tallybook.render.csv import render_csv, write_csv
from tallybook.render.html import render_library, render_report, render_statement
from tallybook.render.json import render_json
from tallybook.render.manifest import Manifest, ManifestFile, ManifestInput
from tallybook.render.pdf import Attachment, PageSize, render_pdf
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
_MEDIA_TYPES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}
_ENGINES = ("tallybook", "duckdb", "polars", "weasyprint")


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything a revision is written from: `charges` is a Parquet file, `documents` maps paths to JSON bytes."""

    inputs: MonthInputs
    report: MonthlyReport
    charges: Path
    reason: str
    run_id: str
    fingerprint: str
    figures_sha256: str
    sources: tuple[ManifestInput, ...]
    documents: Mapping[str, bytes]
    page_size: PageSize = "A4"


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
    _write_all(folder, {f"documents/{path}": body for path, body in edition.documents.items()})
    shutil.copyfile(edition.charges, folder / "tables" / "charges.parquet")
    write_csv(edition.charges, folder / "tables" / "charges.csv")
    header = edition.report.header
    _write(
        folder,
        "monthly-report.xlsx",
        render_xlsx(
            {name.replace("_", " ") if name in _MORE else name: frame for name, frame in tables.items()},
            edition.inputs.tables.tie_out,
            cover=cover_rows(edition.report),
            title=header.title,
            created=header.generated_at,
        ),
    )
    # The full list of charges stays beside the PDF: it has no bound.
    attached = {"monthly-report.json": report_json, **{Path(name).name: body for name, body in sheets.items()}}
    _write_pages(folder, edition, attached)
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


def write_library(reports_dir: Path, page: Library) -> None:
    """Replace the library page at once."""
    with writing(reports_dir) as temporary:
        temporary.write_text(render_library(page), encoding="utf-8")
        temporary.chmod(0o644)
        temporary.replace(reports_dir / "index.html")


def _write_pages(folder: Path, edition: Edition, attached: Mapping[str, bytes]) -> None:
    """HTML pages here, PDFs in processes of their own: WeasyPrint is bound by the processor."""
    report, statements = edition.report, build_statements(edition.inputs, edition.report)
    _write(folder, "monthly-report.html", render_report(report).encode())
    created = report.header.generated_at
    attachments = tuple(
        Attachment(name, body, f"The same figures for machines: {name}", _MEDIA_TYPES[Path(name).suffix], created)
        for name, body in attached.items()
    )
    size = edition.page_size
    jobs = [("monthly-report.pdf", render_report(report, for_print=True), report.header.title, attachments, size)]
    for statement in statements:
        path = f"projects/{statement.slug}/statement"
        _write(folder, f"{path}.html", render_statement(statement).encode())
        title = f"{statement.header.title}: {statement.project}"
        jobs.append((f"{path}.pdf", render_statement(statement, for_print=True), title, (), size))
    workers = min(len(jobs), os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_follow_parent) as pool:
        for path, body in pool.map(_rendered, jobs):
            _write(folder, path, body)


def _follow_parent() -> None:
    """End this child with its parent, also when that is killed; Ctrl-C is for the parent to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


def _rendered(job: tuple[str, str, str, tuple[Attachment, ...], PageSize]) -> tuple[str, bytes]:
    path, html, title, attachments, size = job
    return path, render_pdf(html, title=title, attachments=attachments, page_size=size)


def _manifest(folder: Path, edition: Edition) -> Manifest:
    header = edition.report.header
    return Manifest(
        schema_version=SCHEMA_VERSION,
        billing_period=header.billing_period,
        revision=header.revision,
        status=header.status,
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
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        with path.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256")
        yield ManifestFile(
            path=path.relative_to(folder).as_posix(),
            media_type=_MEDIA_TYPES[path.suffix],
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
