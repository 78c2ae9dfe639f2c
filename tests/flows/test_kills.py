"""A flow's process is killed at many points; the runs after it make what an undisturbed run makes, byte for byte."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tallybook.pipeline.house import open_house
from tallybook.sandbox.server import Running
from tests.flows.conftest import Drive, configured
from tests.flows.servers import ask

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
CONNECTIONS = ("ocore-main", "scaleops-main")
NOW = "2026-11-03T00:00:00+00:00"
BACKFILL = {
    "flow": "flows/backfill.py:backfill",
    "parameters": {"first_month": "2026-09", "last_month": "2026-10", "only": "all"},
}
REPORT = {"flow": "flows/monthly_report.py:monthly_report", "parameters": {"month": "2026-10"}}
POINTS = {
    "asks": ["tallybook.http:Client.ask", 3, "before"],
    "lands a body": ["tallybook.landing:os.fsync", 2, "before"],
    "lands a receipt": ["tallybook.landing:RawStore.write_receipt", 2, "after"],
    "stages": ["tallybook.manifest:Manifest.replace_unit", 2, "after"],
    "makes facts": ["tallybook.pipeline.house:refresh_facts", 1, "before"],
    "prices": ["tallybook.pipeline.publish:charge_months", 1, "after"],
    "writes a revision": ["tallybook.pipeline.files:render_xlsx", 1, "before"],
    "shows a revision": ["tallybook.pipeline.publish:_write_library", 1, "before"],
    "notes a month": ["tallybook.pipeline.journal:Journal.note", 1, "before"],
}


def made(folder: Path) -> dict[str, str]:
    """The hash of every raw file, receipt and published file; a run's own id is not of the result."""
    found = {}
    for part in ("raw", "reports"):
        for path in sorted((folder / "var" / part).rglob("*")):
            if path.is_file() and not any(name.startswith(".tmp-") for name in path.parts):
                body = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"RUN", path.read_bytes())
                if path.name.endswith(".receipt.json"):  # its answers stand in the order in which they came
                    receipt = json.loads(body)
                    body = json.dumps({**receipt, "files": sorted(receipt["files"], key=str)}).encode()
                found[path.relative_to(folder).as_posix()] = hashlib.sha256(body).hexdigest()
    return found


def kept(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What the warehouse has of units and charges."""
    with open_house(folder / "tallybook.toml").warehouse() as warehouse:
        tables = {
            name: warehouse.select(name).to_dicts()
            for name in ("landing.units", "landing.receipts", "facts.usage", "facts.costs", "facts.coverage")
        }
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


@pytest.mark.parametrize(
    ("call", "points"),
    [
        (REPORT, ["asks", "lands a body", "stages", "makes facts", "prices", "writes a revision", "shows a revision"]),
        (BACKFILL, ["lands a receipt", "stages", "writes a revision", "notes a month"]),
    ],
    ids=["monthly-report", "backfill"],
)
def test_nothing_is_lost_or_doubled_wherever_it_is_killed(
    server: dict[str, str], drive: Drive, box: Running, tmp_path: Path, call: dict[str, Any], points: list[str]
) -> None:
    calm, shaken = (configured(tmp_path / name, box.url, CONNECTIONS) for name in ("calm", "shaken"))
    in_shaken = {**call, "folder": str(shaken)}
    deadly = [{**in_shaken, "at": POINTS[name]} for name in points]
    first, *ends = drive("kill", now=NOW, calls=[{**call, "folder": str(calm)}, *deadly, in_shaken])

    assert first == 0
    assert dict(zip(points, ends[:-1], strict=True)) == dict.fromkeys(points, -9)
    assert ends[-1] == 0
    assert made(shaken) == made(calm)
    assert kept(shaken) == kept(calm)
    left = {path.name for path in (shaken / "var").iterdir()} - {path.name for path in (calm / "var").iterdir()}
    assert left <= {"backfills"}
    months = {"flows": {"name": {"any_": ["backfill-month"]}}, "flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    assert ask(server, "flow_runs/filter", months) == []
