"""`tallybook sandbox` as a process: its ready line, what it serves, and how it stops."""

import json
import signal
import socket
import subprocess
import urllib.request

import pytest

from tests.commands.conftest import Invoke, command

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_says_where_it_serves_and_stops_when_told(stop: signal.Signals, code: int) -> None:
    arguments = ("sandbox", "--port", "0", "--months", "1", "--until", "2026-10-03", "--json")
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready, told = process.stdout.readline(), process.stdout.readline()
        url = json.loads(told)["url"]
        with urllib.request.urlopen(f"{url}/clock", timeout=30) as answer:
            clock = json.loads(answer.read())
        process.send_signal(stop)
        _, error = process.communicate(timeout=30)

    assert ready == f"the sandbox serves at {url}; stop it with Ctrl-C\n"
    assert url.startswith("http://127.0.0.1:")
    assert clock == {"now": "2026-10-03T00:00:00Z"}
    assert process.returncode == code
    assert "Traceback" not in error


def test_a_taken_port_exits_2_and_says_what_to_do(invoke: Invoke) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke(f"sandbox --port {port} --months 1")

    assert result.exit_code == 2
    assert f"port {port} cannot be served" in result.stderr
    assert "give another --port, or 0" in result.stderr
