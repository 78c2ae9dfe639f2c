"""The monthly report: collect a month, close it as far as it can be closed, publish what changed."""

import sys
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from _artifacts import show_report, show_units
from _signals import tell_of_deliveries, tell_of_failed_report, tell_of_report
from _tasks import (
    FAILED,
    Month,
    closable_period,
    collect_month,
    deliver_month,
    month_in_name,
    publish_month,
    reporting_house,
    task_runner,
    told,
)
from tallybook.documents.values import Status
from tallybook.pipeline.delivering import failures


def _run_name() -> str:
    return f"report {month_in_name(flow_run.parameters['month'])}"


@flow(
    name="monthly-report",
    flow_run_name=_run_name,
    task_runner=task_runner(),
    on_failure=[tell_of_failed_report],
    on_crashed=[tell_of_failed_report],
)
@told
def monthly_report(
    month: Month = "last", *, final: bool = False, reason: str = "", accept_gaps: str = ""
) -> State[Any]:
    """Collect and report one month over all connections.

    A month that is a DRAFT, such as one with failed fetches, is published and the run completes under the name Draft.
    One that could not be delivered is published too: the run completes as Undelivered and names the delivery.
    A month that is to be closed and cannot be is not published: the run fails and names each reason and gap.

    Args:
        month: YYYY-MM, 'last' or 'current' (UTC).
        final: Close the month; a later change makes a new revision.
        reason: Why it is closed or published again; needed to close it.
        accept_gaps: Why it is closed although part of it was not seen; without it such a month is not closed.
    """
    name = str(closable_period(month, final=final, reason=reason, accept_gaps=accept_gaps))
    house = reporting_house()
    units = collect_month(house, name)
    show_units(name, units)
    published = publish_month(house, name, final=final, reason=reason, accept_gaps=accept_gaps, run_id=str(flow_run.id))
    show_report(name, published)
    tell_of_report(house, name, published)
    deliveries = deliver_month(house, name, run_id=str(flow_run.id)) if house.settings.deliveries else []
    tell_of_deliveries(name, deliveries)
    failed = [f"{unit.connection} {unit.dataset}" for unit in units if unit.outcome == "failed"]
    failed += [f"{unit.connection} {unit.dataset}" for unit in published.failures]
    lacks = [*dict.fromkeys(failed), *failures(deliveries)]
    lacking = f"{FAILED}{', '.join(lacks)}; " if lacks else ""
    is_draft = failed or published.status == Status.DRAFT
    name_of_state = "Draft" if is_draft else "Undelivered" if lacks else None
    return Completed(name=name_of_state, message=lacking + published.sentence)


if __name__ == "__main__":
    state = monthly_report(*sys.argv[1:2], return_state=True)
    sys.stdout.write(f"{state.message}\n")
    lacks_something = str(state.message).startswith(FAILED)
    sys.exit(1 if not state.is_completed() else 3 if lacks_something else 0)
