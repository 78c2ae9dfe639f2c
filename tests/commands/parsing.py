"""Command lines of documents, parsed and not run."""

import shlex

from typer.main import get_command

from tallybook.cli import app


def parse(line: str) -> None:
    """Parse `tallybook …` as the shell would; raises the parser's error for an unknown command, option or value."""
    program, *words = shlex.split(line, comments=True)
    assert program == "tallybook"
    if words == ["--help"]:
        return  # there is nothing else to parse
    group = get_command(app)
    with group.make_context(program, words) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])  # type: ignore[attr-defined]
        assert command is not None
        if "--help" not in rest:
            command.make_context(name, rest, parent=context).close()
