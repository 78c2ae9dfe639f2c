"""The backfill on a real server: the plan, child runs, progress, result, and refusals."""

import json
from typing import Any

import pytest

from tallybook.sandbox.server import Running
from tests.flows.conftest import Drive, configured
from tests.flows.servers import ask

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
FLOW = "flows/backfill.py:backfill"
NOW = "2026-11-03T00:00:00+00:00"
FINAL = {"flow": "flows/monthly_report.py:monthly_report", "parameters": {"month": "2026-10", "final": True}}
MONTHS = {"first_month": "2026-09", "last_month": "2026-10"}


def call(**parameters: Any) -> dict[str, Any]:
    return {"flow": FLOW, "parameters": {**MONTHS, **parameters}}


@pytest.fixture(scope="module")
def ran(server: dict[str, str], box: Running, drive: Drive, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, empty = (configured(tmp_path_factory.mktemp("backfills"), box.url) for _ in range(2))
    calls = [
        {**call(only="all"), "held": ["2026-10", "2026-11"], "folder": str(folder)},
        *({**call(), "folder": str(folder)} for _ in range(2)),
        *(
            {**wrong, "folder": str(empty)}
            for wrong in (FINAL, call(first_month="2026-11"), call(connections=["nobody"]))
        ),
    ]
    others = [run["id"] for run in ask(server, "flow_runs/filter", {"limit": 200})]
    overlapping, done, again, *wrong = drive("do", now=NOW, calls=calls)
    runs = [run for run in ask(server, "flow_runs/filter", {"limit": 200}) if run["id"] not in others]
    artifacts = {one["key"]: one for one in ask(server, "artifacts/latest/filter", {"limit": 200})}
    return {
        "folder": folder,
        "empty": empty,
        "states": {"refused": overlapping, "done": done, "again": again},
        "wrong": wrong,
        "children": [run for run in runs if run["parent_task_run_id"]],
        "parents": [run for run in runs if run["name"] == "backfill 2026-09 to 2026-10"],
        "artifacts": artifacts,
    }


def table(ran: dict[str, Any], what: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(ran["artifacts"][f"backfill-{what}-2026-09-to-2026-10"]["data"])
    return rows


def test_it_says_how_it_ended(ran: dict[str, Any]) -> None:
    kind, name, message = ran["states"]["done"]

    assert (kind, name) == ("COMPLETED", "Completed")
    assert message.endswith("cannot, 2 new revisions")
    assert "failed" not in message
    assert "new revisions" not in ran["states"]["again"][2]


def test_each_month_is_a_child_run_with_an_idempotency_key(ran: dict[str, Any]) -> None:
    children = sorted(ran["children"], key=lambda run: str(run["name"]))

    assert [run["name"] for run in children] == ["backfill 2026-09", "backfill 2026-10"]
    assert [run["state_type"] for run in children] == ["COMPLETED", "COMPLETED"]
    assert [run["parameters"]["month"] for run in children] == ["2026-09", "2026-10"]
    keys = [run["idempotency_key"] for run in children]
    parents = {run["id"] for run in ran["parents"]}
    assert len(set(keys)) == 2
    assert {key.split(":")[0] for key in keys} <= parents


def test_the_plan_is_every_dataset_of_every_month(ran: dict[str, Any]) -> None:
    rows = table(ran, "plan")  # of the second one: nothing is left to do

    assert {row["month"] for row in rows} == {"2026-09", "2026-10"}
    assert {row["state"] for row in rows} == {"complete", "cannot"}
    assert {row["plan"] for row in rows} == {"leave"}


def test_progress_ends_at_a_hundred_percent(ran: dict[str, Any]) -> None:
    assert float(ran["artifacts"]["backfill-progress-2026-09-to-2026-10"]["data"]) == 100.0


def test_the_result_has_a_link_to_each_report(ran: dict[str, Any]) -> None:
    reports = ran["artifacts"]["report-2026-10-html"]["data"]

    assert {row["outcome"] for row in table(ran, "result")} == {"unchanged", "cannot"}
    assert "monthly-report.html" in reports
    assert (ran["folder"] / "var" / "reports" / "2026-10" / "r01" / "manifest.json").is_file()


def test_an_overlapping_one_is_refused_by_name(ran: dict[str, Any]) -> None:
    kind, name, message = ran["states"]["refused"]

    assert (kind, name) == ("FAILED", "Refused")
    assert "overlaps 'backfill 2026-10 to 2026-11', which has 2026-10 in hand" in message


def test_a_month_needs_no_more_than_a_hundred_task_runs(server: dict[str, str], ran: dict[str, Any]) -> None:
    for child in ran["children"]:
        tasks = ask(server, "task_runs/filter", {"task_runs": {"flow_run_id": {"any_": [child["id"]]}}, "limit": 200})
        assert 0 < len(tasks) <= 100


def test_what_a_flow_refuses_was_not_begun(ran: dict[str, Any]) -> None:
    told = ("2026-10 is not closed without a reason", "is after the last month", "no connection 'nobody'")

    assert [state[:2] for state in ran["wrong"]] == [["FAILED", "Refused"]] * 3
    assert all(text in state[2] for text, state in zip(told, ran["wrong"], strict=True))
    assert not (ran["empty"] / "var" / "raw").exists()
