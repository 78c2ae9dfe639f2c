"""Options that several commands share, and what they are turned into."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tallybook.console import warn
from tallybook.errors import PartialError

if TYPE_CHECKING:
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.house import House

Config = Annotated[
    Path,
    typer.Option(
        "--config", envvar="TALLYBOOK_CONFIG", metavar="FILE", help="The configuration file.", show_default=True
    ),
]
UnreadConfig = Annotated[
    Path,
    typer.Option(
        "--config", metavar="FILE", help="Taken, as by every command, but not read by this one.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Make the last line of standard output one JSON object.")]
Month = Annotated[str, typer.Option("--month", metavar="MONTH", help="YYYY-MM, 'last' or 'current'.")]
Connections = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads this form
    typer.Option("--connection", metavar="NAME", help="Only this connection; may be repeated."),
]
Datasets = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads this form
    typer.Option("--dataset", metavar="NAME", help="Only this dataset; may be repeated."),
]
Connection = Annotated[
    Optional[str],  # noqa: UP045 - typer reads this form
    typer.Option(
        "--connection",
        metavar="NAME",
        help="Which connection, where the provider has several; or one of another provider whose facts can answer.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is closed or published again.")]
Language = Annotated[
    str,
    typer.Option(
        "--language",
        metavar="CODE",
        help="Of the pages and the spreadsheet: en or de. Without it, the configured one.",
        show_default=False,
    ),
]
DEFAULT_CONFIG = Path("tallybook.toml")


def clock() -> datetime:
    """The wall clock, in UTC. Everything below the commands gets it as an argument."""
    return datetime.now(UTC)


def open_configured(config: Path) -> "House":
    """The installation that a configuration describes."""
    from tallybook.pipeline.house import open_house

    return open_house(config)


def begun_period(month: str) -> "BillingPeriod":
    """The month an option names, refused when it has not begun."""
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.house import begun

    return begun(BillingPeriod.parse(month, now=clock()), now=clock())


def exit_by(*, failed: list[str], of: int) -> None:
    """0 when all worked, 3 when some failed, 1 when all did."""
    if failed:
        warn(f"tallybook: {len(failed)} of {of} failed: {', '.join(failed)}")
        raise typer.Exit(1 if len(failed) >= of else PartialError.exit_code)
