"""Six months closed into a DuckLake by two Dask workers are the months that one process closes into one file."""

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline import files
from tallybook.pipeline.house import open_house
from tallybook.pipeline.publish import report
from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.server import running
from tallybook.sandbox.world import WorldSize
from tests.flows.conftest import configured, flow_environment
from tests.flows.dask_driver import write_report_page
from tests.flows.servers import new_database

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
MONTHS = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
CONNECTIONS = ("ocore-main", "scaleops-main")  # what can be asked about past months, with usage and with costs
CLOCK = datetime(2026, 11, 2, 6, tzinfo=UTC)
DRIVER = Path(__file__).with_name("dask_driver.py")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, server: dict[str, str]) -> Path:
    """An installation whose flow has closed the months, the work of connections on Dask."""
    folder = tmp_path_factory.mktemp("lake")
    catalog = new_database(server, "lake")
    with running(months=6, until=date(2026, 11, 1), size=WorldSize(workloads=5)) as box:
        configure(folder, box.url, f'warehouse = "ducklake:postgres:{catalog}"\nwarehouse_files = "lake"\n')
        done = subprocess.run(
            [sys.executable, str(DRIVER), *MONTHS],
            env=flow_environment(server, folder),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [
        f"Completed: {month}: published r01, PROVISIONAL" for month in MONTHS
    ]
    return folder


def configure(folder: Path, url: str, more: str) -> None:
    config = configured(folder, url, CONNECTIONS) / "tallybook.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[[connections]]", f"{more}\n[[connections]]", 1), encoding="utf-8")


def published(folder: Path) -> dict[str, str]:
    """Every published file by its hash; a manifest names the run that made it, and is left out."""
    reports = folder / "var" / "reports"
    return {
        path.relative_to(reports).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(reports.rglob("*"))
        if path.is_file() and path.name not in {"manifest.json", "index.html"}
    }


def test_the_reports_are_those_of_a_single_file(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    shutil.copytree(lake / "books", tmp_path / "books")
    shutil.copytree(lake / "var" / "raw", tmp_path / "var" / "raw")
    text = (lake / "tallybook.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("warehouse")]
    (tmp_path / "tallybook.toml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    house = open_house(tmp_path / "tallybook.toml")
    monkeypatch.setattr(files, "write_pages", write_report_page)

    for month in MONTHS:
        report(house, BillingPeriod.parse(month, now=CLOCK), clock=lambda: CLOCK)

    assert (lake / "lake").is_dir()
    assert not (lake / "var" / "tallybook.duckdb").exists()
    ours = published(lake)
    assert {path.split("/")[0] for path in ours} == set(MONTHS)
    assert ours == published(tmp_path)
