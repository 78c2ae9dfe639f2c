"""docs/documents.md says what the code does: the page is what the documents tell of themselves."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tallybook import providers
from tallybook.contract import Document, Provider
from tallybook.documents import reference
from tallybook.pipeline.export import known_documents, read_values
from tests.commands.parsing import parse

PAGE = Path(__file__).parents[2] / "docs" / "documents.md"
PROVIDERS = [providers.load(name) for name in providers.names()]
EVERY = known_documents(PROVIDERS)


@pytest.fixture(params=EVERY)
def told(request: pytest.FixtureRequest) -> tuple[Provider, Document, str]:
    """A document and its part of the page."""
    provider, document = EVERY[request.param]
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    return provider, document, next(part for part in section if part.startswith(f"{request.param}\n"))


def test_the_page_is_what_the_code_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.make_page(PROVIDERS) + "\n", (
        "run: tallybook documents --markdown > docs/documents.md"
    )


def test_every_parameter_stands_with_what_it_takes_and_its_default(told: tuple[Provider, Document, str]) -> None:
    _, document, text = told
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]

    assert [row[0].strip("| `") for row in rows] == [parameter.name for parameter in document.parameters]
    for row, parameter in zip(rows, document.parameters, strict=True):
        assert set(parameter.choices) <= set(row[1].split(", "))
        assert parameter.is_required == (row[2] == "required")
        if parameter.default not in (None, ()):
            assert row[2] == str(parameter.default).replace("False", "false")
        assert row[2] != "None"


def test_the_example_is_a_command_that_is_understood(told: tuple[Provider, Document, str]) -> None:
    provider, document, text = told
    (line,) = re.findall(r"^tallybook .*$", text, re.MULTILINE)
    parse(line)
    words = shlex.split(line)

    assert words[:3] == ["tallybook", "export", f"{provider.name}/{document.name}"]
    read_values(document, [value for option, value in pairwise(words) if option == "--set"])


def test_every_link_of_the_contents_leads_to_its_heading() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lines = re.findall(r"^## (.*)$", text, re.MULTILINE)
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in lines}

    assert set(re.findall(r"\(#([^)]*)\)", text)) == headings


def test_no_cell_breaks_its_table() -> None:
    told = [text for _, document in EVERY.values() for text in (document.reference.summary, document.reference.source)]
    told += [parameter.help for _, document in EVERY.values() for parameter in document.parameters]

    assert [text for text in told if "|" in text or "\n" in text or not text] == []
