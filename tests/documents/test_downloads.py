"""Names of downloads: what a file is, still told when it lies among others."""

import pytest

from tallybook.documents.downloads import download_name
from tallybook.documents.values import Status


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("monthly-report.pdf", "cloud-costs-2026-10-r02-final.pdf"),
        ("monthly-report.json", "cloud-costs-2026-10-r02-final.json"),
        ("manifest.json", "cloud-costs-2026-10-r02-final-manifest.json"),
        ("tables/prices_used.csv", "cloud-costs-2026-10-r02-final-prices-used.csv"),
        ("projects/atlas/statement.pdf", "cloud-costs-2026-10-r02-final-atlas-statement.pdf"),
        (
            "documents/alpha/alpha-main/usage.json",
            "cloud-costs-2026-10-r02-final-documents-alpha-alpha-main-usage.json",
        ),
    ],
)
def test_a_name_says_month_revision_status_and_what_it_is(path: str, expected: str) -> None:
    assert download_name("2026-10", 2, Status.FINAL, path) == expected


@pytest.mark.parametrize(
    "path", ['tables/"; x=\r\nSet-Cookie: a=b.csv', "projects/\u202efdp/statement.pdf", "x" * 999, "tables/x.c sv\n"]
)
def test_a_name_can_only_be_a_name(path: str) -> None:
    name = download_name("2026-10", 12, Status.DRAFT, path)

    assert name.startswith("cloud-costs-2026-10-r12-draft")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
    assert len(name) < 200
