"""The monthly report: collect a month, close it as far as it can be closed, publish what changed."""

import sys
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from _tasks import (
    Month,
    collect_month,
    month_in_name,
    period_of,
    publish_month,
    reporting_house,
    show_report,
    show_units,
)


def _run_name() -> str:
    return f"report {month_in_name(flow_run.parameters['month'])}"


@flow(name="monthly-report", flow_run_name=_run_name)
def monthly_report(
    month: Month = "last", *, final: bool = False, reason: str = "", accept_gaps: str = ""
) -> State[Any]:
    """Collect and report one month over all connections.

    A month with failed fetches is published as DRAFT and the run completes under the name Draft. A month that is to be
    closed and cannot be is not published: the run fails and names each reason and gap.

    Args:
        month: YYYY-MM, 'last' or 'current' (UTC).
        final: Close the month; a later change makes a new revision.
        reason: Why it is closed or published again; needed to close it.
        accept_gaps: Why it is closed although part of it was not seen; without it such a month is not closed.
    """
    house, name = reporting_house(), str(period_of(month))
    units = collect_month(house, name)
    show_units(name, units)
    published = publish_month(house, name, final=final, reason=reason, accept_gaps=accept_gaps, run_id=str(flow_run.id))
    show_report(name, published)
    failed = [f"{unit.connection} {unit.dataset}" for unit in units if unit.outcome == "failed"]
    failed += [f"{unit.connection} {unit.dataset}" for unit in published.failures]
    if failed:
        return Completed(name="Draft", message=f"failed: {', '.join(dict.fromkeys(failed))}; {published.sentence}")
    return Completed(message=published.sentence)


if __name__ == "__main__":
    state = monthly_report(*sys.argv[1:2], return_state=True)
    sys.stdout.write(f"{state.message}\n")
    sys.exit(3 if state.name == "Draft" else 0 if state.is_completed() else 1)
