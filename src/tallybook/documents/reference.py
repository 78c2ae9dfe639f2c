"""docs/documents.md: every documented JSON document with its parameters, told from the documents themselves.

After a change: `tallybook documents --markdown > docs/documents.md`. A test holds the page and the code equal.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from tallybook.contract import Document, Parameter, Provider

_INTRODUCTION = """\
# Documented JSON

`tallybook export` answers each provider's own documents from the warehouse, for the month asked for: the same names,
defaults and meaning, so that a program written against the provider reads Tallybook's file unchanged. Every answer is
held against its JSON Schema in `reports/schemas/` before it leaves, keys stand in the order of the document's example,
and numbers have every digit that is known. A report carries the month's standard set under `documents/`.

- `--set NAME=VALUE` gives a parameter; it repeats for those that take texts.
- With several connections of one provider, `--connection NAME` chooses. It may also name a connection of another
  provider whose facts hold what the document needs: [which can](#across-providers).
- An unknown name, a value of another form, a value given twice and a missing required one are refused: exit code 2,
  nothing is written, and the message says what is allowed. What a document refuses beside that is listed with it.
- Bounds may reach into other months: what was collected of them is read.

This page is written by `tallybook documents --markdown`.
"""


def make_page(providers: Iterable[Provider]) -> str:
    """The whole page as Markdown."""
    known = [(provider, document) for provider in providers for document in provider.documents]
    contents = [f"| [{_name(*one)}](#{_anchor(*one)}) | {one[1].reference.summary} |" for one in known]
    listed = "\n".join(["| document | tells |", "|---|---|", *contents])
    return "\n".join([_INTRODUCTION, listed, _across(known), *(_section(*one) for one in known)])


_ACROSS = """
## Across providers

A document can be answered from the facts of another provider's connection where these hold what it needs; else it is
refused with what is missing. Such an answer fits the same schema, and its section tells what stands for what. Facts of
days and hours are those of the reports: [where the figures come from](figures.md#1-what-each-provider-gives).
"""


def _across(known: Sequence[tuple[Provider, Document]]) -> str:
    """Which provider's connections answer which document."""
    answering = list({provider.name: provider for provider, _ in known}.values())
    rows = [
        f"| `{_name(owner, document)}` | {' | '.join(_pair(owner, document, one) for one in answering)} "
        f"| {document.across.needs} |"
        for owner, document in known
    ]
    heads = f"| document | {' | '.join(provider.label for provider in answering)} | needs |"
    return "\n".join([_ACROSS, heads, "|---" * (len(answering) + 2) + "|", *rows])


def _pair(owner: Provider, document: Document, answering: Provider) -> str:
    if owner.name == answering.name:
        return "own"
    return "yes" if document.across.is_answered_by(answering.facts) else "no"


def example(provider: Provider, document: Document) -> str:
    """A command line that asks for the document."""
    settings = (f"--set {shlex.quote(text)}" for text in document.reference.example)
    return " ".join([f"tallybook export {_name(provider, document)} --month 2026-10", *settings])


def allowed(parameter: Parameter) -> str:
    """What a parameter takes."""
    forms = {"texts": "texts", "integer": "a whole number", "boolean": "true, false", "text": "text"}
    return ", ".join(parameter.choices) or forms[parameter.kind]


def default(parameter: Parameter) -> str:
    """What counts when a parameter is not given."""
    if parameter.is_required or parameter.default_rule:
        return parameter.default_rule or "required"
    value = parameter.default
    return str(value).lower() if isinstance(value, bool) else "none" if value in (None, ()) else str(value)


def _section(provider: Provider, document: Document) -> str:
    return "\n".join(
        [
            f"\n## {_name(provider, document)}\n",
            f"{document.reference.summary}. {provider.label}: {document.reference.source}.\n",
            f"```console\n{example(provider, document)}\n```\n",
            *_parameters(document.parameters),
            *_bullets("Refused:", document.reference.refuses),
            *_bullets("Other than asking the provider:", document.reference.differs),
            *_bullets("From a connection of another provider:", document.across.differs),
        ]
    ).rstrip("\n")


def _parameters(parameters: Sequence[Parameter]) -> Iterator[str]:
    if not parameters:
        yield "It has no parameters.\n"
        return
    yield "| parameter | takes | default | meaning |\n|---|---|---|---|"
    for one in parameters:
        yield f"| `{one.name}` | {allowed(one)} | {default(one)} | {one.help} |"
    yield ""


def _bullets(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield "\n".join([f"{title}\n", *(f"- {text}" for text in texts), ""])


def _name(provider: Provider, document: Document) -> str:
    return f"{provider.name}/{document.name}"


def _anchor(provider: Provider, document: Document) -> str:
    return _name(provider, document).replace("/", "")
