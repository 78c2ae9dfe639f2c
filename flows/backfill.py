"""The backfill: collect and report past months again, a plan first, a child run for each month."""

from typing import Annotated, Any, Literal
from uuid import UUID

from prefect import Flow, flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field, StringConstraints

from _artifacts import show_plan, show_report, show_results, show_units
from _children import Turns, crash_children, end_children, run_months
from _signals import tell_of_report
from _tasks import (
    FAILED,
    clock,
    configured_house,
    fetch_month,
    publish_month,
    reporting_house,
    settle_month,
    task_runner,
    told,
)
from tallybook.errors import TallybookError
from tallybook.pipeline import backfill as backfilling
from tallybook.pipeline.backfill import Step
from tallybook.pipeline.house import House
from tallybook.pipeline.journal import Backfill, Journal, MonthResult, registered, resumed_since
from tallybook.pipeline.secrets import read_secrets

PastMonth = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


def _run_name() -> str:
    return f"backfill {flow_run.parameters['first_month']} to {flow_run.parameters['last_month']}"


@flow(name="backfill", flow_run_name=_run_name, on_crashed=[crash_children], task_runner=task_runner())
@told
def backfill(
    first_month: Annotated[PastMonth, Field(description="The first month, YYYY-MM.")],
    last_month: Annotated[PastMonth, Field(description="The last month, YYYY-MM; it is included.")],
    *,
    only: Literal["missing", "failed", "all"] = "missing",
    connections: tuple[str, ...] = (),
    reason: str = "",
    dry_run: bool = False,
) -> State[Any]:
    """Collect and report a range of past months.

    It shows its plan first: every dataset of every month with its state. Then each month is a run of its own; the
    result table says what became of everything, and has a link to each report. A backfill that was cancelled or
    killed goes on where it stopped when it is run again with the same parameters within a day.

    Args:
        first_month: The first month, YYYY-MM.
        last_month: The last month, YYYY-MM; it is included.
        only: missing asks for what is not there or not complete, failed also for what failed, all for everything.
        connections: Names of connections, as in tallybook.toml; none means all.
        reason: Why; needed when a final month would be touched. It is printed in the new revision.
        dry_run: Only show the plan.
    """
    house = configured_house() if dry_run else reporting_house()
    wanted = Backfill(first_month, last_month, only, tuple(connections), reason)
    data_dir = house.settings.data_dir
    steps = backfilling.plan(house, wanted, clock=clock, since=resumed_since(data_dir, wanted, now=clock()))
    show_plan(wanted, steps)
    chosen = backfilling.chosen_months(steps)
    if dry_run:
        return Completed(message=f"{sum(step.is_chosen for step in steps)} steps planned, nothing was done")
    read_secrets(house.chosen(connections), house.settings.read_secret)
    with registered(data_dir, wanted, chosen, run_id=str(flow_run.id), now=clock()) as journal:
        _carry_out(house, wanted, steps, journal)
        results = backfilling.result_rows(steps, journal)
    summary = backfilling.summary(results)
    show_results(wanted, results, summary)
    return _state(summary, results)


def _state(summary: str, results: list[MonthResult]) -> State[Any]:
    failed = backfilling.failures(results)
    if not failed:
        return Completed(message=summary)
    message = f"{summary}; {FAILED}{', '.join(failed)}"
    is_all = all(result.outcome in ("failed", "cannot") for result in results)
    return Failed(message=message) if is_all else Completed(name="Partial", message=message)


def _carry_out(house: House, wanted: Backfill, steps: list[Step], journal: Journal) -> None:
    """The months that are not done, each in a child run."""
    if journal.interrupted:  # a kill of the worker too left nobody to end them
        end_children(UUID(journal.interrupted))
    months = [month for month in journal.months if journal.result(month) is None]
    turns, key = Turns(months), f"backfill-progress-{wanted.first}-to-{wanted.last}"
    progress = create_progress_artifact(_percent(journal), key=key, description=f"Progress of {wanted.name}")

    def ended(month: str, state: State[Any]) -> None:
        if journal.result(month) is None:  # its run crashed
            problem = f"its run ended as {state.name}: {state.message}"
            of_month = backfilling.of_month(steps, month)
            journal.note(month, backfilling.month_results(of_month, [], None, problem=problem))
        update_progress_artifact(progress, _percent(journal))  # type: ignore[arg-type]

    parameters = {"only": wanted.only, "connections": wanted.connections, "reason": wanted.reason}
    child = _month_flow(house, steps, journal, turns)
    run_months(child, months, turns=turns, parameters=parameters, parent=UUID(str(flow_run.id)), ended=ended)


def _percent(journal: Journal) -> float:
    done = sum(journal.result(month) is not None for month in journal.months)
    return 100.0 * done / len(journal.months) if journal.months else 100.0


def _month_flow(house: House, steps: list[Step], journal: Journal, turns: Turns) -> "Flow[Any, State[Any]]":
    """The child flow of this backfill; it knows the plan."""

    @flow(name="backfill-month", flow_run_name="backfill {month}", task_runner=task_runner())
    def backfill_month(month: str, only: str, connections: tuple[str, ...], reason: str) -> State[Any]:  # noqa: ARG001 - shown in the UI
        """Collect and report one month of a backfill."""
        of_month = backfilling.of_month(steps, month)
        try:
            results, status = _redo(house, month, of_month, reason, turns)
        except TallybookError as problem:
            results, status = backfilling.month_results(of_month, [], None, problem=str(problem)), ""
        journal.note(month, results)
        failed = backfilling.failures(results)
        if not status:
            return Failed(message=f"{FAILED}{', '.join(failed)}")
        if failed:
            return Completed(name="Draft", message=f"{FAILED}{', '.join(failed)}")
        return Completed(name="Draft" if status == "DRAFT" else None)

    return backfill_month


def _redo(house: House, month: str, steps: list[Step], reason: str, turns: Turns) -> tuple[list[MonthResult], str]:
    """Fetch what is chosen, then stage and publish when it is this month's turn; what became of it, and its status."""
    wanted = backfilling.datasets_to_fetch(steps)
    receipts = fetch_month(house, month, wanted)
    with turns.of(month):
        units = settle_month(house, month, receipts, list(wanted))
        show_units(month, units)
        published = publish_month(house, month, run_id=str(flow_run.id), reason=reason)
    show_report(month, published)
    tell_of_report(house, month, published)
    return backfilling.month_results(steps, units, published), published.status
