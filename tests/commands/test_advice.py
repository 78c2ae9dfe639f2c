"""Commands that messages advise can be copied: they name the configuration that was opened, if it is not the usual."""

import inspect
import shlex
import shutil
from pathlib import Path

import pytest

from tallybook.cli import COMMANDS
from tallybook.commands.options import Config
from tallybook.console import READERS, advise_with, say, table
from tests.commands.conftest import MONTH, Installation, Invoke, Lived, last_json
from tests.commands.parsing import parse

NEVER_SEEN = "export ocore/usage --month 2026-07 --json"

pytestmark = [pytest.mark.xdist_group("commands")]


@pytest.fixture
def elsewhere(lived: Lived, tmp_path: Path) -> Installation:
    """An installation whose path a shell would take apart."""
    return Installation(Path(shutil.copytree(lived.installation.folder, tmp_path / "our books")))


@pytest.mark.slow
def test_an_advised_command_names_the_configuration_that_was_opened(elsewhere: Installation, invoke: Invoke) -> None:
    result = invoke([*NEVER_SEEN.split(), "--config", str(elsewhere.config)], folder=elsewhere.folder.parent)

    advised = f"tallybook collect --config '{elsewhere.config}' --month 2026-07 --connection ocore-main --dataset usage"
    assert f"run '{advised}'" in result.stderr
    parse(advised)
    assert shlex.split(advised)[3] == str(elsewhere.config)
    assert "--config" not in last_json(result.stdout)["hints"][0]  # programs know what they called


@pytest.mark.slow
def test_an_advised_command_is_short_where_the_usual_configuration_was_opened(lived: Lived, invoke: Invoke) -> None:
    invoke([*NEVER_SEEN.split(), "--config", str(lived.installation.config)], folder=lived.installation.folder)
    result = invoke(NEVER_SEEN, folder=lived.installation.folder)

    assert "run 'tallybook collect --month 2026-07 --connection ocore-main --dataset usage'" in result.stderr


@pytest.mark.slow
def test_what_is_published_names_no_configuration(fresh: Installation, invoke: Invoke) -> None:
    config = f"../{fresh.folder.name}/tallybook.toml"
    invoke(f"collect --month {MONTH} --connection ocore-main --dataset totals", folder=fresh.folder)
    refused = invoke(f"report --month {MONTH} --final --reason closed --config {config}", folder=fresh.folder)
    reported = invoke(f"report --month {MONTH} --config {config}", folder=fresh.folder)

    options = f"--month {MONTH} --connection ocore-main --dataset usage"
    assert (refused.exit_code, reported.exit_code) == (2, 0)
    assert f"tallybook collect --config {config} {options}" in refused.stderr
    assert f"tallybook collect --config {config} {options}" in reported.stdout
    (page,) = fresh.data.glob("reports/*/r01/monthly-report.html")
    assert f"tallybook collect {options}" in page.read_text(encoding="utf-8")
    published = [path.read_bytes() for path in fresh.data.glob("reports/**/*") if path.is_file()]
    assert [body for body in published if fresh.folder.name.encode() in body] == []


def test_the_commands_that_read_a_configuration_are_known() -> None:
    reading = {
        function.__name__
        for function in COMMANDS
        if inspect.signature(function, eval_str=True).parameters["config"].annotation == Config
    }

    assert set(READERS) == reading


@pytest.mark.parametrize(
    "text",
    [
        "tallybook 0.1.0",
        "run 'tallybook init', or give --config FILE",
        "tallybook sandbox --port 1",
        "# then: tallybook check --config try/tallybook.toml",
        "another tallybook process",
        "tallybook: reported",
    ],
)
def test_what_is_no_such_command_stays_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with advise_with(Path("acme.toml")):
        say(text)

    assert capsys.readouterr().out == f"{text}\n"


def test_tables_advise_too(capsys: pytest.CaptureFixture[str]) -> None:
    with advise_with(Path("acme.toml")):
        table(("message",), [("'tallybook sample' does",)])
    table(("message",), [("'tallybook sample' does",)])

    assert capsys.readouterr().out.splitlines()[1::2] == [
        "'tallybook sample --config acme.toml' does",
        "'tallybook sample' does",
    ]
