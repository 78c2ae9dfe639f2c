"""The sandbox as a process: real connections, one child for most tests."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from tallybook.sandbox.configuration import write_configuration
from tallybook.sandbox.server import Running, running
from tallybook.sandbox.world import WorldSize
from tests.sandbox.client import HEADERS

LIVE = "/openscaler/v1/stats/live"
UNTIL = date(2026, 11, 1)
SMALL = WorldSize(workloads=12)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(until=UNTIL, size=SMALL, faults=["truncated"]) as found:
        yield found


def test_the_child_serves_the_world_of_the_parent(sandbox: Running) -> None:
    rows = httpx.get(f"{sandbox.url}/nodeconductor/api/projects/?o=", headers=HEADERS["nodeconductor"])

    assert [row["uuid"] for row in rows.json()] == [one.uuid for one in sandbox.world.nodeconductor.projects]


def test_it_listens_on_this_machine_only(sandbox: Running) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_the_clock_is_moved_from_outside(sandbox: Running) -> None:
    sandbox.set_clock(datetime(2026, 10, 1, 5, tzinfo=UTC))

    answer = httpx.get(f"{sandbox.url}/clock")

    assert answer.json() == {"now": "2026-10-01T05:00:00Z"}
    assert answer.headers.get_list("date") == ["Thu, 01 Oct 2026 05:00:00 GMT"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"now": 5}', '{"now": "noon"}', '{"now": "2026-10-01T05:00:00"}'])
def test_a_clock_without_an_instant_is_refused(sandbox: Running, body: str) -> None:
    answer = httpx.put(f"{sandbox.url}/clock", content=body)

    assert answer.status_code == 400
    assert "now" in answer.json()["error"]


def test_truth_is_told_over_http(sandbox: Running) -> None:
    sandbox.set_clock(datetime(2026, 11, 1, tzinfo=UTC))

    assert sandbox.truth("2026-10")["providers"]["openscaler"]["total_cost"] == {"EUR": "256.0203"}


def test_a_truncated_body_breaks_the_connection_once(sandbox: Running) -> None:
    cut = 0
    with httpx.Client(base_url=sandbox.url, headers=HEADERS["openscaler"]) as client:
        for number in range(60):
            try:
                client.get(LIVE, params={"number": number})
            except httpx.RemoteProtocolError:
                cut += 1
                assert client.get(LIVE, params={"number": number}).status_code == 200

    assert 1 <= cut <= 15  # one in ten of 60, three standard deviations up


def test_configuration_comes_from_the_running_sandbox(sandbox: Running, tmp_path: Path) -> None:
    path = write_configuration(tmp_path, url=sandbox.url)

    assert f'base_url = "{sandbox.url}/ocore/api"' in path.read_text(encoding="utf-8")
    assert (tmp_path / "books" / "prices.csv").exists()


def test_the_child_ends_with_the_block() -> None:
    with running(until=UNTIL, size=SMALL, example=True) as found:
        assert httpx.get(f"{found.url}/clock").json() == {"now": "2024-04-19T11:14:45Z"}

    assert found.process.poll() is not None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{found.url}/clock")


def test_the_child_ends_when_its_parent_is_gone() -> None:
    with running(until=UNTIL, size=SMALL) as found:
        assert found.process.stdin is not None
        found.process.stdin.close()  # what the system does for a parent that was killed

        assert found.process.wait(timeout=30) is not None


def test_an_unknown_fault_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="known are"), running(faults=["nonsense"]):
        pass


def test_the_command_refuses_an_unknown_fault() -> None:
    command = [sys.executable, "-m", "tallybook.sandbox", "--faults", "nonsense"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 2
    assert "known are" in done.stderr
