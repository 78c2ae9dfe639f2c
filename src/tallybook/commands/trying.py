"""Starting and trying out: init, sandbox, demo."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tallybook.commands.options import DEFAULT_CONFIG, Json, UnreadConfig, clock
from tallybook.console import INTERRUPTED, command, finish, say, steps, table, warn

if TYPE_CHECKING:
    from tallybook.demo import Served

# Those of tallybook.sandbox.faults, which takes as long to import as its web server.
FAULTS = (
    *("gap", "hostile-names", "old-server", "rate-limit", "restated", "server-error", "slow", "truncated"),
    *("unavailable", "unknown-fields", "wrong-window"),
)


@command
def init(
    *,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write.")] = Path(),
    config: UnreadConfig = DEFAULT_CONFIG,  # noqa: ARG001 - comes with every command (contract, section 2)
    as_json: Json = False,
) -> None:
    """Write a tallybook.toml and books to start from. Nothing is overwritten.

    Example: tallybook init
    """
    from tallybook.pipeline.starting import initialise

    made, written = initialise(folder)
    for path in made:
        say(f"made the folder {path}")
    for path in written:
        say(f"wrote {path}")
    if not written:
        say("everything is there already; nothing was written")
    finish(as_json=as_json, result={"made": [str(path) for path in made], "written": [str(path) for path in written]})


@command
def sandbox(
    *,
    port: Annotated[int, typer.Option(metavar="PORT", help="0 takes a free one.", min=0, max=65535)] = 8765,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Another seed is another world.")] = 1,
    months: Annotated[int, typer.Option(metavar="NUMBER", help="Months of history.", min=1, max=60)] = 3,
    until: Annotated[
        str, typer.Option(metavar="DATE", help="YYYY-MM-DD: the world's today; default the real one.")
    ] = "",
    faults: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this form
        typer.Option(
            "--faults", metavar="NAME", help=f"A misbehaviour to turn on, may be repeated: {', '.join(FAULTS)}."
        ),
    ] = None,
    write_config: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads this form
        typer.Option(
            "--write-config", metavar="FOLDER", help="A folder to write tallybook.toml and books for this sandbox into."
        ),
    ] = None,
    config: UnreadConfig = DEFAULT_CONFIG,  # noqa: ARG001 - comes with every command (contract, section 2)
    as_json: Json = False,
) -> None:
    """Emulate the five providers on one port of this machine.

    Example: tallybook sandbox --port 8765 --write-config try --faults rate-limit
    """
    from tallybook.demo import serve_sandbox

    def announce(served: "Served") -> None:
        _tell_how_to_connect(served, write_config)
        finish(as_json=as_json, result={"url": served.url, "addresses": served.addresses})
        sys.stdout.flush()  # it serves on: a reader at the other end of a pipe waits for these lines

    try:
        serve_sandbox(
            port=port,
            seed=seed,
            months=months,
            until=until,
            faults=faults or [],
            folder=write_config,
            on_ready=announce,
        )
    except KeyboardInterrupt:
        warn("tallybook: the sandbox has stopped; the same command serves the same world again")
        raise typer.Exit(INTERRUPTED) from None


def _tell_how_to_connect(served: "Served", folder: Path | None) -> None:
    say(f"the sandbox serves at {served.url}; stop it with Ctrl-C")
    table(("provider", "base_url"), served.addresses.items())
    say("# what it accepts, for the shell in which tallybook runs:")
    for line in served.export_lines:
        say(line)
    if folder is None:
        say("# a configuration that fits: add --write-config FOLDER")
    else:
        say(f"# then: tallybook check --config {folder / 'tallybook.toml'}")


@command
def demo(
    *,
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the demo lives; made anew each time.")] = Path(
        "demo"
    ),
    config: UnreadConfig = DEFAULT_CONFIG,  # noqa: ARG001 - comes with every command (contract, section 2)
    as_json: Json = False,
) -> None:
    """Close last month over all five providers of the sandbox.

    Two months are lived through, and the last one is closed by the Prefect flow. It takes a minute or two.

    Example: tallybook demo
    """
    from tallybook.demo import run_demo

    with steps() as tell:
        result = run_demo(folder, clock=clock, say=tell)
    for path in result.files:
        say(str(path))
    say("# to ask its providers again: start them, and in another terminal export what that prints, then check")
    for line in result.next_steps:
        say(line)
    finish(as_json=as_json, result={"files": [str(path) for path in result.files], "exit_code": result.exit_code})
    if result.exit_code:
        raise typer.Exit(result.exit_code)
