"""`prefect deploy --all` on a real server makes the deployments that contract.md section 6 promises."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tallybook.resources import root

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
PROMISED = {
    "monthly-report/monthly-report": ["0 6 2 * *"],
    "collect/daily-collect": ["30 2 * * *"],
    "sample/live-sample": ["*/5 * * * *"],
    "backfill/backfill": [],
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a Prefect server that runs as long as the tests here."""
    home, port = tmp_path_factory.mktemp("prefect"), free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "TALLYBOOK_HOME": str(root()),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(environment["PREFECT_API_URL"], process, home / "server.log")
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def wait_for(api: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(180):
        try:
            with urlopen(f"{api}/health", timeout=2):
                return
        except (URLError, OSError):
            assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.5)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def prefect(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        env=environment,
        cwd=root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_all_deployments_reach_the_server_with_their_schedules(server: dict[str, str]) -> None:
    prefect(server, "work-pool", "create", "tallybook", "--type", "process")
    prefect(server, "deploy", "--all")

    ask = Request(f"{server['PREFECT_API_URL']}/deployments/filter", data=b"{}", method="POST")
    ask.add_header("Content-Type", "application/json")
    with urlopen(ask, timeout=30) as answer:
        deployments = json.loads(answer.read())
    names = {
        deployment["entrypoint"].split(":")[1].replace("_", "-") + "/" + deployment["name"]: deployment
        for deployment in deployments
    }
    assert {name: [one["schedule"]["cron"] for one in found["schedules"]] for name, found in names.items()} == PROMISED
    assert {found["work_pool_name"] for found in deployments} == {"tallybook"}
