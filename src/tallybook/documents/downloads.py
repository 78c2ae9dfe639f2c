"""What published files are called once they lie in somebody's downloads folder."""

import re
from pathlib import PurePosixPath

from tallybook.documents.values import Status

_REPORT = "monthly-report"
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST = 120  # characters between prefix and suffix: with them below the 255 bytes that file systems take


def download_name(billing_period: str, revision: int, status: Status, path: str) -> str:
    """A name that still says what the file is: month, revision, status, and what it is besides the report.

    `monthly-report.pdf` becomes `cloud-costs-2026-10-r02-final.pdf`, `tables/projects.csv`
    `cloud-costs-2026-10-r02-final-projects.csv`, and `projects/atlas/statement.pdf`
    `cloud-costs-2026-10-r02-final-atlas-statement.pdf`. Only letters, digits, hyphens and dots are in it.
    """
    inner = PurePosixPath(path.removeprefix("tables/").removeprefix("projects/"))
    stem = inner.with_suffix("").as_posix()
    what = "" if stem == _REPORT else "-" + _UNSAFE.sub("-", stem).strip("-.")[:_LONGEST]
    suffix = _UNSAFE.sub("", inner.suffix)
    return f"cloud-costs-{billing_period}-r{revision:02d}-{status.value.lower()}{what}{suffix}"
