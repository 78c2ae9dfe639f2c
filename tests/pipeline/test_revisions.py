"""The library reads published reports back, also those of an older form."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook.pipeline.revisions import library


def published(folder: Path, total: dict[str, Any], **report: Any) -> Path:
    revision = folder / "2026-10" / "r01"
    revision.mkdir(parents=True)
    amounts = {"billing_currency": "EUR", "effective_cost": {"exact": "12", "shown": "12.00"}}
    body = {"totals": [{**amounts, **total}], **report}
    manifest = {"status": "PROVISIONAL", "reason": "", "generated_at": "2026-11-02T06:00:00Z", "files": []}
    revision.joinpath("monthly-report.json").write_text(json.dumps(body), encoding="utf-8")
    revision.joinpath("manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_lower_bound_and_what_was_never_seen_are_in_the_library(tmp_path: Path) -> None:
    seen = {"unpriced_meters": 0, "coverage_pct": "0", "is_lower_bound": True}
    exceptions = [
        {"kind": "never_seen", "subject": "alpha-lab", "text": "…"}, {"kind": "data_gap", "subject": "b", "text": "…"},
    ]  # fmt: skip
    [month] = library(published(tmp_path, seen, exceptions=exceptions), entity="Acme").months

    [revision] = month.revisions
    [total] = revision.totals
    assert (total.effective_cost, total.is_lower_bound) == (Decimal("12.00"), True)
    assert revision.never_seen == ("alpha-lab",)


@pytest.mark.parametrize(
    ("unpriced", "coverage", "expected"), [(0, "100", False), (1, "100", True), (0, "99.9", True), (0, None, False)]
)
def test_a_report_of_form_1_0_is_a_lower_bound_by_what_it_says(
    tmp_path: Path, unpriced: int, coverage: str | None, *, expected: bool
) -> None:
    folder = published(tmp_path, {"unpriced_meters": unpriced, "coverage_pct": coverage})

    [month] = library(folder, entity="Acme").months

    assert month.revisions[0].totals[0].is_lower_bound is expected
    assert month.revisions[0].never_seen == ()
