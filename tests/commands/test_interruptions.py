"""Ctrl-C and kill -9 in the middle of work: the next run heals, with the figures of an undisturbed one."""

import csv
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import MONTH, Installation, Invoke, Lived, command, environment, last_json, shell

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]

COLLECT = ("collect", "--month", MONTH, "--connection", "ocore-main", "--json")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command in a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(what: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    """Until something is there; the process must still be at work."""
    end = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.002)


def kill_when(what: Callable[[], object], folder: Path, *arguments: str) -> None:
    """Start the command and kill its process, not its children, as soon as something is there."""
    with start(folder, *arguments) as process:
        wait_for(what, process)
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL
        wait_until_gone(process.pid)


def wait_until_gone(group: int) -> None:
    """Until no process of the group is left: a child must not outlive its parent for long."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("children outlived their killed parent")


def test_ctrl_c_during_collect_exits_130_at_once_and_the_next_run_heals(
    fresh: Installation, invoke: Invoke, silent_port: int
) -> None:
    whole = fresh.config.read_text(encoding="utf-8")
    url = f"http://127.0.0.1:{silent_port}/ocore/api"
    fresh.configure(
        lambda text: "\n".join(f'base_url = "{url}"' if "ocore/api" in line else line for line in text.split("\n"))
    )
    with start(fresh.folder, "collect", "--month", MONTH) as process:
        wait_for(lambda: list(fresh.data.glob("raw/scaleops-main/*/*/*.receipt.json")), process)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        out, error = process.communicate(timeout=50)
        took = time.monotonic() - begun

    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in error
    assert out == ""
    assert took < 10
    assert not list(fresh.data.glob("raw/ocore-main/*/*/*.receipt.json"))  # nothing is told of what was not asked

    fresh.config.write_text(whole, encoding="utf-8")
    healed = invoke(COLLECT, folder=fresh.folder)
    assert healed.exit_code == 0, healed.stderr
    assert {unit["outcome"] for unit in last_json(healed.stdout)["units"]} == {"done"}


def test_killed_while_collecting_and_reporting_the_next_run_has_the_same_figures(
    fresh: Installation, lived: Lived
) -> None:
    _keep_only(fresh, "ocore-main")
    kill_when(lambda: list(fresh.data.glob("raw/*/*/*/.tmp-*")), fresh.folder, *COLLECT)
    kill_when(fresh.warehouse.exists, fresh.folder, *COLLECT)
    assert shell(fresh.folder, *COLLECT).returncode == 0
    pages = f"reports/{MONTH}/.tmp-*/monthly-report.html"
    kill_when(lambda: list(fresh.data.glob(pages)), fresh.folder, "report", "--month", MONTH)
    (left,) = (fresh.data / "reports" / MONTH).iterdir()
    assert left.name.startswith(".tmp-")
    os.utime(left, (0, 0))  # as if it had been killed long ago

    healed = shell(fresh.folder, "report", "--month", MONTH, "--json")
    assert healed.returncode == 0, healed.stderr
    assert fresh.revisions() == ["r01"]  # what the killed one left is swept up
    for table in ("usage", "charges", "projects"):
        assert _rows(fresh, table) == _rows(lived.installation, table)


def _keep_only(installation: Installation, connection: str) -> None:
    head, *tables = installation.config.read_text(encoding="utf-8").split("[[connections]]")
    kept = [table for table in tables if f'name = "{connection}"' in table]
    installation.config.write_text("[[connections]]".join([head, *kept]), encoding="utf-8")


def _rows(installation: Installation, table: str) -> list[dict[str, str]]:
    """The rows of a published table that are of the one connection."""
    path = installation.data / "reports" / MONTH / "r01" / "tables" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["connection"] == "ocore-main"]
    assert rows
    return rows
