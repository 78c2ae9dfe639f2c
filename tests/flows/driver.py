"""Runs in a process of its own, since Prefect's libraries warn and its server stays: flows, and what they left.

Each line of its input, [what, arguments], is answered by a process of its own with a line [how it ended, its answer]:

["describe", {}]                       the deployments' flows and their parameter schemas
["run", {"folder": …}]                 the monthly report, the collect after it and a dry backfill
["do", {"now": …, "calls": […]}]       the final states of flows at a time; see `do`
["kill", {"now": …, "calls": […]}]     the same, each call in a process that is killed at a point; see `kill`
["tie_out", {"folder": …, …}]          what is told of a report whose totals differ
"""

import atexit
import importlib
import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.utilities.callables import parameter_schema

from tallybook.pipeline.journal import Backfill, registered
from tallybook.pipeline.published import Published
from tallybook.resources import root

sys.path.insert(0, str(root() / "flows"))


def flow_of(entrypoint: str) -> "Flow[Any, Any]":
    path, name = entrypoint.split(":")
    assert (root() / path).is_file()
    flow: Flow[Any, Any] = getattr(importlib.import_module(Path(path).stem), name)
    return flow


def describe() -> dict[str, Any]:
    deployments = yaml.safe_load((root() / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    flows = {deployment["name"]: flow_of(deployment["entrypoint"]) for deployment in deployments}
    return {
        name: {"flow": flow.name, "schema": parameter_schema(flow).model_dump(mode="json")}
        for name, flow in flows.items()
    }


def run(folder: str) -> dict[str, Any]:
    os.environ["TALLYBOOK_CONFIG"] = str(Path(folder) / "tallybook.toml")
    report, backfill = flow_of("flows/monthly_report.py:monthly_report"), flow_of("flows/backfill.py:backfill")
    refused = [
        refusal(report, month="2026-13"),
        refusal(report, month="October"),
        refusal(backfill, first_month="2026-09", last_month="2026-10", only="some"),
    ]
    set_clock(datetime(2026, 10, 3, tzinfo=UTC))
    files = importlib.import_module("tallybook.pipeline.files")
    with patch.object(files, "_write_pages", lambda *_: None):  # those of the next revision are looked at
        reported = report("2026-10", return_state=True)
    set_clock(datetime(2026, 11, 2, 6, tzinfo=UTC))
    collected = flow_of("flows/collect.py:collect")("current", return_state=True)
    planned = backfill("2026-09", "2026-10", dry_run=True, return_state=True)
    future = report("2999-01", return_state=True)
    with get_client(sync_client=True) as client:
        runs = listed(client, "flow_runs/filter", sort="START_TIME_DESC")
        artifacts = listed(client, "artifacts/latest/filter")
        tasks = task_names(client, str(reported.state_details.flow_run_id))
    states = {
        "report": reported,
        "collect": collected,
        "backfill": planned,
        "future": future,
    }
    return {
        "refused": refused,
        "states": {name: [state.type.value, state.name, state.message] for name, state in states.items()},
        "names": sorted(one["name"] for one in runs),
        "tasks": tasks,
        "artifacts": {one["key"]: [one["type"], one["data"]] for one in artifacts},
    }


def do(now: str, calls: list[dict[str, Any]]) -> list[Any]:
    """Run flows one after the other, each as `run_one` says."""
    prepare(now)
    return [run_one(call, now) for call in calls]


def run_one(call: dict[str, Any], now: str) -> list[str]:
    """Run a flow with its parameters, over the installation in `folder`.

    `held` are months of another backfill; `run` is the id of a run that the server has planned.
    """
    os.environ["TALLYBOOK_CONFIG"] = str(Path(call["folder"]) / "tallybook.toml")
    held = call.get("held")
    with ExitStack() as stack:
        if held:
            data, other = Path(call["folder"]) / "var", Backfill(held[0], held[-1], "all")
            moment = datetime.fromisoformat(now)
            stack.enter_context(registered(data, other, held, run_id="run-1", now=moment))
        if call.get("run"):
            with get_client(sync_client=True) as client:
                planned = client.read_flow_run(call["run"])
            state = run_flow(
                flow_of(call["flow"]), flow_run=planned, parameters=planned.parameters, return_type="state"
            )
        else:
            state = flow_of(call["flow"])(**call["parameters"], return_state=True)
    return [state.type.value, state.name, state.message]


def kill(now: str, calls: list[dict[str, Any]]) -> list[int]:
    """Run each call in a process that kills itself at its point: "module:Class.method", nth call, "before" or "after".

    Prefect was only imported when it forks: nothing of it is under way. Returns how each process ended.
    """
    prepare(now)
    for call in calls:
        flow_of(call["flow"])
    ends = []
    for call in calls:
        child = os.fork()
        if child == 0:
            if call.get("at"):
                arm(*call["at"])
            run_one(call, now)
            sys.stdout.flush()
            os._exit(0)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return ends


def tie_out(folder: str, difference: str) -> str:
    """What a flow tells of a report whose totals differ; none of ours do."""
    os.environ["TALLYBOOK_CONFIG"] = str(Path(folder) / "tallybook.toml")
    signals, house = importlib.import_module("_signals"), importlib.import_module("_tasks").configured_house()
    rows = [{"billing_currency": "EUR", "difference": difference}, {"billing_currency": "USD", "difference": "0"}]
    published = Published(1, True, "DRAFT", (), Path("2026-10/r01"), rows, [], ())
    signals.tell_of_report(house, "2026-10", published)
    return "told"


def arm(target: str, nth: int, when: str) -> None:
    """Kill this process before or after the nth call of a function."""
    module_name, _, path = target.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real, calls = getattr(owner, name), count(1)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        number = next(calls)
        if number == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*args, **kwargs)
        if number == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, deadly)


