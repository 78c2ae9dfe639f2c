"""Every command of docs/operations.md, in its order, on a machine whose folders, ports and users are the test's own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tallybook.resources import root
from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.server import Running
from tests.flows.conftest import configured, map_to_one_project
from tests.flows.servers import QUIET, ask, free_port, inherited, postgresql, until
from tests.flows.test_signals import notification_block

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machine")]
DOCUMENT = root() / "docs" / "operations.md"
ONLY_NOTED = ("apt-get", "useradd", "make", "git")
CONNECTIONS = ("ocore-main",)


def blocks() -> dict[str, list[str]]:
    """The commands of each section, in order."""
    found: dict[str, list[str]] = {}
    for section in DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]:
        code = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
        found[section.splitlines()[0]] = [line.split("  #")[0].strip() for part in code for line in part.splitlines()]
    return {title: commands for title, commands in found.items() if commands}


class Machine:
    """A shell that believes in /opt/tallybook, /var/lib/tallybook and /etc/tallybook."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder = folder
        self.ports = {"4200": str(free_port()), "4201": str(free_port())}
        self.postgres = postgres
        self.variables: dict[str, str] = {}
        binaries = folder / "bin"
        binaries.mkdir()
        for name in ("systemctl", "runuser", "install", *ONLY_NOTED):
            (binaries / name).symlink_to(root() / "tests" / "flows" / "machine.py")
        for tool in ("tallybook", "prefect"):
            (binaries / tool).write_text(f'#!/bin/sh\nexec {sys.executable} -m {tool} "$@"\n')
            (binaries / tool).chmod(0o755)
        (folder / "python").symlink_to(sys.executable)

    @property
    def lib(self) -> Path:
        return self.folder / "lib"

    def at_home(self, text: str) -> str:
        """A text of the document or of a unit, with this machine's places."""
        places = {
            "/opt/tallybook/.venv/bin/python": str(self.folder / "python"),
            "/opt/tallybook/.venv/bin": str(self.folder / "bin"),
            "/opt/tallybook/deploy": str(self.folder / "deploy"),
            "/opt/tallybook": str(root()),
            "/var/lib/tallybook": str(self.lib),
            "/etc/tallybook": str(self.folder / "etc"),
            "/etc/systemd/system": str(self.folder / "units"),
            "/var/backups/tallybook": str(self.folder / "backups"),
            "postgresql+asyncpg://tallybook@/prefect?host=/var/run/postgresql": self.postgres,
            **self.ports,
        }
        for place, here in places.items():
            text = text.replace(place, here)
        return text

    def run(self, commands: list[str]) -> str:
        """Run commands in one shell, which stops at the first that fails."""
        host, port = re.findall(r"@([0-9.]+):(\d+)", self.postgres)[0]
        environment = {
            **inherited(),
            **QUIET,
            **SECRETS,
            "PATH": f"{self.folder / 'bin'}:{max(Path('/usr/lib/postgresql').glob('*/bin'))}:{os.environ['PATH']}",
            "MACHINE_UNITS": str(self.folder / "units"),
            "PGHOST": host,
            "PGPORT": port,
        }
        script = "\n".join(["set -ex", *map(self.at_home, commands)])
        done = subprocess.run(
            ["bash", "-c", script],
            env=environment,
            cwd=root(),
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        logs = "\n".join(path.read_text()[-1500:] for path in (self.folder / "units").glob("*.log"))
        assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-3000:]}{logs}"
        return done.stdout


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with postgresql() as url:
        # the database that the server makes its tables in is made by the document's own commands
        machine = Machine(tmp_path, url.replace("prefect@", "tallybook@"))
        (tmp_path / "deploy").mkdir()
        (tmp_path / "units").mkdir()
        for path in (root() / "deploy").iterdir():
            (tmp_path / "deploy" / path.name).write_text(machine.at_home(path.read_text(encoding="utf-8")))
        machine.run(["runuser -u postgres -- dropdb prefect"])
        try:
            yield machine
        finally:
            # the worker before the server, without which it ends only after a while
            running = sorted((path.stem for path in (tmp_path / "units").glob("*.pid")), reverse=True)
            machine.run([f"systemctl stop {name}" for name in running] or ["true"])


def test_every_command_works(machine: Machine, box: Running) -> None:
    sections = blocks()
    environment = ["set -a; . /etc/tallybook/environment; set +a"]
    install = sections.pop("Install on a server")
    first = next(number for number, line in enumerate(install) if line.startswith("set -a"))
    machine.run(install[:first])
    assert (machine.lib / "tallybook.toml").is_file()  # of `tallybook init`; somebody fills it in:
    shutil.rmtree(machine.lib / "books")
    map_to_one_project(configured(machine.lib, box.url, CONNECTIONS))
    server = {"PREFECT_API_URL": f"http://127.0.0.1:{machine.ports['4200']}/api"}
    wait = f"curl --silent --fail --retry 240 --retry-connrefused --retry-delay 1 {server['PREFECT_API_URL']}/health"
    machine.run([wait, *install[first:]])
    deployments = {one["name"] for one in ask(server, "deployments/filter")}
    until(lambda: [one["status"] for one in ask(server, "work_pools/filter")] == ["READY"])
    notification_block(server, "finance", "http://127.0.0.1:9/")
    machine.run([*environment, "tallybook run --month 2026-10"])
    with pytest.raises(HTTPError, match="401") as asked:  # the library is there, and asks for its token
        urlopen(f"http://127.0.0.1:{machine.ports['4201']}", timeout=30)
    asked.value.close()
    published = sorted(path.name for path in (machine.lib / "var" / "reports" / "2026-10" / "r01").iterdir())

    for title, commands in sections.items():
        # after a start somebody waits until the server is there, as systemd's units do
        waited = [one for line in commands for one in ((line, wait) if "start tallybook-server" in line else (line,))]
        machine.run([*environment, *waited])
        if title == "Back up and restore":
            assert sorted(p.name for p in (machine.lib / "var" / "reports" / "2026-10" / "r01").iterdir()) == published

    assert deployments == {"monthly-report", "daily-collect", "live-sample", "backfill"}
    assert {one["name"] for one in ask(server, "deployments/filter")} == deployments
    assert len(ask(server, "automations/filter")) == 7
