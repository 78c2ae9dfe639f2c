"""A house with deliveries and a published revision in it, made by hand; what fails is tried again at once."""

import hashlib
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina

from tallybook.pipeline.house import House, open_house

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
PDF = b"%PDF-1.7 of a report"
CSV = b"billing_period,project\n2026-10,Web\n"
HOSTILE = (
    "Evil\r\nBcc: all@example.com\n\n<!channel> <@U1> @here *b* `x` ```\n[a](http://x) <b>&amp;</b>\u202e gnp\x1b[2J"
)
"""A name that would be a header, a mention, markup, the end of a block of code, and hidden text."""
Write = Callable[..., House]


def free_port() -> int:
    """A port of 127.0.0.1 for a server that cannot choose one itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def figure(shown: str | None) -> dict[str, str | None]:
    return {"exact": shown, "shown": shown}


def total(currency: str, cost: str | None, change: str | None, pct: str | None, **more: Any) -> dict[str, Any]:
    """A total as the JSON of a report has it."""
    return {
        "billing_currency": currency,
        "effective_cost": figure(cost),
        "change": figure(change),
        "change_pct": pct,
        "coverage_pct": "100",
        "is_lower_bound": False,
        "change_bound": "exact",
        **more,
    }


def report(*totals: dict[str, Any], exceptions: tuple[str, ...] = (), **header: Any) -> dict[str, Any]:
    """What a notice reads of a report's JSON."""
    told = [{"kind": "data_gap", "subject": "", "text": text} for text in exceptions]
    head = {
        "entity": "Example Works GmbH",
        "billing_period": "2026-10",
        "period_label": "October 2026",
        "previous_label": "September 2026",
        "status": "FINAL",
        "reasons": [],
        "revision": 1,
    }
    return {
        "schema_version": "1.2",
        "header": {**head, **header},
        "totals": list(totals) or [total("EUR", "1234.5", "34.5", "2.9")],
        "exceptions": told,
    }


def publish(data_dir: Path, document: dict[str, Any], *, pdf: bytes = PDF, language: str = "en") -> Path:
    """A revision of what a delivery reads: files, and the manifest with their hashes."""
    header = document["header"]
    folder = data_dir / "reports" / header["billing_period"] / f"r{header['revision']:02d}"
    bodies = {
        "monthly-report.json": (json.dumps(document).encode(), "application/json"),
        "monthly-report.pdf": (pdf, "application/pdf"),
        "tables/projects.csv": (CSV, "text/csv"),
    }
    for path, (body, _) in bodies.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    files = [
        {"path": path, "media_type": kind, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for path, (body, kind) in bodies.items()
    ]
    manifest = {"status": header["status"], "language": language, "fingerprint": "", "reason": "", "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration with these [[deliveries]] and open it; `house` are keys of [tallybook]."""

    def make(*deliveries: str, house: str = "") -> House:
        path = tmp_path / "tallybook.toml"
        tables = "".join(f"[[deliveries]]\n{one}\n" for one in deliveries)
        path.write_text(f"[tallybook]\n{house}\n{tables}", encoding="utf-8")
        return open_house(path)

    return make
