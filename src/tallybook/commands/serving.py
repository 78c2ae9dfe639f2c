"""Reading what was published: library."""

import sys
from typing import Annotated

import typer

from tallybook.commands.options import DEFAULT_CONFIG, Config, Json, open_configured
from tallybook.console import INTERRUPTED, command, finish, say, warn


@command
def library(
    *,
    port: Annotated[int, typer.Option(metavar="PORT", help="0 takes a free one.", min=0, max=65535)] = 4201,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 is the whole network.")
    ] = "127.0.0.1",
    url: Annotated[
        str,
        typer.Option(
            "--url",
            envvar="TALLYBOOK_REPORTS_URL",
            metavar="URL",
            help="The address that browsers see, where a proxy stands before it.",
        ),
    ] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Serve the published reports to those who have the token.

    The token is that of library_token in the configuration, or one that is made and printed at the first time.

    Example: tallybook library --port 4201
    """
    house = open_configured(config)

    from tallybook.serving.server import Token, is_this_machine_only, library_token, serve

    def announce(address: str, token: Token) -> None:
        say(f"the library is at {url or address}; stop it with Ctrl-C")
        if token.is_new:
            say(f"sign in with the token {token.text}")
            say(f"it is told once, and kept in {token.path}")
        else:
            say(f"sign in with the token {f'in {token.path}' if token.path else 'of library_token'}")
        if not is_this_machine_only(host):
            warn(f"tallybook: the network can reach {host}: put a proxy with https before it, or others read the token")
        finish(as_json=as_json, result={"url": url or address, "token_file": token.path})
        sys.stdout.flush()  # it serves on: a reader at the other end of a pipe waits for these lines

    token = library_token(house.settings)
    try:
        serve(
            house.reports_dir,
            token=token.text,
            host=host,
            port=port,
            is_secure=url.startswith("https:"),
            language=house.language,
            on_ready=lambda address: announce(address, token),
        )
    except KeyboardInterrupt:
        warn("tallybook: the library is no longer served")
        raise typer.Exit(INTERRUPTED) from None
