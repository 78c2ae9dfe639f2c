"""After the worker was away: one of all runs that are due does the work; a report is of the month it was due for."""

from typing import Any

import pytest

from tallybook.sandbox.server import Running
from tests.flows.conftest import Drive, configured
from tests.flows.servers import ask

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
NOW = "2026-11-03T00:12:00+00:00"
FLOWS = {
    "live-sample": "flows/sample.py:sample",
    "daily-collect": "flows/collect.py:collect",
    "monthly-report": "flows/monthly_report.py:monthly_report",
}


def planned(server: dict[str, str], deployment: str, due: str, **parameters: str) -> dict[str, Any]:
    """A call of the flow as the schedule made its run, due at a time."""
    (found,) = ask(server, "deployments/filter", {"deployments": {"name": {"any_": [deployment]}}})
    state = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": due}}
    asked = {"flow_id": found["flow_id"], "deployment_id": found["id"], "parameters": parameters, "state": state}
    return {"flow": FLOWS[deployment], "run": ask(server, "flow_runs/", asked)["id"]}


@pytest.fixture(scope="module")
def ran(
    deployed: dict[str, str], box: Running, drive: Drive, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = configured(tmp_path_factory.mktemp("late"), box.url)
    calls = {
        "old sample": planned(deployed, "live-sample", "2026-11-02T00:05:00Z"),
        "newest sample": planned(deployed, "live-sample", "2026-11-03T00:10:00Z"),
        "collect of another month": planned(deployed, "daily-collect", "2026-11-01T02:30:00Z", month="2026-10"),
        "collect after a report that died": {"flow": FLOWS["daily-collect"], "parameters": {"month": "current"}},
        "report of September": planned(deployed, "monthly-report", "2026-10-02T06:00:00Z", month="last"),
        # the last day on which 'current' means September too; the run of November is about October and November
        "last collect of September": planned(deployed, "daily-collect", "2026-10-10T02:30:00Z", month="current"),
        "collect of October": planned(deployed, "daily-collect", "2026-10-11T02:30:00Z", month="current"),
    }
    planned(deployed, "live-sample", "2026-11-03T00:15:00Z")  # not due yet
    planned(deployed, "daily-collect", "2026-11-02T02:30:00Z", month="current")
    planned(deployed, "monthly-report", "2026-11-02T06:00:00Z", month="last")
    states = drive("do", now=NOW, calls=[{**call, "folder": str(folder)} for call in calls.values()])
    names = {one["name"] for one in ask(deployed, "flow_runs/filter", {"limit": 200})}
    return {"folder": folder, "names": names, "states": dict(zip(calls, states, strict=True))}


def test_a_run_leaves_its_work_to_a_later_one_that_is_due(ran: dict[str, Any]) -> None:
    assert ran["states"]["old sample"] == [
        "COMPLETED",
        "Skipped",
        "a later run is due, which does the same",
    ]


def test_the_last_one_that_is_due_does_the_work(ran: dict[str, Any]) -> None:
    assert ran["states"]["newest sample"][:2] == ["COMPLETED", "Completed"]
    assert (ran["folder"] / "var" / "raw").is_dir()


def test_a_run_with_other_parameters_is_not_left_out(ran: dict[str, Any]) -> None:
    assert ran["states"]["collect of another month"][:2] == ["COMPLETED", "Completed"]


def test_a_run_about_a_month_that_no_later_one_is_about_does_its_work(ran: dict[str, Any]) -> None:
    assert ran["states"]["last collect of September"][:2] == ["COMPLETED", "Completed"]
    assert ran["states"]["collect of October"][1] == "Skipped"


def test_a_report_that_never_came_is_published_by_the_daily_collect(ran: dict[str, Any]) -> None:
    assert ran["states"]["collect after a report that died"][:2] == ["COMPLETED", "Completed"]
    assert (ran["folder"] / "var" / "reports" / "2026-10" / "r01" / "manifest.json").is_file()


def test_a_late_report_is_of_the_month_that_it_was_due_for(ran: dict[str, Any]) -> None:
    assert ran["states"]["report of September"][2].startswith("2026-09: published r01")
    assert "report 2026-09" in ran["names"]
