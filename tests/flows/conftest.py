"""One Prefect server on PostgreSQL, one sandbox and one installation for all tests of flows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tallybook.resources import root
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running
from tallybook.sandbox.world import WorldSize
from tests.flows.servers import postgresql, prefect, prefect_server

CONNECTIONS = ("openscaler-main", "ocore-main", "scaleops-main")  # each way of asking; the demo has all five
DRIVER = Path(__file__).with_name("driver.py")
Drive = Callable[..., Any]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of what talks to a Prefect server on PostgreSQL."""
    home = tmp_path_factory.mktemp("prefect")
    with (
        postgresql() as url,
        prefect_server(home, PREFECT_API_DATABASE_CONNECTION_URL=url, PREFECT_LOGGING_LEVEL="WARNING") as environment,
    ):
        yield environment


@pytest.fixture(scope="session")
def deployed(server: dict[str, str]) -> dict[str, str]:
    """The same server, with the pool and the deployments of prefect.yaml."""
    prefect(server, "work-pool", "create", "tallybook", "--type", "process", "--overwrite")
    prefect(server, "deploy", "--all")
    return server


@pytest.fixture(scope="session")
def box() -> Iterator[Running]:
    """A small world of two months and some days, on 3 November."""
    with running(months=2, until=date(2026, 11, 3), size=WorldSize(workloads=12)) as quiet:
        yield quiet


@pytest.fixture
def installation(box: Running, tmp_path: Path) -> Path:
    """A folder with a configuration of three connections of that world."""
    return configured(tmp_path, box.url)


def map_to_one_project(folder: Path) -> None:
    """Of each project a statement is printed, which takes its time; here nobody looks at more than one."""
    lines = ["connection,sub_account_id,project,cost_center,owner", *(f"{name},*,Operations,," for name in CONNECTIONS)]
    (folder / "books" / "projects.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def configured(folder: Path, url: str, connections: tuple[str, ...] = CONNECTIONS) -> Path:
    """Write a configuration with these connections only."""
    config = write_configuration(folder, url=url)
    head, *tables = config.read_text(encoding="utf-8").split("[[connections]]")
    kept = [text for text in tables if any(f'name = "{name}"' in text for name in connections)]
    config.write_text("[[connections]]".join([head, *kept]), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def drive(server: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drive]:
    """A function that has the driver do something in a process of its own, and answers what it says."""
    log = tmp_path_factory.mktemp("driver") / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, str(DRIVER)],
            env={**server, **SECRETS},
            cwd=root(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        asking, answering = process.stdin, process.stdout

        def run(what: str, **asked: object) -> Any:
            asking.write(json.dumps([what, asked]) + "\n")
            asking.flush()
            ended, answer = json.loads(answering.readline() or "[null, null]")
            assert ended == 0, log.read_text(encoding="utf-8")[-8000:]
            return answer

        yield run


def flow_environment(server: dict[str, str], folder: Path) -> dict[str, str]:
    """What a flow's process gets that works on the installation in a folder."""
    return {**server, "TALLYBOOK_CONFIG": str(folder / "tallybook.toml"), **SECRETS, "PATH": os.environ["PATH"]}
