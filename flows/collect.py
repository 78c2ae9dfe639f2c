"""The daily collect: the month so far, with levels such as quotas; in its first days the last month again."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from _artifacts import show_report, show_units
from _scheduled import due as was_due
from _scheduled import is_superseded, skipped
from _signals import tell_of_deliveries, tell_of_late_report, tell_of_report
from _tasks import (
    FAILED,
    Month,
    clock,
    collect_month,
    configured_house,
    deliver_month,
    month_in_name,
    months_of,
    publish_month,
    task_runner,
    told,
)
from tallybook.pipeline.delivering import failures
from tallybook.pipeline.refetching import is_to_be_reported


def _run_name() -> str:
    return f"collect {month_in_name(flow_run.parameters['month'])}"


@flow(name="collect", flow_run_name=_run_name, task_runner=task_runner())
@told
def collect(month: Month = "current") -> State[Any]:
    """Collect one month without publishing a report.

    In the first days of a month (refetch_days in tallybook.toml) 'current' means the month before too. When that was
    published before, what changed since is published as its next revision; a closed month is restated. A month that
    should have been reported by now and was not, since its run died, is published too; when that cannot be done, it is
    told as an event.

    Args:
        month: YYYY-MM, 'last' or 'current' (UTC).
    """
    house = configured_house()
    if is_superseded(clock(), covers=lambda at: months_of(house, month, at=at)):
        return skipped()
    *before, period = months_of(house, month, at=was_due(clock()))
    failed = []
    for due in (period, *before):  # first what can only be asked about now
        units = collect_month(house, str(due))
        show_units(str(due), units)
        failed += [f"{unit.connection} {unit.dataset} {due}" for unit in units if unit.outcome == "failed"]
        if due in before and is_to_be_reported(house, due, units, now=clock()):
            published = publish_month(house, str(due), run_id=str(flow_run.id))
            show_report(str(due), published)
            tell_of_report(house, str(due), published)
            deliveries = deliver_month(house, str(due), run_id=str(flow_run.id)) if house.settings.deliveries else []
            tell_of_deliveries(str(due), deliveries)
            failed += [f"{name} {due}" for name in failures(deliveries)]
    tell_of_late_report(house, clock())
    return Completed(name="Partial", message=FAILED + ", ".join(failed)) if failed else Completed()
