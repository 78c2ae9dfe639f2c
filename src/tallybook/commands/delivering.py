"""Delivery of published reports: deliver."""

from typing import Annotated, Optional

import typer

from tallybook.commands.options import (
    DEFAULT_CONFIG,
    Config,
    Json,
    Month,
    begun_period,
    clock,
    exit_by,
    open_configured,
)
from tallybook.console import command, finish, table
from tallybook.errors import UsageError


@command
def deliver(
    *,
    month: Month,
    delivery: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this form
        typer.Option("--delivery", metavar="NAME", help="Only this delivery; may be repeated."),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test, marked as one; it does not count as delivered.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what was delivered before.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Deliver a month's published report as configured.

    It goes out once; what failed or was never delivered is made up for. Secrets in Prefect blocks are for flows only.

    Example: tallybook deliver --month last --test
    """
    from tallybook.pipeline import delivering

    if test and again:
        raise UsageError("give --test or --again: a test counts as no delivery, and can be sent as often as you like")
    house, period = open_configured(config), begun_period(month)
    wish = delivering.Wish(again=again, is_test=test)
    results = delivering.deliver(house, str(period), clock=clock, names=delivery or (), wish=wish)
    table(("delivery", "kind", "outcome", "message"), [(r.delivery, r.kind, r.outcome, r.message) for r in results])
    finish(as_json=as_json, result={"month": str(period), "deliveries": results})
    exit_by(failed=delivering.failures(results), of=len(results))
