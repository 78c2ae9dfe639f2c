"""A small installation over the sandbox, run once undisturbed by the real command; tests change copies of it."""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stamina
from typer.testing import CliRunner, Result

from tallybook.cli import app
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running
from tallybook.sandbox.world import WorldSize

MONTH = "2026-10"
CONNECTIONS = ("openscaler-main", "nodeconductor-main", "syseleven-main", "ocore-main", "scaleops-main")
_ONE_PROJECT = "connection,sub_account_id,project,cost_center,owner\n" + "".join(
    f"{name},*,Research,4001,Jana Vogel\n" for name in CONNECTIONS
)


@dataclass(frozen=True)
class Installation:
    """A folder with a configuration, its books and what the commands made of it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "tallybook.toml"

    @property
    def data(self) -> Path:
        return self.folder / "var"

    @property
    def warehouse(self) -> Path:
        return self.data / "tallybook.duckdb"

    def configure(self, change: Callable[[str], str]) -> None:
        """Change the text of the configuration; a change that changes nothing is a mistake of the test."""
        text = self.config.read_text(encoding="utf-8")
        assert change(text) != text
        self.config.write_text(change(text), encoding="utf-8")

    def revisions(self) -> list[str]:
        """The names in the month's folder of reports, hidden ones too."""
        folder = self.data / "reports" / MONTH
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@dataclass(frozen=True)
class Lived:
    """An installation after `sample` and `run`, and what `run` printed."""

    installation: Installation
    box: Running
    ran: "subprocess.CompletedProcess[str]"


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its bytes, except the empty lock file."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "tallybook.lock"
    }


def command(*arguments: str) -> list[str]:
    """The command line of a real process."""
    return [sys.executable, "-m", "tallybook", *arguments]


def environment(*, without_secrets: bool = False, **more: str) -> dict[str, str]:
    """What a process of ours gets: the sandbox's secrets, and no configuration of the machine's."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"TALLYBOOK_CONFIG", *SECRETS}}
    return {**inherited, **({} if without_secrets else SECRETS), **more}


def shell(
    folder: Path, *arguments: str, file_bytes: int | None = None, without_secrets: bool = False, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command in a folder; `file_bytes` is the size beyond which no file can grow, as on a full disk."""

    def limit() -> None:
        assert file_bytes is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))

    if file_bytes:
        variables |= {"PYTHONDONTWRITEBYTECODE": "1"}  # one cut off would break all that import it
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(without_secrets=without_secrets, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limit if file_bytes else None,
    )


def last_json(output: str) -> Any:
    """The object on the last line of standard output."""
    answer = json.loads(output.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


@pytest.fixture(scope="package")
def box() -> Iterator[Running]:
    with running(months=1, until=date(2026, 10, 3), size=WorldSize(workloads=20)) as box:
        yield box


@pytest.fixture(scope="package")
def lived(tmp_path_factory: pytest.TempPathFactory, box: Running) -> Lived:
    """Do not change it: take a `copy`."""
    folder = tmp_path_factory.mktemp("lived")
    write_configuration(folder, url=box.url)
    (folder / "books" / "projects.csv").write_text(_ONE_PROJECT, encoding="utf-8")
    sampled = shell(folder, "sample")
    assert sampled.returncode == 0, sampled.stderr
    return Lived(Installation(folder), box, shell(folder, "run", "--month", MONTH, "--json"))


@pytest.fixture
def copy(lived: Lived, tmp_path: Path) -> Installation:
    """The installation, for a test to change."""
    shutil.copytree(lived.installation.folder, tmp_path / "copy")
    return Installation(tmp_path / "copy")


@pytest.fixture
def fresh(box: Running, tmp_path: Path) -> Installation:
    """A configured installation in which nothing has run."""
    write_configuration(tmp_path, url=box.url)
    (tmp_path / "books" / "projects.csv").write_text(_ONE_PROJECT, encoding="utf-8")
    return Installation(tmp_path)


Invoke = Callable[..., Result]


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Run a command in this process, in a folder, asking each question once."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TALLYBOOK_CONFIG", raising=False)

    def run(arguments: str | Sequence[str], *, folder: Path | None = None) -> Result:
        if folder is not None:
            monkeypatch.chdir(folder)
        words = arguments.split() if isinstance(arguments, str) else list(arguments)
        result = CliRunner().invoke(app, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    with stamina.set_testing(True, attempts=1):
        yield run
