"""Events that automations listen to (flows/automations.py): what somebody has to hear of.

Each is about the resource `tallybook.report.<month>` and carries a `message` in words.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prefect.events import emit_event
from prefect.runtime import flow_run as current_run

from tallybook.pipeline.delivering import Delivery
from tallybook.pipeline.house import House
from tallybook.pipeline.published import Published
from tallybook.pipeline.refetching import overdue

REPORT_FAILED = "tallybook.report.failed"
REPORT_LATE = "tallybook.report.late"
COVERAGE_LOW = "tallybook.coverage.low"
TIE_OUT_FAILED = "tallybook.tie-out.failed"
DELIVERY_FAILED = "tallybook.delivery.failed"


def tell_of_report(house: House, month: str, published: Published) -> None:
    """Coverage under the limit of `final_coverage_pct`, and totals that do not tie out."""
    low = published.seen_less_than(house.settings.final_coverage_pct)
    if low:
        limit = f"{house.settings.final_coverage_pct} %"
        _emit(COVERAGE_LOW, month, f"{month}: seen less than {limit}: {'; '.join(low)}")
    differences = published.differences
    if differences:
        _emit(TIE_OUT_FAILED, month, f"{month}: the totals do not tie out: {'; '.join(differences)}")


def tell_of_deliveries(month: str, deliveries: Sequence[Delivery]) -> None:
    """Which deliveries of a published report failed, and why."""
    failed = [one.message for one in deliveries if one.outcome == "failed"]
    if failed:
        _emit(DELIVERY_FAILED, month, f"{month} is published and was not delivered: {'; '.join(failed)}")


def tell_of_late_report(house: House, now: datetime) -> None:
    """That the last month was not reported yet though it is due."""
    period = overdue(house, now=now)
    if period:
        _emit(REPORT_LATE, str(period), f"{period} ended on {period.end:%Y-%m-%d} and has no report yet")


def tell_of_failed_report(flow: Any, flow_run: Any, state: Any) -> None:  # noqa: ARG001 - the form of a hook
    """A hook of the flow: that it failed or crashed."""
    month = str(flow_run.parameters.get("month", ""))
    _emit(REPORT_FAILED, month, f"{flow_run.name}: {state.name}: {state.message}")


def _emit(event: str, month: str, message: str) -> None:
    emit_event(
        event,
        resource={"prefect.resource.id": f"tallybook.report.{month}", "prefect.resource.name": f"report {month}"},
        payload={"month": month, "message": message, "flow_run": str(current_run.id or "")},
    )
