"""Six months closed into a DuckLake by two Dask workers are the months that one process closes into one file."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline import files
from tallybook.pipeline.house import open_house
from tallybook.pipeline.publish import report
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import running
from tallybook.sandbox.world import WorldSize
from tests.flows.dask_driver import write_report_page

pytest.importorskip("prefect_dask")
pytest.importorskip("duckdb_extension_ducklake")
SERVER = Path("/usr/lib/postgresql/15/bin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("flows"),
    pytest.mark.skipif(not SERVER.exists(), reason="needs PostgreSQL 15"),
]
MONTHS = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
CONNECTIONS = ("ocore-main", "scaleops-main")  # what can be asked about past months, with usage and with costs
CLOCK = datetime(2026, 11, 2, 6, tzinfo=UTC)
DRIVER = Path(__file__).with_name("dask_driver.py")


@pytest.fixture(scope="module")
def catalog() -> Iterator[str]:
    """A database of a PostgreSQL that lives as long as the tests. It refuses root, who alone sees pytest's folders."""
    folder = Path(tempfile.mkdtemp(prefix="tallybook-postgres-"))
    as_nobody: list[str] = []
    if os.geteuid() == 0:
        as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(name: str, *arguments: str) -> None:
        subprocess.run(
            [*as_nobody, str(SERVER / name), *arguments], cwd=folder, check=True, capture_output=True, timeout=60
        )

    run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "tallybook")
    options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "tallybook", "lake")
        yield f"ducklake:postgres:host=127.0.0.1 port={port} dbname=lake user=tallybook"
    finally:
        run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, catalog: str) -> Path:
    """An installation whose flow has closed the months, the work of connections on Dask."""
    folder = tmp_path_factory.mktemp("lake")
    with running(months=6, until=date(2026, 11, 1), size=WorldSize(workloads=5)) as box:
        configure(folder, box.url, f'warehouse = "{catalog}"\nwarehouse_files = "lake"\n')
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "TALLYBOOK_"))}
        settings = {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "TALLYBOOK_CONFIG": str(folder / "tallybook.toml"),
        }
        done = subprocess.run(
            [sys.executable, str(DRIVER), *MONTHS],
            env={**inherited, **settings, **SECRETS},
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


def configure(folder: Path, url: str, more: str = "") -> None:
    config = write_configuration(folder, url=url)
    head, *connections = config.read_text(encoding="utf-8").split("[[connections]]")
    kept = [text for text in connections if any(f'name = "{name}"' in text for name in CONNECTIONS)]
    config.write_text("[[connections]]".join([head + more, *kept]), encoding="utf-8")


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
