"""The pages of a revision: HTML here, PDFs in processes of their own, as many as there are processors."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path

from tallybook.documents.model import MonthlyReport
from tallybook.documents.pages import ProjectStatement
from tallybook.language import ENGLISH, Language, language_of
from tallybook.limits import processors_there
from tallybook.render.html import page_title, render_report, render_statement
from tallybook.render.pdf import Attachment, PageSize, render_pdf

MEDIA_TYPES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class _Job:
    """A document to print, and where to."""

    path: Path
    document: MonthlyReport | ProjectStatement
    attachments: tuple[Attachment, ...]
    page_size: PageSize
    language: str  # its code: a catalog is read once in each process


def write_pages(
    folder: Path,
    report: MonthlyReport,
    statements: Sequence[ProjectStatement],
    attached: Mapping[str, bytes],
    *,
    page_size: PageSize = "A4",
    language: Language = ENGLISH,
) -> None:
    """The report and the statements as pages and PDFs below `folder`; `attached` goes into the report's PDF.

    WeasyPrint is bound by the processor, so each process renders whole documents: the template, the page and the PDF.
    """
    attachments = tuple(
        Attachment(
            name,
            body,
            language.say("The same figures for machines: %(name)s", name=name),
            MEDIA_TYPES[Path(name).suffix],
            report.header.generated_at,
        )
        for name, body in attached.items()
    )
    jobs = list(_jobs(folder, report, statements, attachments, page_size=page_size, language=language.code))
    workers = min(len(jobs), processors_there())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_follow_parent) as pool:
        for _ in pool.map(_print, jobs):
            pass


def _jobs(
    folder: Path,
    report: MonthlyReport,
    statements: Sequence[ProjectStatement],
    attachments: tuple[Attachment, ...],
    *,
    page_size: PageSize,
    language: str,
) -> Iterator[_Job]:
    """The report first: it takes longest."""
    yield _Job(folder / "monthly-report.pdf", report, attachments, page_size, language)
    for statement in statements:
        yield _Job(folder / "projects" / statement.slug / "statement.pdf", statement, (), page_size, language)


def _print(job: _Job) -> None:
    """Write one document as a page and as a PDF beside it."""
    job.path.parent.mkdir(parents=True, exist_ok=True)
    language = language_of(job.language)
    if isinstance(job.document, MonthlyReport):
        screen, paper = (render_report(job.document, for_print=flag, language=language) for flag in (False, True))
    else:
        screen, paper = (render_statement(job.document, for_print=flag, language=language) for flag in (False, True))
    job.path.with_suffix(".html").write_text(screen, encoding="utf-8")
    title = page_title(job.document)
    made = render_pdf(paper, title=title, lang=language.code, attachments=job.attachments, page_size=job.page_size)
    job.path.write_bytes(made)


def _follow_parent() -> None:
    """End this child with its parent, also when that is killed; Ctrl-C is for the parent to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
