"""Every command explains itself, and a command line that cannot be is refused with exit code 2."""

import re

import pytest
from typer.testing import CliRunner

from tallybook import __version__
from tallybook.cli import COMMANDS, app
from tallybook.commands.trying import FAULTS
from tallybook.sandbox.faults import KNOWN
from tests.commands.parsing import parse

NAMES = [function.__name__ for function in COMMANDS]
PROMISED = (  # contract.md section 2, and what was added to it
    *("init", "check", "sample", "collect", "report", "run", "backfill"),
    *("documents", "export", "coverage", "rebuild", "sandbox", "demo", "explain", "automations", "library", "deliver"),
)


def invoke(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_promised_commands_are_there() -> None:
    assert sorted(NAMES) == sorted(PROMISED)


def test_help_lists_every_command() -> None:
    code, out, _ = invoke("--help")

    listed = re.findall(r"^  ([a-z]+) ", out.partition("Commands:")[2], re.MULTILINE)
    assert code == 0
    assert set(listed) == set(PROMISED)


def test_help_shows_every_summary_whole_on_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = invoke("--help")
    summaries = out.partition("Commands:")[2].strip().splitlines()

    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", PROMISED)
def test_help_of_a_command_has_an_example_that_parses(name: str) -> None:
    code, out, err = invoke(name, "--help")

    assert (code, err) == (0, "")
    example = re.search(rf"^  Example: (tallybook {name}\b.*)\n\n", out, re.MULTILINE)
    assert example, out  # whole, on a line of its own: people copy it
    parse(example[1])


@pytest.mark.parametrize("name", PROMISED)
def test_config_and_json_come_with_every_command(name: str) -> None:
    _, out, _ = invoke(name, "--help")

    assert "--config" in out
    assert "--json" in out


@pytest.mark.parametrize("name", PROMISED)
def test_help_speaks_of_values_as_people_do(name: str) -> None:
    _, out, _ = invoke(name, "--help")

    values = re.sub(r"^  \[?[A-Z]+\]? <[a-z]+>", "", out, flags=re.MULTILINE)  # arguments have names of their own
    assert re.findall(r"<[a-z][a-z \[\]]*>", values) == []


def test_help_lists_the_choices() -> None:
    assert "missing|failed|all" in invoke("backfill", "--help")[1]
    assert tuple(sorted(KNOWN)) == FAULTS
    told = re.sub(r"(?<=-)\n +", "", invoke("sandbox", "--help")[1])  # lines break at a hyphen
    assert set(FAULTS) <= set(re.findall(r"[a-z-]+", told))


def test_version_is_the_package_s() -> None:
    assert invoke("--version") == (0, f"tallybook {__version__}\n", "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colect --month 2026-10", "No such command 'colect'"),
        ("collect", "Missing option '--month'"),
        ("collect --month 2026-10 --force", "No such option: --force"),
        ("export --month 2026-10", "Missing argument 'DOCUMENT'"),
        ("sandbox --port 70000", "less than or equal to 65535"),
        ("sandbox --months 0", "greater than or equal to 1"),
        ("backfill --from 2026-07", "Missing option '--to'"),
    ],
)
def test_a_command_line_that_cannot_be_exits_2(line: str, said: str) -> None:
    code, out, err = invoke(*line.split())

    assert code == 2
    assert said in err
    assert out == ""
