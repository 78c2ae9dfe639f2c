"""`tallybook sandbox` as a process: its ready line, what it serves, and how it stops."""

import json
import re
import shlex
import signal
import socket
import subprocess
import tomllib
import urllib.request
from pathlib import Path

import pytest

from tests.commands.conftest import Installation, Invoke, command, shell, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_says_where_it_serves_and_stops_when_told(stop: signal.Signals, code: int) -> None:
    arguments = ("sandbox", "--port", "0", "--months", "1", "--until", "2026-10-03", "--json")
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("{"):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it served"
        url = json.loads(lines[-1])["url"]
        with urllib.request.urlopen(f"{url}/clock", timeout=30) as answer:
            clock = json.loads(answer.read())
        process.send_signal(stop)
        _, error = process.communicate(timeout=30)

    assert lines[0] == f"the sandbox serves at {url}; stop it with Ctrl-C\n"
    assert url.startswith("http://127.0.0.1:")
    assert clock == {"now": "2026-10-03T00:00:00Z"}
    assert process.returncode == code
    assert "Traceback" not in error
    assert ("the sandbox has stopped" in error) == (stop is signal.SIGINT)
    assert "interrupted" not in error


def test_a_taken_port_exits_2_and_says_what_to_do(invoke: Invoke) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke(f"sandbox --port {port} --months 1")

    assert result.exit_code == 2
    assert f"port {port} cannot be served" in result.stderr
    assert "give another --port, or 0" in result.stderr


def test_what_it_prints_is_enough_to_connect(tmp_path: Path) -> None:
    words = ("sandbox", "--port", "0", "--months", "1", "--until", "2026-10-03", "--write-config", "try/it")
    with subprocess.Popen(
        command(*words), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("# then: "):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it served"
        exported = [shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export ")]
        program, *arguments = shlex.split(lines[-1].removeprefix("# then: "))
        checked = shell(tmp_path, *arguments, without_secrets=True, **dict(exported))
        process.terminate()

    assert program == "tallybook"
    assert checked.returncode == 0, checked.stderr
    written = tomllib.loads((tmp_path / "try" / "it" / "tallybook.toml").read_text(encoding="utf-8"))
    told = dict(line.rstrip().split("\t") for line in lines if re.match(r"[a-z]+\thttp", line))
    assert told == {one["provider"]: one["base_url"] for one in written["connections"]}


def test_a_configuration_that_is_there_is_kept(invoke: Invoke, fresh: Installation) -> None:
    before = tree(fresh.folder)
    result = invoke("sandbox --port 0 --months 1 --write-config .", folder=fresh.folder)

    assert result.exit_code == 2
    assert "tallybook.toml is there already" in result.stderr
    assert tree(fresh.folder) == before
