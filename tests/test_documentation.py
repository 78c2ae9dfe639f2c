"""What the documents tell people to type and to open is there."""

import re
import subprocess
from pathlib import Path

import pytest

from tallybook.cli import COMMANDS
from tests.commands.parsing import parse

ROOT = Path(__file__).parents[1]
_PLACES = ("*.md", "docs/**/*.md", "bench/*.md", "src/tallybook/providers/*/README.md")
PAGES = sorted(path for place in _PLACES for path in ROOT.glob(place))
# A command stands at the start of a line of a code block, or in backticks.
_COMMAND = re.compile(r"^(?:\$ )?(tallybook [^\n]*)|`(tallybook [^`\n]+)`", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def named(pages: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in pages]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands_in(text: str) -> list[str]:
    lines = [line or quoted for line, quoted in _COMMAND.findall(text)]
    return [line for line in lines if "…" not in line and "..." not in line]


@pytest.mark.parametrize("page", named(PAGES))
def test_every_command_line_parses(page: str) -> None:
    for line in commands_in(text_of(page)):
        words = line.split("#")[0].split()
        if len(words) == 2 and words[1] in {function.__name__ for function in COMMANDS}:
            continue  # a command's bare name in a sentence
        parse(line)


@pytest.mark.parametrize("page", named(PAGES))
def test_every_relative_link_leads_to_a_file(page: str) -> None:
    links = [link.partition("#")[0] for link in _LINK.findall(text_of(page)) if "://" not in link]
    missing = [link for link in links if link and not (ROOT / page).parent.joinpath(link).exists()]

    assert missing == []


@pytest.mark.parametrize("name", [function.__name__ for function in COMMANDS])
def test_every_command_is_mentioned(name: str) -> None:
    told = "\n".join(text_of(page) for page in named(PAGES))

    assert re.search(rf"(tallybook|make) {name}\b", told)


def test_the_readme_shows_command_lines() -> None:
    assert len(commands_in(text_of("README.md"))) >= 8


def test_make_help_lists_every_target() -> None:
    command = ["make", "--no-print-directory", "help"]  # under another make it would print its folders
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert declared
    assert {line.split()[0] for line in shown.splitlines()} == set(declared[1].split())
