"""The backfill: collect and report past months again, a plan first."""

from typing import Annotated, Any, Literal

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field, StringConstraints

from _tasks import clock, configured_house, reporting_house
from tallybook.periods import BillingPeriod
from tallybook.pipeline import backfill as backfilling

PastMonth = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), Field(description="YYYY-MM (UTC).")
]


def _run_name() -> str:
    return f"backfill {flow_run.parameters['first_month']} to {flow_run.parameters['last_month']}"


@flow(name="backfill", flow_run_name=_run_name)
def backfill(
    first_month: PastMonth,
    last_month: PastMonth,
    *,
    only: Literal["missing", "failed", "all"] = "missing",
    connections: list[str] | None = None,
    reason: str = "",
    dry_run: bool = False,
) -> State[Any]:
    """Collect and report a range of past months.

    Args:
        first_month: The first month, YYYY-MM.
        last_month: The last month, YYYY-MM; it is included.
        only: missing asks for what is not there or not complete, failed also for what failed, all for everything.
        connections: Names of connections; empty means all.
        reason: Why; needed when a final month would be touched.
        dry_run: Only show the plan.
    """
    house, now = configured_house() if dry_run else reporting_house(), clock()
    first, last = BillingPeriod.parse(first_month, now=now), BillingPeriod.parse(last_month, now=now)
    plan = backfilling.plan(house, first, last, only=only, connections=connections or [], reason=reason, clock=clock)
    key = f"{first}-to-{last}"
    create_table_artifact([step.row() for step in plan], key=f"backfill-plan-{key}", description="The plan")
    if dry_run:
        return Completed(message=f"{len(plan)} units planned, nothing was done")
    results = backfilling.carry_out(house, plan, reason=reason, clock=clock, run_id=str(flow_run.id))
    create_table_artifact([result.row() for result in results], key=f"backfill-result-{key}", description="The result")
    failed = [result for result in results if result.outcome == "failed"]
    return Completed(name="Partial", message=f"{len(failed)} units failed") if failed else Completed()
