"""Whether two reports of a month say the same."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import MonthlyReport
from tallybook.language import ENGLISH, Language
from tallybook.pipeline.files import OWN_TABLES, TABLES
from tallybook.render.csv import render_csv
from tallybook.render.json import render_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """By which a report is known: all that it shows, and the figures of its month alone."""

    fingerprint: str
    figures_sha256: str


def fingerprints_of(inputs: MonthInputs, document: MonthlyReport, language: Language = ENGLISH) -> Fingerprints:
    """Both of a report in a language; `document` is what `inputs` make."""
    return Fingerprints(_fingerprint(inputs, document, language), _figures_sha256(inputs))


def _fingerprint(inputs: MonthInputs, document: MonthlyReport, language: Language) -> str:
    """The same for the same figures, trust in them and language, whatever revision, time, closing and version.

    English adds nothing, so that months which were published before there were languages stand.
    """
    header = replace(document.header, revision=0, generated_at=_EPOCH, reasons=(), version="")
    digest = hashlib.sha256(render_json(replace(document, header=header)))
    for name in TABLES:
        digest.update(render_csv(getattr(inputs.tables, name)))
    if not language.is_english:
        digest.update(f"language {language.code}".encode())
    return digest.hexdigest()


def _figures_sha256(inputs: MonthInputs) -> str:
    """The same for the same figures of this month alone, whatever they are compared with and whatever failed since."""
    digest = hashlib.sha256()
    for name in OWN_TABLES:
        frame: polars.DataFrame = getattr(inputs.tables, name)
        digest.update(render_csv(frame.select(column for column in frame.columns if not _is_comparison(column))))
    return digest.hexdigest()


def _is_comparison(column: str) -> bool:
    return column.startswith("previous_") or column == "late"
