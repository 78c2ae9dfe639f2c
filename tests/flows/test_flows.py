"""The flows on a real Prefect server, and the deployments of contract.md section 6."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tallybook.resources import root
from tallybook.sandbox.server import Running
from tests.flows.conftest import CONNECTIONS, Drive, configured, map_to_one_project

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]

DEPLOYMENTS = {  # contract.md section 6: flow and deployment, schedules, defaults
    "monthly-report": ("monthly-report", ["0 6 2 * *"], {"month": "last", "final": False}),
    "daily-collect": ("collect", ["30 2 * * *"], {"month": "current"}),
    "live-sample": ("sample", ["*/5 * * * *"], {}),
    "backfill": ("backfill", [], {}),
}
PARAMETERS = {
    "monthly-report": {"month", "final", "reason", "accept_gaps"},
    "daily-collect": {"month"},
    "live-sample": set(),
    "backfill": {"first_month", "last_month", "only", "connections", "reason", "dry_run"},
}


@pytest.fixture(scope="module")
def described(drive: Drive) -> dict[str, Any]:
    told: dict[str, Any] = drive("describe")
    return told


@pytest.fixture(scope="module")
def ran(box: Running, drive: Drive, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = configured(tmp_path_factory.mktemp("flows"), box.url)
    map_to_one_project(folder)
    told: dict[str, Any] = drive("run", folder=str(folder))
    return {**told, "folder": folder}


def deployment(name: str) -> dict[str, Any]:
    listed = yaml.safe_load((root() / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    (found,) = [one for one in listed if one["name"] == name]
    return dict(found)


def properties(described: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(described[name]["schema"]["properties"])


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_deployments_are_the_promised_ones(described: dict[str, Any], name: str) -> None:
    flow, crons, defaults = DEPLOYMENTS[name]
    declared = deployment(name)

    assert described[name]["flow"] == flow
    assert [schedule["cron"] for schedule in declared.get("schedules", [])] == crons
    assert {schedule["timezone"] for schedule in declared.get("schedules", [])} <= {"UTC"}
    assert declared.get("parameters", {}) == defaults
    assert declared["work_pool"]["name"] == "tallybook"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_parameters_are_the_promised_ones_and_each_is_described(described: dict[str, Any], name: str) -> None:
    shown = properties(described, name)

    assert set(shown) == PARAMETERS[name]
    assert [key for key, one in shown.items() if not one.get("description")] == []


def test_months_have_a_pattern_that_the_form_checks(described: dict[str, Any]) -> None:
    month = re.compile(properties(described, "monthly-report")["month"]["pattern"])
    past = re.compile(properties(described, "backfill")["first_month"]["pattern"])

    assert all(month.search(text) for text in ("2026-10", "last", "current"))
    assert not any(month.search(text) for text in ("2026-13", "2026-1", "2026-10-01", "october", ""))
    assert past.search("2026-10")
    assert not past.search("last")


def test_only_is_a_choice(described: dict[str, Any]) -> None:
    assert properties(described, "backfill")["only"]["enum"] == ["missing", "failed", "all"]


def test_wrong_values_are_refused_before_anything_runs(ran: dict[str, Any]) -> None:
    assert len(ran["refused"]) == 3
    assert all("ParameterTypeError" in refusal for refusal in ran["refused"])


def test_a_draft_completes_under_a_name_that_warns(ran: dict[str, Any]) -> None:
    kind, name, message = ran["states"]["report"]

    assert (kind, name) == ("COMPLETED", "Draft")  # the month has not ended
    assert message == "2026-10: published r01, DRAFT"
    assert "report 2026-10" in ran["names"]
    assert (ran["folder"] / "var" / "reports" / "2026-10" / "r01" / "monthly-report.json").is_file()


def test_one_task_a_connection_fetches_and_one_stages_and_publishes(ran: dict[str, Any]) -> None:
    expected = {f"fetch {name} 2026-10" for name in CONNECTIONS} | {"stage 2026-10", "publish 2026-10"}

    assert expected <= set(ran["tasks"])


def test_a_run_leaves_the_table_of_units(ran: dict[str, Any]) -> None:
    kind, data = ran["artifacts"]["units-2026-10"]
    rows = json.loads(data)

    assert kind == "table"
    assert {row["outcome"] for row in rows} == {"done", "cannot"}
    assert {"connection", "dataset", "outcome", "rows", "message"} <= set(rows[0])


def test_a_run_leaves_control_totals_without_a_difference(ran: dict[str, Any]) -> None:
    rows = json.loads(ran["artifacts"]["tie-out-2026-10"][1])

    assert rows
    assert {row["difference"] for row in rows} == {"0"}


def test_a_run_leaves_coverage(ran: dict[str, Any]) -> None:
    rows = json.loads(ran["artifacts"]["coverage-2026-10"][1])

    assert {"connection", "dataset", "coverage_pct", "status"} <= set(rows[0])


@pytest.mark.parametrize("kind", ["pdf", "html", "json"])
def test_a_run_leaves_links_to_files_that_exist(ran: dict[str, Any], kind: str) -> None:
    _, data = ran["artifacts"][f"report-2026-10-{kind}"]
    link = re.search(r"\(file://([^)]+)\)", data)

    assert link
    assert Path(link[1]).is_file()


def test_in_the_first_days_of_a_month_the_daily_collect_takes_the_last_one_too_and_reports_it(
    ran: dict[str, Any],
) -> None:
    assert ran["states"]["collect"][:2] == ["COMPLETED", "Completed"]
    assert {"units-2026-10", "units-2026-11"} <= set(ran["artifacts"])
    reports = ran["folder"] / "var" / "reports"
    assert (reports / "2026-10" / "r02" / "manifest.json").is_file()  # the month has ended since r01
    assert not (reports / "2026-11").exists()


def test_a_dry_backfill_leaves_its_plan_and_does_nothing(ran: dict[str, Any]) -> None:
    kind, _, message = ran["states"]["backfill"]
    plan = json.loads(ran["artifacts"]["backfill-plan-2026-09-to-2026-10"][1])

    assert kind == "COMPLETED"
    assert "nothing was done" in message
    assert {row["month"] for row in plan if row["plan"] == "collect"} == {"2026-09"}
    assert not (ran["folder"] / "var" / "reports" / "2026-09").exists()
    assert "backfill 2026-09 to 2026-10" in ran["names"]


def test_a_month_in_the_future_fails_and_says_why(ran: dict[str, Any]) -> None:
    kind, _, message = ran["states"]["future"]

    assert kind == "FAILED"
    assert "2999-01 has not begun" in message
