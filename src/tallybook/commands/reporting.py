"""Reports: report, run, backfill."""

from typing import TYPE_CHECKING, Annotated

import typer

from tallybook.commands.collecting import collect_units
from tallybook.commands.options import (
    DEFAULT_CONFIG,
    Config,
    Connections,
    Json,
    Language,
    Month,
    Reason,
    begun_period,
    clock,
    exit_by,
    open_configured,
)
from tallybook.console import command, finish, say, table, warn
from tallybook.errors import PartialError

if TYPE_CHECKING:
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.collect import UnitResult
    from tallybook.pipeline.delivering import Delivery
    from tallybook.pipeline.house import House
    from tallybook.pipeline.published import Published


@command
def report(
    *,
    month: Month,
    final: Annotated[bool, typer.Option("--final", help="Close the month; needs --reason.")] = False,
    reason: Reason = "",
    accept_gaps: Annotated[
        str,
        typer.Option(
            "--accept-gaps", metavar="TEXT", help="With --final: why it is closed although part was not seen."
        ),
    ] = "",
    language: Language = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Summarise what is landed and publish what changed.

    Example: tallybook report --month 2026-10 --final --reason "approved"
    """
    house, period = open_configured(config).in_language(language), begun_period(month)
    _report(
        house,
        period,
        final=final,
        reason=reason,
        accept_gaps=accept_gaps,
        as_json=as_json,
        units=[],
    )


@command
def run(*, month: Month, language: Language = "", config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Collect and report one month: what the schedule does.

    Example: tallybook run --month last
    """
    house, period = open_configured(config).in_language(language), begun_period(month)
    house.books()  # wrong books are told before anything is fetched
    units = collect_units(house, period, [], [])
    _report(house, period, as_json=as_json, units=units)


@command
def backfill(
    *,
    first: Annotated[str, typer.Option("--from", metavar="MONTH", help="The first month, YYYY-MM.")],
    last: Annotated[str, typer.Option("--to", metavar="MONTH", help="The last month, YYYY-MM; included.")],
    only: Annotated[
        str,
        typer.Option(
            "--only",
            metavar="missing|failed|all",
            help="missing: not there or not complete; failed: these and failed; all.",
        ),
    ] = "missing",
    connection: Connections = None,
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Collect and report a range of past months, the plan first.

    Example: tallybook backfill --from 2026-07 --to 2026-09 --only failed
    """
    from tallybook.pipeline import backfill as backfilling
    from tallybook.pipeline.journal import Backfill, registered, resumed_since

    house, (since, until) = open_configured(config), (begun_period(first), begun_period(last))
    if not dry_run:
        house.books()
    wanted = Backfill(str(since), str(until), only, tuple(connection or ()), reason)
    data_dir = house.settings.data_dir
    began = resumed_since(data_dir, wanted, now=clock())
    steps = backfilling.plan(house, wanted, clock=clock, since=began)
    table(PLAN, [tuple(step.row().values()) for step in steps])
    if dry_run:
        finish(as_json=as_json, result={"plan": steps})
        return
    with registered(data_dir, wanted, backfilling.chosen_months(steps), run_id="", now=clock()) as journal:
        results = backfilling.carry_out(house, wanted, steps, journal=journal, clock=clock, tell=warn)
    table(RESULT, [tuple(getattr(result, name) for name in RESULT) for result in results])
    finish(as_json=as_json, result={"plan": steps, "results": results})
    exit_by(failed=backfilling.failures(results), of=sum(r.outcome != "cannot" for r in results))


PLAN = ("month", "connection", "dataset", "state", "plan", "note")
RESULT = ("month", "connection", "dataset", "outcome", "revision", "report", "message")


def _report(
    house: "House",
    period: "BillingPeriod",
    *,
    as_json: bool,
    units: list["UnitResult"],
    final: bool = False,
    reason: str = "",
    accept_gaps: str = "",
) -> None:
    from tallybook.pipeline.delivering import deliver_published, failures
    from tallybook.pipeline.publish import report as publish_report

    published = publish_report(house, period, clock=clock, final=final, reason=reason, accept_gaps=accept_gaps)
    say(published.sentence)
    for why in published.reasons:
        say(f"  {why}")
    if published.language != house.language.code:
        warn(
            f"tallybook: {period} stays in its language, {published.language}: it is closed, and its figures did not "
            "change"
        )
    for path in published.headline_files:
        say(str(path))
    failed = {(unit.connection, unit.dataset): unit.message for unit in units if unit.outcome == "failed"}
    failed |= {(unit.connection, unit.dataset): unit.error for unit in published.failures}
    names = [" ".join(unit) for unit in failed]
    deliveries = deliver_published(house, str(period), clock=clock)
    undelivered = failures(deliveries)
    result = _result(period, published, units=units, failed=[*names, *undelivered], deliveries=deliveries)
    finish(as_json=as_json, result=result)
    for message in failed.values():
        warn(message)
    if failed:
        warn(f"tallybook: {period} lacks what failed: {', '.join(names)}; collect it again and report")
    if undelivered:
        warn(
            f"tallybook: {period} is published; {', '.join(undelivered)} failed: mend that, and run 'tallybook deliver'"
        )
    if failed or undelivered:
        raise typer.Exit(PartialError.exit_code)


def _result(
    period: "BillingPeriod",
    published: "Published",
    *,
    units: list["UnitResult"],
    failed: list[str],
    deliveries: list["Delivery"],
) -> dict[str, object]:
    return {
        "month": str(period),
        "units": units,
        "revision": published.revision,
        "is_new": published.is_new,
        "status": published.status,
        "language": published.language,
        "reasons": published.reasons,
        "folder": str(published.folder),
        "files": [str(path) for path in published.headline_files],
        "failed": failed,
        "deliveries": deliveries,
    }
