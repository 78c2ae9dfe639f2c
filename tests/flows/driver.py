"""Runs in a process of its own, since Prefect's libraries warn and its server stays: flows, and what they left.

driver.py describe                     the deployments' flows and their parameter schemas, as JSON
driver.py run                          the monthly report and a dry backfill on a temporary server, as JSON
"""

import importlib
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.utilities.callables import parameter_schema

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


def run() -> dict[str, Any]:
    report, backfill = flow_of("flows/monthly_report.py:monthly_report"), flow_of("flows/backfill.py:backfill")
    refused = [
        refusal(report, month="2026-13"),
        refusal(report, month="October"),
        refusal(backfill, first_month="2026-09", last_month="2026-10", only="some"),
    ]
    set_clock(datetime(2026, 10, 3, tzinfo=UTC))
    reported = report("2026-10", return_state=True)
    set_clock(datetime(2026, 11, 2, 6, tzinfo=UTC))
    collected = flow_of("flows/collect.py:collect")("current", return_state=True)
    planned = backfill("2026-09", "2026-10", dry_run=True, return_state=True)
    future = report("2999-01", return_state=True)
    with get_client(sync_client=True) as client:
        runs, artifacts = listed(client, "flow_runs"), listed(client, "artifacts")
        tasks = task_names(client)
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


def set_clock(moment: datetime) -> None:
    """What collecting and reporting take for now."""
    sys.modules["_tasks"].clock = lambda: moment


def listed(client: SyncPrefectClient, what: str) -> list[dict[str, Any]]:
    """The client's own `read_…` send nulls that the server of this version refuses."""
    rows: list[dict[str, Any]] = client.request("POST", f"/{what}/filter", json={"limit": 100}).json()
    return rows


def task_names(client: SyncPrefectClient) -> list[str]:
    """The names of the task runs. Their rows are written from events, a little after the tasks ended."""
    names: list[str] = []
    end = time.monotonic() + 30
    while not any(name.startswith("publish") for name in names) and time.monotonic() < end:
        names = sorted(one["name"] for one in listed(client, "task_runs"))
        time.sleep(0.2)
    return names


def refusal(flow: "Flow[Any, Any]", **parameters: object) -> str:
    """How wrong values are refused, before anything runs."""
    try:
        flow.validate_parameters(parameters)
    except Exception as error:  # noqa: BLE001 - whatever Prefect raises is told
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps({"describe": describe, "run": run}[sys.argv[1]]()) + "\n")
