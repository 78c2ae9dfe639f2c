"""What commands print: tables and results on standard output, progress, logs and errors on standard error."""

import errno
import functools
import inspect
import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec

import msgspec
import typer

from tallybook.errors import TallybookError

P = ParamSpec("P")
INTERRUPTED = 130  # what shells give a command that Ctrl-C ended

# Everything a terminal would act on. Names come from providers, and stay text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

READERS = (
    *("check", "sample", "collect", "report", "run", "backfill", "deliver", "explain", "export", "coverage"),
    *("rebuild", "library"),
)
"""The commands that read a configuration."""
_ADVISED = re.compile(rf"\btallybook ({'|'.join(READERS)})(?![\w-])(?! --config)")
_config: ContextVar[Path | None] = ContextVar("the configuration that advised commands name", default=None)

log = logging.getLogger("tallybook")


def plain(value: object) -> str:
    """A value as text that can do nothing to a terminal or a log."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", "" if value is None else str(value))


def digits(value: Decimal) -> str:
    """A decimal as its digits, without an exponent and without zeros at the end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@contextmanager
def advise_with(config: Path | None) -> Iterator[None]:
    """Name a configuration in the commands that messages advise; with None they are those of ./tallybook.toml.

    The messages themselves do not know it: most of them are published too, and a path is this machine's.
    """
    token = _config.set(config)
    try:
        yield
    finally:
        _config.reset(token)


def _told(value: object) -> str:
    """A value as plain text whose `tallybook collect …` can be copied and run."""
    text, config = plain(value), _config.get()
    if config is None:
        return text
    option = f" --config {shlex.quote(plain(config))}"
    return _ADVISED.sub(lambda found: found[0] + option, text)


def say(text: str) -> None:
    """One line of result on standard output."""
    sys.stdout.write(_told(text) + "\n")


def hand_over(document: bytes) -> None:
    """A JSON document on standard output: its own bytes for a program, harmless text for a terminal."""
    if sys.stdout.isatty():
        sys.stdout.write(plain(document.decode().rstrip("\n")) + "\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(document.rstrip(b"\n") + b"\n")
    sys.stdout.buffer.flush()


def give_up_output(error: OSError) -> bool:
    """Say that standard output took no more, and write no more to it; False for an error of something else."""
    if error.filename is not None or error.errno not in (*_FULL, errno.EPIPE):
        return False
    if error.errno != errno.EPIPE:  # who closes a pipe, as `head` does, has seen enough
        warn(f"tallybook: what was to be printed could not be written ({error.strerror}): free some space there")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def warn(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(_told(text) + "\n")


def finish(*, as_json: bool, result: object) -> None:
    """With --json the last line of standard output is one JSON object."""
    if as_json:
        hand_over(msgspec.json.encode(result, order="sorted", enc_hook=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows as a table: drawn on a terminal, tab-separated elsewhere so that other programs can read it.

    What a terminal is too narrow for stands there row after row, a cell a line.
    """
    listed = [[_told(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(columns), *listed]:
            sys.stdout.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row) + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    widths = [max(map(len, cells)) for cells in zip(columns, *listed, strict=True)]
    console = Console()
    if sum(width if width <= _WHOLE else _LEAST for width in widths) + len(widths) > console.width:
        _rows_as_lists(columns, listed)
        return
    for name, width in zip(columns, widths, strict=True):
        drawn.add_column(name, no_wrap=width <= _WHOLE, overflow="fold")  # a date that is cut says nothing
    for row in listed:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)


_WHOLE = 12  # characters of a cell that are never broken: dates, figures, words
_LEAST = 8  # of a column whose cells may be broken


def _rows_as_lists(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    longest = max(map(len, columns))
    for row in rows:
        cells = zip(columns, (cell.replace("\n", " ") for cell in row), strict=True)
        sys.stdout.write("".join(f"{name:<{longest}}  {cell}\n" for name, cell in cells if cell) + "\n")


@contextmanager
def progress(label: str) -> Iterator[Callable[[str, str, str], None]]:
    """A watcher of fetches: a moving bar on a terminal, a line per finished unit elsewhere."""
    if not sys.stderr.isatty():
        yield _log_units
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        answers = 0
        task = bar.add_task(label, total=None)

        def watch(connection: str, dataset: str, event: str) -> None:
            nonlocal answers
            answers += event == "asked"
            bar.update(task, description=f"{label}: {connection} {dataset}, {answers} answers")

        yield watch


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A teller of steps: a line with the time since the start for each; on a terminal a moving sign goes on with it."""
    started = time.monotonic()

    def line(text: str) -> str:
        return f"{time.monotonic() - started:4.0f} s  {text}"

    if not sys.stderr.isatty():
        yield lambda text: warn(line(text))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    with console.status("") as status:

        def tell(text: str) -> None:
            console.print(Text(plain(line(text))))
            status.update(Text(plain(text)))

        yield tell


def _log_units(connection: str, dataset: str, event: str) -> None:
    if event != "asked":
        log.info("%s %s: %s", connection, dataset, event)


def start_logging() -> None:
    """Send the product's logs to standard error, and only warnings of its libraries."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # its warnings name no connection; those of http do


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Give a command its errors and exit codes: one line for what we know, a traceback for what we do not."""
    usual = inspect.signature(function).parameters["config"].default

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        start_logging()
        config = kwargs.get("config")
        with advise_with(config if isinstance(config, Path) and config != usual else None):
            try:
                function(*args, **kwargs)
            except TallybookError as error:
                warn(f"tallybook: {error}")
                finish(as_json=bool(kwargs.get("as_json")), result={"error": str(error), "exit_code": error.exit_code})
                raise typer.Exit(error.exit_code) from None
            except KeyboardInterrupt:
                warn("tallybook: interrupted; what was finished is kept, and running it again goes on from there")
                raise typer.Exit(INTERRUPTED) from None

    return run


def as_plain(value: Any) -> Any:
    """A dataclass as what JSON knows, for `finish`."""
    return msgspec.to_builtins(value, enc_hook=str)
