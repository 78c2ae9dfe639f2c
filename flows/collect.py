"""The daily collect: fetch, land and stage the month so far, levels such as quotas included."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from _tasks import Month, collect_month, configured_house, month_in_name, period_of, show_units


def _run_name() -> str:
    return f"collect {month_in_name(flow_run.parameters['month'])}"


@flow(name="collect", flow_run_name=_run_name)
def collect(month: Month = "current") -> State[Any]:
    """Collect one month without publishing a report.

    Args:
        month: YYYY-MM, 'last' or 'current' (UTC).
    """
    name = str(period_of(month))
    units = collect_month(configured_house(), name)
    show_units(name, units)
    failed = [f"{unit.connection} {unit.dataset}" for unit in units if unit.outcome == "failed"]
    return Completed(name="Partial", message=f"failed: {', '.join(failed)}") if failed else Completed()
