"""Backfills: what of past months is missing, stale or failed, and fetching it again, month by month."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tallybook.contract import Cadence
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod, months_between
from tallybook.pipeline.collect import Clock, UnitResult, collect
from tallybook.pipeline.house import House, begun, load
from tallybook.pipeline.publish import report
from tallybook.pipeline.revisions import last_closed
from tallybook.warehouse import aware_utc

_CHOSEN = {
    "missing": {"missing", "stale"},
    "failed": {"missing", "stale", "failed"},
    "all": {"missing", "stale", "failed", "complete"},
}
_CANNOT = "can only be asked about now"


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of the plan. `state`: missing, stale (fetched before the month was over), failed, complete, cannot."""

    month: str
    connection: str
    dataset: str
    state: str
    is_chosen: bool
    note: str = ""

    def row(self) -> dict[str, Any]:
        """The step as a row of the plan table."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step: done, unchanged, failed or cannot; `revision` is the month's newest."""

    month: str
    connection: str
    dataset: str
    outcome: str
    revision: str
    message: str

    def row(self) -> dict[str, Any]:
        """The result as a row of the result table."""
        return asdict(self)


def plan(
    house: House,
    first: BillingPeriod,
    last: BillingPeriod,
    *,
    only: str,
    connections: Sequence[str],
    reason: str,
    clock: Clock,
) -> list[Step]:
    """Every unit of the months with its state, and whether it is chosen.

    Raises UsageError for months that have not begun, for an unknown `only`, and when a final month would be
    touched without a reason.
    """
    if only not in _CHOSEN:
        raise UsageError(f"only {only!r}: give one of {', '.join(_CHOSEN)}")
    months, chosen = months_between(first, last), house.chosen(connections)
    begun(last, now=clock())
    with house.warehouse() as warehouse:
        load(house, warehouse, now=clock())
        units = {
            (row["connection"], row["provider"], row["dataset"], row["period"]): row
            for row in warehouse.select("landing.units").to_dicts()
        }
    steps = []
    for month in months:
        for settings, provider in chosen:
            for dataset in provider.datasets:
                unit = units.get((settings.name, provider.name, dataset.name, str(month)))
                state = _state(unit, dataset.cadence, month)
                note = _CANNOT if state == "cannot" else ""
                steps.append(Step(str(month), settings.name, dataset.name, state, state in _CHOSEN[only], note))
    _ask_for_reason(house, steps, reason)
    return steps


def carry_out(house: House, steps: Sequence[Step], *, reason: str, clock: Clock, run_id: str = "") -> list[StepResult]:
    """Collect the chosen units, and publish each month that has any; the months one after the other."""
    results: list[StepResult] = []
    for month in sorted({step.month for step in steps}):
        period = BillingPeriod.parse(month, now=clock())
        of_month = [step for step in steps if step.month == month]
        units = _collect(house, period, [step for step in of_month if step.is_chosen], clock)
        revision = ""
        if units:
            published = report(house, period, clock=clock, reason=reason, run_id=run_id)
            revision = f"r{published.revision:02d}{' (new)' if published.is_new else ''}"
        results += [
            StepResult(month, unit.connection, unit.dataset, unit.outcome, revision, unit.message) for unit in units
        ]
        results += [
            StepResult(month, step.connection, step.dataset, "cannot", revision, step.note)
            for step in of_month
            if step.state == "cannot"
        ]
    return results


def _collect(house: House, period: BillingPeriod, steps: Sequence[Step], clock: Clock) -> list[UnitResult]:
    results: list[UnitResult] = []
    for connection in dict.fromkeys(step.connection for step in steps):
        datasets = [step.dataset for step in steps if step.connection == connection]
        results += collect(house, period, clock=clock, connections=[connection], datasets=datasets)
    return [result for result in results if result.outcome != "cannot"]


def _state(unit: dict[str, Any] | None, cadence: Cadence, month: BillingPeriod) -> str:
    if cadence is not Cadence.HISTORY:
        return "cannot"
    if unit is None or (unit["receipt"] is None and not unit["error"]):
        return "missing"
    if unit["error"]:
        return "failed"
    return "complete" if aware_utc(unit["fetched_at"]) >= month.end else "stale"


def _ask_for_reason(house: House, steps: Sequence[Step], reason: str) -> None:
    months = sorted({step.month for step in steps if step.is_chosen})
    for month in months:
        if last_closed(house.reports_dir, month) is not None and not reason.strip():
            raise UsageError(f"{month} is final: give a reason to touch it")
