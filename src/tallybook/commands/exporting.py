"""Documented JSON: documents, export."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from tallybook.commands.options import (
    DEFAULT_CONFIG,
    Config,
    Connection,
    Json,
    Month,
    UnreadConfig,
    begun_period,
    clock,
    open_configured,
)
from tallybook.console import command, finish, hand_over, say, table, warn


@command
def documents(
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/documents.md, which tells all of it.")
    ] = False,
    config: UnreadConfig = DEFAULT_CONFIG,  # noqa: ARG001 - comes with every command (contract, section 2)
    as_json: Json = False,
) -> None:
    """List the documented JSON documents with their parameters.

    Example: tallybook documents
    """
    from tallybook import providers
    from tallybook.documents import reference

    known = [providers.load(name) for name in providers.names()]
    rows = [
        {
            "document": f"{provider.name}/{document.name}",
            "parameter": parameter.name if parameter else "",
            "kind": parameter.kind if parameter else "",
            "takes": reference.allowed(parameter) if parameter else "",
            "default": reference.default(parameter) if parameter else "",
            "help": parameter.help if parameter else "",
            "example": reference.example(provider, document),
        }
        for provider in known
        for document in provider.documents
        for parameter in document.parameters or (None,)
    ]
    if markdown:
        hand_over(reference.make_page(known).encode())
    else:
        columns = ("document", "parameter", "takes", "default", "help", "example")
        table(columns, [tuple(row[column] for column in columns) for row in rows])
    finish(as_json=as_json, result={"documents": rows})


@command
def export(
    *,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="A name that 'tallybook documents' lists.")],
    month: Month,
    values: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this form
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the document; may be repeated."),
    ] = None,
    connection: Connection = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads this form
        typer.Option("--output", metavar="FILE", help="The file to write; without it standard output."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Write one documented JSON document from the warehouse.

    Example: tallybook export ocore/usage --month 2026-10 --set period=daily
    """
    from tallybook import providers
    from tallybook.pipeline.export import export as export_document

    made = export_document(
        open_configured(config),
        document,
        begun_period(month),
        values=values or [],
        connection=connection,
        now=clock(),
        available=[providers.load(name) for name in providers.names()],
    )
    if output is None:
        hand_over(made.body)
    else:
        _write(output, made.body)
        say(f"wrote {output}")
    for hint in made.hints:
        warn(f"tallybook: {hint}")
    result = {"document": document, "output": str(output) if output else None, "hints": made.hints}
    finish(as_json=as_json, result=result)


def _write(output: Path, body: bytes) -> None:
    from tallybook.landing import writing

    with writing(output.absolute().parent) as temporary:
        temporary.write_bytes(body)
        temporary.chmod(0o644)
        temporary.replace(output)
