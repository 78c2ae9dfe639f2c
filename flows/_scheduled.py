"""What a run is about that its deployment's schedule made, also when it starts days late."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.states import Completed

_NOT_ENDED = ["SCHEDULED", "PENDING", "RUNNING"]


def due(now: datetime) -> datetime:
    """When this run was due; now for a run of no deployment. `last` and `current` are meant as of then."""
    run = _of_deployment()
    return min(now, run.expected_start_time) if run and run.expected_start_time else now


def is_superseded(now: datetime, *, covers: Callable[[datetime], Collection[object]] = lambda _: ()) -> bool:
    """Whether a later run of this deployment with the same parameters is due, too, and does all that this one does.

    While no worker was there a schedule's runs have piled up; then the last of them does what all would do. `covers`
    says what a run is about that was due at a time: the last one of a month says nothing about the month before.
    """
    run = _of_deployment()
    if run is None or run.expected_start_time is None:
        return False
    asked = {
        "flow_runs": {
            "deployment_id": {"any_": [str(run.deployment_id)]},
            "state": {"type": {"any_": _NOT_ENDED}},
            "expected_start_time": {"after_": run.expected_start_time.isoformat(), "before_": now.isoformat()},
        },
        "sort": "EXPECTED_START_TIME_DESC",
    }
    with get_client(sync_client=True) as client:
        found = [FlowRun.model_validate(one) for one in client.request("POST", "/flow_runs/filter", json=asked).json()]
    same = [other.expected_start_time for other in found if other.parameters == run.parameters]
    own = set(covers(due(now)))
    return any(own <= set(covers(at)) for at in same if at and at > due(now))


def skipped() -> "State[Any]":
    """How a run ends that leaves its work to a later one."""
    return Completed(name="Skipped", message="a later run is due, which does the same")


def _of_deployment() -> FlowRun | None:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return run if run is not None and run.deployment_id else None
