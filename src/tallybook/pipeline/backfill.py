"""Backfills: what of past months is missing, stale or failed, and fetching it again, month by month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallybook.contract import Cadence
from tallybook.errors import TallybookError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import Clock, UnitResult, fetch, settle
from tallybook.pipeline.house import House, begun, load
from tallybook.pipeline.journal import Backfill, Journal, MonthResult
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tallybook.pipeline.revisions import last_closed, latest_revision
from tallybook.statements import aware_utc

_CHOSEN = {
    "missing": {"missing", "stale"},
    "failed": {"missing", "stale", "failed"},
    "all": {"missing", "stale", "failed", "complete"},
}
_CANNOT = "can only be asked about now"
_BEFORE = "fetched before this backfill was interrupted"
_NOT_ASKED = {
    "complete": ("unchanged", "complete before; not asked again"),
    "failed": ("failed", "failed before; not asked again: backfill with only failed"),
    "cannot": ("cannot", _CANNOT),
}
REPORT = "report"
"""What plan and result call the month's report among its datasets; its connection is empty."""


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of the plan, or a month's report.

    `state` is missing, stale (fetched before the month was over), failed, complete, or cannot: it can only be asked
    about now. A report is missing or complete.
    """

    month: str
    connection: str
    dataset: str
    state: str
    is_chosen: bool
    note: str = ""

    def row(self) -> dict[str, Any]:
        """The step as a row of the plan table."""
        return {
            "month": self.month,
            "connection": self.connection,
            "dataset": self.dataset,
            "state": self.state,
            "plan": self._planned if self.is_chosen else "leave",
            "note": self.note,
        }

    @property
    def _planned(self) -> str:
        return "publish" if self.dataset == REPORT else "collect"


def plan(house: House, backfill: Backfill, *, clock: Clock, since: datetime | None = None) -> list[Step]:
    """Every unit of the months with its state, and whether it is chosen.

    What was fetched after `since`, when an interrupted backfill began, is not chosen again. Raises UsageError for
    months that have not begun, for an unknown `only`, and when a final month would be touched without a reason.
    """
    if backfill.only not in _CHOSEN:
        raise UsageError(f"only {backfill.only!r}: give one of {', '.join(_CHOSEN)}")
    months, chosen = backfill.months, house.chosen(backfill.connections)
    begun(months[-1], now=clock())
    with house.warehouse() as warehouse:
        load(house, warehouse, now=clock())
        units = {
            (row["connection"], row["provider"], row["dataset"], row["period"]): row
            for row in warehouse.select("landing.units").to_dicts()
        }
    steps = []
    for month in months:
        of_month = []
        for settings, provider in chosen:
            for dataset in provider.datasets:
                unit = units.get((settings.name, provider.name, dataset.name, str(month)))
                state = _state(unit, dataset.cadence, month)
                is_done = _is_done(unit, since)
                is_chosen = state in _CHOSEN[backfill.only] and not is_done
                note = _CANNOT if state == "cannot" else _BEFORE if is_done else ""
                of_month.append(Step(str(month), settings.name, dataset.name, state, is_chosen, note))
        steps += [*of_month, _report_step(house, month, of_month)]
    _ask_for_reason(house, steps, backfill.reason)
    return steps


def chosen_months(steps: Sequence[Step]) -> list[str]:
    """The months with anything to do, oldest first."""
    return sorted({step.month for step in steps if step.is_chosen})


def datasets_to_fetch(steps: Sequence[Step]) -> dict[str, list[str]]:
    """The chosen datasets of a month's steps, by connection."""
    wanted: dict[str, list[str]] = {}
    for step in steps:
        if step.is_chosen and step.dataset != REPORT:
            wanted.setdefault(step.connection, []).append(step.dataset)
    return wanted


def carry_out(
    house: House,
    backfill: Backfill,
    steps: Sequence[Step],
    *,
    journal: Journal,
    clock: Clock,
    tell: Callable[[str], None],
) -> list[MonthResult]:
    """Collect what is chosen and publish each month that has any, one month after the other."""
    for month in journal.months:
        if journal.result(month) is None:
            tell(f"{month} is collected and reported")
            results = _redo(house, month, of_month(steps, month), reason=backfill.reason, clock=clock)
            journal.note(month, results)
    return result_rows(steps, journal)


def of_month(steps: Sequence[Step], month: str) -> list[Step]:
    """The steps of one month."""
    return [step for step in steps if step.month == month]