def prepare(now: str) -> None:
    """Set the clock; reports are quick without pages, and a fetch that fails is tried again at once."""
    set_clock(datetime.fromisoformat(now))
    tasks = sys.modules["_tasks"]
    tasks.fetch_connection.retry_delay_seconds = [0]
    importlib.import_module("tallybook.pipeline.files")._write_pages = lambda *_: None  # type: ignore[attr-defined]


def set_clock(moment: datetime) -> None:
    """What flows take for now."""
    for name in ("_tasks", "backfill", "collect", "sample"):
        importlib.import_module(name).clock = lambda: moment  # type: ignore[attr-defined]


def listed(client: SyncPrefectClient, path: str, **asked: object) -> list[dict[str, Any]]:
    """The client's own `read_…` send nulls that the server of this version refuses."""
    rows: list[dict[str, Any]] = client.request("POST", f"/{path}", json={"limit": 200, **asked}).json()
    return rows


def task_names(client: SyncPrefectClient, run: str) -> list[str]:
    """The names of a run's tasks. Their rows are written from events, a little after the tasks ended."""
    names: list[str] = []
    end = time.monotonic() + 30
    of_run = {"flow_run_id": {"any_": [run]}}
    while not any(name.startswith("publish") for name in names) and time.monotonic() < end:
        names = sorted(one["name"] for one in listed(client, "task_runs/filter", task_runs=of_run))
        time.sleep(0.2)
    return names


def refusal(flow: "Flow[Any, Any]", **parameters: object) -> str:
    """How wrong values are refused, before anything runs."""
    try:
        flow.validate_parameters(parameters)
    except Exception as error:  # noqa: BLE001 - whatever Prefect raises is told
        return f"{type(error).__name__}: {error}"
    return ""


def end_forked() -> None:
    """End this process as any other, so that Prefect sends what it has yet to send to its server.

    But without the destructors of C++ libraries, that look for threads which only the process has that was forked.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(0)


ANSWERS = {"describe": describe, "run": run, "do": do, "kill": kill, "tie_out": tie_out}
SECONDS = 400


def main() -> None:
    """Prefect, which takes seconds to import, was imported once when it forks, and nothing of it is under way."""
    describe()
    for line in sys.stdin:
        what, asked = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            answer = ANSWERS[what](**asked)  # type: ignore[operator]
            with os.fdopen(writer, "w") as telling:
                json.dump(answer, telling)
            end_forked()
        os.close(writer)
        with os.fdopen(reader) as told:
            text = told.read()
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps([ended, json.loads(text or "null")]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):  # its thread holds up each end by a second
        main()
