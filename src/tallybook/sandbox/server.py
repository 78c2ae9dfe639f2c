"""Running the sandbox: in this process until it is stopped, or in a child process for as long as a block lasts."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import uvicorn
from starlette.applications import Starlette

from tallybook.sandbox.app import create_app, create_example_app
from tallybook.sandbox.configuration import write_configuration
from tallybook.sandbox.example_routes import EXAMPLE_NOW
from tallybook.sandbox.faults import check_names
from tallybook.sandbox.world import World, WorldSize, make_world

__all__ = ["Running", "create_app", "create_example_app", "running", "serve", "serve_app"]

TIMEOUT_SECONDS = 120


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 1,
    months: int = 3,
    until: date | None = None,
    faults: Iterable[str] = (),
    size: WorldSize | None = None,
    example: bool = False,
    folder: Path | None = None,
    on_ready: Callable[[str], object] | None = None,
) -> None:
    """Serves a world until the process is told to stop; port 0 takes a free one.

    `until` is today when left out. With `example` every documented endpoint answers its document's own
    example, whatever the faults. `folder` gets a configuration and books for what is served. `on_ready` is called
    with the url as soon as connections are accepted.

    Raises:
        ValueError: an unknown fault, or fewer than one month.
        OSError: the port is taken, or the folder cannot be written.
    """
    names = check_names(faults)
    world = make_world(
        seed=seed,
        months=months,
        until=until or _default_end(example),
        size=size,
        hostile_names="hostile-names" in names,
    )
    app = create_example_app(world) if example else create_app(world, faults=names)

    def ready(url: str) -> None:
        if folder is not None:
            write_configuration(folder, url=url, world=world)
        if on_ready is not None:
            on_ready(url)

    serve_app(app, host=host, port=port, on_ready=ready)


def serve_app(app: Starlette, *, host: str, port: int, on_ready: Callable[[str], object] | None) -> None:
    """Serves an application on one event loop, without access log and without a clock of the server's own."""
    listener = socket.create_server((host, port))
    # Inherited by accepted connections; without it each answer waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        access_log=False,
        date_header=False,
        server_header=False,
        log_level="critical",
        lifespan="off",
        timeout_keep_alive=60,
    )
    if on_ready is not None:
        on_ready(f"http://{host}:{listener.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listener])


def _default_end(example: bool) -> date:  # noqa: FBT001
    """The end of a world that nobody gave one: the current UTC day, or the day of the examples."""
    return EXAMPLE_NOW.date() if example else datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox in a child process."""

    url: str
    world: World
    process: "subprocess.Popen[str]"

    def set_clock(self, now: datetime) -> None:
        """Moves the world's now to an aware instant."""
        body = json.dumps({"now": now.isoformat()}).encode()
        self._call(Request(f"{self.url}/clock", data=body, method="PUT"))  # noqa: S310

    def truth(self, month: str) -> dict[str, Any]:
        """The world's own totals of a month (YYYY-MM); decimals are text."""
        told: dict[str, Any] = self._call(Request(f"{self.url}/truth/{month}"))  # noqa: S310
        return told

    def expire_tokens(self) -> None:
        """Ends every token that Keystone has issued."""
        self._call(Request(f"{self.url}/expire-tokens", method="POST"))  # noqa: S310

    def _call(self, request: Request) -> Any:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextmanager
def running(
    *,
    seed: int = 1,
    months: int = 3,
    until: date | None = None,
    faults: Iterable[str] = (),
    size: WorldSize | None = None,
    example: bool = False,
) -> Iterator[Running]:
    """A sandbox in a child process on a free port of 127.0.0.1, ended with the block.

    With `example` every documented endpoint answers its document's own example.

    Raises:
        ValueError: an unknown fault, or fewer than one month.
        RuntimeError: the child ended before it served.
    """
    names = sorted(check_names(faults))
    until = until or _default_end(example)
    world = make_world(seed=seed, months=months, until=until, size=size, hostile_names="hostile-names" in names)
    command = _command(world, names, example=example)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield Running(_read_url(process), world, process)
    finally:
        _end(process)


def _command(world: World, faults: Iterable[str], *, example: bool) -> list[str]:
    """The command line that makes the same world in a child."""
    recipe = world.recipe
    options = {
        "port": 0,
        "seed": recipe.seed,
        "months": recipe.months,
        "until": recipe.until.isoformat(),
        "workloads": recipe.size.workloads,
    }
    return [
        *(sys.executable, "-m", "tallybook.sandbox", "--until-stdin-ends"),
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--faults={name}" for name in faults),
        *(["--example"] if example else []),
    ]


def _read_url(process: "subprocess.Popen[str]") -> str:
    """The first line that the child prints is its url."""
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line.startswith("http://"):
        raise RuntimeError("the sandbox ended before it served; its reason is on standard error")
    return line.strip()


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
