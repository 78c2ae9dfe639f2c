"""Operating a Prefect server: automations."""

import subprocess
import sys
from typing import Annotated

import typer

from tallybook.commands.options import DEFAULT_CONFIG, Json, UnreadConfig
from tallybook.console import command, finish, say
from tallybook.errors import TallybookError


@command
def automations(
    *,
    notify: Annotated[
        str, typer.Option("--notify", metavar="BLOCK", help="A Prefect notification block, as slack-webhook/finance.")
    ],
    config: UnreadConfig = DEFAULT_CONFIG,  # noqa: ARG001 - comes with every command (contract, section 2)
    as_json: Json = False,
) -> None:
    """Set up the Prefect server's automations that notify somebody.

    They tell of a failed or late report, low coverage and totals that do not tie out, and end runs that died. The
    server is the one of PREFECT_API_URL. Safe to run again.

    Example: tallybook automations --notify slack-webhook/finance
    """
    from tallybook.resources import root

    script = [sys.executable, str(root() / "flows" / "automations.py"), notify]
    done = subprocess.run(script, capture_output=True, text=True, check=False)  # noqa: S603 - our own file
    if done.returncode:
        raise TallybookError((done.stderr.strip().splitlines() or ["the server did not answer"])[-1])
    names = done.stdout.splitlines()
    for name in names:
        say(name)
    finish(as_json=as_json, result={"automations": names})
