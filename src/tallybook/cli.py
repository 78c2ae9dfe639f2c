"""Entry point of the `tallybook` command: the list of commands, nothing else."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from tallybook import __version__
from tallybook.commands import collecting, delivering, explaining, exporting, operating, reporting, serving, trying
from tallybook.console import INTERRUPTED, give_up_output, say

app = typer.Typer(
    help="Tallybook closes a company's cloud month: usage, quotas and costs, as reports that tie out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

COMMANDS = (
    trying.init,
    collecting.check,
    collecting.sample,
    collecting.collect,
    reporting.report,
    reporting.run,
    reporting.backfill,
    delivering.deliver,
    explaining.explain,
    exporting.documents,
    exporting.export,
    collecting.coverage,
    collecting.rebuild,
    serving.library,
    operating.automations,
    trying.sandbox,
    trying.demo,
)
for _command in COMMANDS:
    app.command()(_command)


@app.callback(invoke_without_command=True)
def _version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False
) -> None:
    if version:
        say(f"tallybook {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the terminal cannot write ends no command
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if not give_up_output(error):
            raise
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)  # an ordinary exit would wait for every open request to end
        raise


if __name__ == "__main__":
    main()