def result_rows(steps: Sequence[Step], journal: Journal) -> list[MonthResult]:
    """What became of every step of the plan: what the journal says of its month, or what was left as it is."""
    rows: list[MonthResult] = []
    for month in dict.fromkeys(step.month for step in steps):
        left = month_results(of_month(steps, month), [], None)
        rows += journal.result(month) or left
    return rows


def month_results(
    steps: Sequence[Step], units: Sequence[UnitResult], published: Published | None, *, problem: str = ""
) -> list[MonthResult]:
    """What became of a month's steps; `problem` is why the rest of what was chosen was not done."""
    became = {(unit.connection, unit.dataset): unit for unit in units}
    revision = f"r{published.revision:02d}{' (new)' if published.is_new else ''}" if published else ""
    rows = []
    for step in steps:
        unit = became.get((step.connection, step.dataset))
        path = str(published.page) if published and step.dataset == REPORT else ""
        outcome, message = _outcome(step, unit, published, problem)
        rows.append(MonthResult(step.month, step.connection, step.dataset, outcome, revision, path, message))
    return rows


def failures(results: Sequence[MonthResult]) -> list[str]:
    """The names of what failed."""
    failed = [row for row in results if row.outcome == "failed"]
    return [" ".join(filter(None, (row.month, row.connection, row.dataset))) for row in failed]


def summary(results: Sequence[MonthResult]) -> str:
    """How many datasets came out how, and how many months have a new revision, in words."""
    outcomes = [row.outcome for row in results if row.dataset != REPORT]
    counted = [(outcomes.count(outcome), outcome) for outcome in ("done", "unchanged", "failed", "cannot")]
    reports = [row for row in results if row.dataset == REPORT]
    new = sum(row.outcome == "done" for row in reports)
    counted.append((new, "new revision" if new == 1 else "new revisions"))
    return ", ".join(f"{number} {outcome}" for number, outcome in counted if number) or "nothing to do"


def _redo(house: House, month: str, steps: Sequence[Step], *, reason: str, clock: Clock) -> list[MonthResult]:
    """Collect and report one month; what goes wrong with it is its own."""
    units: list[UnitResult] = []
    try:
        period = BillingPeriod.parse(month, now=clock())
        wanted, receipts = datasets_to_fetch(steps), []
        for connection, datasets in wanted.items():
            receipts += fetch(house, period, clock=clock, connections=[connection], datasets=datasets)
        units = settle(house, period, receipts, clock=clock, connections=list(wanted))
        published = report(house, period, clock=clock, reason=reason)
    except TallybookError as problem:
        return month_results(steps, units, None, problem=str(problem))
    return month_results(steps, units, published)


def _outcome(step: Step, unit: UnitResult | None, published: Published | None, problem: str) -> tuple[str, str]:
    if step.dataset == REPORT:
        if published:
            return "done" if published.is_new else "unchanged", published.sentence
        return ("failed", problem) if problem else _NOT_ASKED["complete"]
    if unit and unit.outcome != "cannot":
        return unit.outcome, unit.message
    if step.note == _BEFORE:
        return "done", _BEFORE
    if step.is_chosen and problem:
        return "failed", problem
    return _NOT_ASKED.get(step.state, ("unchanged", step.note))


def _report_step(house: House, month: BillingPeriod, of_month: Sequence[Step]) -> Step:
    is_missing = latest_revision(house.reports_dir, str(month)) is None
    is_chosen = is_missing or any(step.is_chosen for step in of_month)
    return Step(str(month), "", REPORT, "missing" if is_missing else "complete", is_chosen)


def _is_done(unit: dict[str, Any] | None, since: datetime | None) -> bool:
    """Whether an interrupted backfill that began at `since` had fetched it already."""
    if unit is None or since is None or unit["error"] or unit["receipt"] is None:
        return False
    return aware_utc(unit["fetched_at"]) >= since


def _state(unit: dict[str, Any] | None, cadence: Cadence, month: BillingPeriod) -> str:
    if cadence is not Cadence.HISTORY:
        return "cannot"
    if unit is None or (unit["receipt"] is None and not unit["error"]):
        return "missing"
    if unit["error"]:
        return "failed"
    return "complete" if aware_utc(unit["fetched_at"]) >= month.end else "stale"


def _ask_for_reason(house: House, steps: Sequence[Step], reason: str) -> None:
    for month in chosen_months(steps):
        if last_closed(house.reports_dir, month) is not None and not reason.strip():
            raise UsageError(f"{month} is final: give a reason to touch it")
