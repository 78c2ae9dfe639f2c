"""`make up` on this machine: server, worker and deployments are there when it says so, and gone when it is stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tallybook.resources import root
from tests.flows.servers import free_port
from tests.flows.test_deploy import PROMISED

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machine")]


@dataclass(frozen=True)
class Up:
    """A started script, in a session of its own."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(self, path: str) -> Any:
        """What the server's API lists below a path."""
        url = f"http://127.0.0.1:{self.port}/api/{path}/filter"
        request = Request(url, data=b"{}", method="POST", headers={"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def left(self) -> list[int]:
        """The processes of its session that are there and have not ended."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ended meanwhile
                state, _parent, _group, session = path.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found.append(int(path.parent.name))
        return found


def environment(folder: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALLYBOOK_"))}
    return {
        **inherited,
        "TALLYBOOK_BIN": str(Path(sys.executable).parent),
        "TALLYBOOK_CONFIG": str(folder / "tallybook.toml"),
        "TALLYBOOK_PREFECT_PORT": str(port),
        "PREFECT_HOME": str(folder / "prefect"),
    }


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    (tmp_path / "tallybook.toml").touch()  # no connections: what the schedule starts meanwhile asks nobody
    port = free_port()
    with (tmp_path / "output").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(root() / "scripts" / "up")],
            env=environment(tmp_path, port),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    started = Up(process, port)
    try:
        until(lambda: f"The Prefect UI is at http://127.0.0.1:{port}" in said(tmp_path), started, tmp_path)
        yield started
    finally:
        for pid in started.left():
            os.kill(pid, signal.SIGKILL)
        process.wait(timeout=30)


def said(folder: Path) -> str:
    return (folder / "output").read_text(encoding="utf-8")


def until(is_so: Callable[[], bool], up: Up, folder: Path) -> None:
    end = time.monotonic() + 240
    while not is_so():
        assert up.process.poll() is None, said(folder)[-2000:]
        assert time.monotonic() < end, said(folder)[-2000:]
        time.sleep(0.5)


def test_it_is_ready_when_it_says_so_and_leaves_nothing_when_it_is_stopped(up: Up, tmp_path: Path) -> None:
    deployments = up.ask("deployments")
    until(lambda: [one["status"] for one in up.ask("work_pools")] == ["READY"], up, tmp_path)
    workers = up.ask("work_pools/tallybook/workers")
    with urlopen(f"http://127.0.0.1:{up.port}", timeout=30) as page:
        is_page = b"<html" in page.read().lower()
    until(lambda: f"the library is at http://127.0.0.1:{up.port + 1}" in said(tmp_path), up, tmp_path)
    with pytest.raises(HTTPError, match="401") as asked:
        urlopen(f"http://127.0.0.1:{up.port + 1}", timeout=30)
    asked.value.close()
    with urlopen(f"http://127.0.0.1:{up.port}/api/admin/settings", timeout=30) as answer:
        settings = json.loads(answer.read())["server"]

    up.process.send_signal(signal.SIGINT)  # Ctrl-C
    code = up.process.wait(timeout=60)

    assert {one["name"] for one in deployments} == {name.partition("/")[2] for name in PROMISED}
    assert [one["status"] for one in workers] == ["ONLINE"]
    assert is_page
    assert (tmp_path / "var" / "library-token").read_text(encoding="utf-8") in said(tmp_path)
    assert not settings["analytics_enabled"]
    assert not settings["ui"]["v2_enabled"]  # which asks a host outside
    assert "flow_runs" in settings["services"]["db_vacuum"]["enabled"]
    assert code == 128 + signal.SIGINT
    assert up.left() == []
    with socket.create_server(("127.0.0.1", up.port)):
        pass  # the port is free again


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "tallybook.toml").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [str(root() / "scripts" / "up")],
            env=environment(tmp_path, port),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert not (tmp_path / "prefect").exists()


STAND_IN = """#!/bin/sh
case "$1" in
  server) exec python -m http.server --bind 127.0.0.1 --directory "$STAND_IN_API" "$6" ;;
  worker) grep SigIgn /proc/$$/status >"$STAND_IN_API/ignored"; echo $$ >"$STAND_IN_API/worker"; exec sleep 600 ;;
esac
"""


def test_when_one_of_them_ends_the_others_do_too(tmp_path: Path) -> None:
    """Begun as scripts begin what runs behind them: without SIGINT, by which a worker ends itself."""
    (tmp_path / "tallybook.toml").touch()
    binaries, api, port = tmp_path / "bin", tmp_path / "answers", free_port()
    for folder in (binaries, api / "api"):
        folder.mkdir(parents=True)
    (api / "api" / "health").touch()
    (binaries / "prefect").write_text(STAND_IN)
    (binaries / "prefect").chmod(0o755)
    (binaries / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (binaries / "python").chmod(0o755)
    variables = {**environment(tmp_path, port), "TALLYBOOK_BIN": str(binaries), "STAND_IN_API": str(api)}
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            ["env", "--ignore-signal=INT", str(root() / "scripts" / "up")],
            env=variables,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    started = Up(process, port)
    try:
        until(lambda: "Ctrl-C stops" in said(tmp_path) and (api / "worker").exists(), started, tmp_path)
        ignored = int((api / "ignored").read_text().split()[1], 16)
        os.kill(int((api / "worker").read_text()), signal.SIGKILL)

        assert not ignored & 1 << (signal.SIGINT - 1)
        assert process.wait(timeout=60) == 1
        assert "One of them ended, so the others are stopped" in said(tmp_path)
        assert started.left() == []
    finally:
        for pid in started.left():
            os.kill(pid, signal.SIGKILL)
