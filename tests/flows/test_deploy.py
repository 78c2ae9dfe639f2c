"""`prefect deploy --all` on a real server makes the deployments that contract.md section 6 promises."""

import pytest

from tests.flows.servers import ask, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
PROMISED = {
    "monthly-report/monthly-report": ["0 6 2 * *"],
    "collect/daily-collect": ["30 2 * * *"],
    "sample/live-sample": ["*/5 * * * *"],
    "backfill/backfill": [],
}


def test_all_deployments_reach_the_server_with_their_schedules(deployed: dict[str, str]) -> None:
    deployments = ask(deployed, "deployments/filter")
    names = {
        deployment["entrypoint"].split(":")[1].replace("_", "-") + "/" + deployment["name"]: deployment
        for deployment in deployments
    }
    assert {name: [one["schedule"]["cron"] for one in found["schedules"]] for name, found in names.items()} == PROMISED
    assert {found["work_pool_name"] for found in deployments} == {"tallybook"}
    assert all(found["description"] for found in deployments)
    assert {tag for found in deployments for tag in found["tags"]} == {"report", "collect", "sample", "backfill"}


def test_the_server_plans_the_runs_of_each_schedule(deployed: dict[str, str]) -> None:
    def planned() -> set[str]:
        runs = ask(deployed, "flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
        return {tag for run in runs for tag in run["tags"] if run["auto_scheduled"]}

    until(lambda: planned() >= {"report", "collect", "sample"}, why=planned, seconds=60)
