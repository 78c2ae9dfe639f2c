"""The months of a backfill as child runs in this process: side by side while they fetch, in order when they write."""

import contextvars
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect import Flow, Task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelled, Crashed, Pending

SIDE_BY_SIDE = 3
"""How many months are fetched at a time; each asks its connections at their own `max_concurrency`."""
_NOT_ENDED = ["SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"]


class Turns:
    """Whose turn it is to write: the oldest month that has not ended. A report shows the month before it, too."""

    def __init__(self, months: Sequence[str]) -> None:
        self._left = list(months)
        self._changed = threading.Condition()

    @contextmanager
    def of(self, month: str) -> Iterator[None]:
        """Wait until all older months have ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._left[0] == month)
        yield

    def end(self, month: str) -> None:
        """A month has ended, in whatever way."""
        with self._changed:
            self._left.remove(month)
            self._changed.notify_all()


def run_months(
    child: "Flow[Any, State[Any]]",
    months: Sequence[str],
    *,
    turns: Turns,
    parameters: Mapping[str, Any],
    parent: UUID,
    ended: Callable[[str, "State[Any]"], None],
) -> None:
    """A child run for each month, oldest first; `ended` is told the final state of each.

    The run of a month is known by an idempotency key: a parent that is run again takes up the same child runs.
    """

    def run_month(month: str) -> State[Any]:
        # a heartbeat's thread would hold up each end by a second; the parent's tells that the process is there
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            try:
                own = {**parameters, "month": month}
                run = _child_run(child, own, parent=parent, key=f"{parent}:{month}")
                state: State[Any] = run_flow(child, flow_run=run, parameters=own, return_type="state")  # type: ignore[assignment]
                return state
            finally:
                turns.end(month)

    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        started = {month: pool.submit(contextvars.copy_context().run, run_month, month) for month in months}
        for month, future in started.items():
            ended(month, future.result())
    except BaseException:  # cancelled: what has not begun never does, and no child seems to run on
        pool.shutdown(wait=False, cancel_futures=True)
        end_children(parent, Cancelled(message="its backfill was cancelled"))
        raise
    pool.shutdown()


def end_children(parent: UUID, state: "State[Any] | None" = None) -> None:
    """Put the child runs of a backfill that is no more into a last state; those that have ended keep theirs."""
    state = state or Crashed(message="its backfill crashed")
    of_parent = {"parent_flow_run_id": {"any_": [str(parent)]}, "state": {"type": {"any_": _NOT_ENDED}}}
    with get_client(sync_client=True) as client:
        for run in client.request("POST", "/flow_runs/filter", json={"flow_runs": of_parent}).json():
            client.set_flow_run_state(UUID(run["id"]), state, force=True)


def crash_children(flow: Any, flow_run: Any, state: Any) -> None:  # noqa: ARG001 - the form of a hook
    """A hook of the backfill: it crashed, and so did its months."""
    end_children(flow_run.id)


def _child_run(child: "Flow[Any, Any]", parameters: Mapping[str, Any], *, parent: UUID, key: str) -> FlowRun:
    """The run of this key, made when there is none: what Prefect does for a subflow, with an idempotency key."""
    with get_client(sync_client=True) as client:
        tracking = client.create_task_run(
            task=Task(fn=child.fn, name=child.name), flow_run_id=parent, dynamic_key=key, state=Pending()
        )
        asked = {
            "flow_id": str(client.create_flow(child)),
            "parameters": child.serialize_parameters(dict(parameters)),
            "parent_task_run_id": str(tracking.id),
            "idempotency_key": key,
            "tags": ["backfill"],
        }
        run = FlowRun.model_validate(client.request("POST", "/flow_runs/", json=asked).json())
        # also after a kill, when the server still believes that it runs
        client.set_flow_run_state(run.id, Pending(), force=True)
        return client.read_flow_run(run.id)
