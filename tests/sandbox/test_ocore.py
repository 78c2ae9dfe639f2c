import json
from decimal import Decimal
from typing import Any

import pytest

from tallybook.sandbox.world import World
from tests.sandbox.client import HEADERS, SandboxClient, quantities

API = "/ocore/api"
OCTOBER = {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}
ADDITIVE = (
    "bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours", "instanceHours", "ramGbHours",
)  # fmt: skip
FIELDS = {*ADDITIVE, "instanceCount", "periodStart", "periodType", "projectId", "projectName"}


def exact(client: SandboxClient, path: str, **params: str) -> Any:
    return json.loads(client.answer(f"{API}{path}", **params).content, parse_float=Decimal)


@pytest.mark.parametrize(
    "changed", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}, {"X-Org-Slug": "other"}, {"X-Org-Slug": ""}]
)
def test_a_request_without_key_or_organisation_is_refused(client: SandboxClient, changed: dict[str, str]) -> None:
    answer = client.get(f"{API}/usage", headers={**HEADERS["ocore"], **changed})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_items_have_the_eleven_documented_fields(client: SandboxClient) -> None:
    body = exact(client, "/usage", **OCTOBER)

    assert set(body) == {"items", "period", "totals"}
    assert set(body["items"][0]) == set(body["totals"]) == FIELDS


def test_totals_are_the_sums_of_the_items_and_name_no_project(client: SandboxClient) -> None:
    body = exact(client, "/usage", **OCTOBER)

    for field in ADDITIVE:
        assert body["totals"][field] == sum(item[field] for item in body["items"])
    assert (body["totals"]["projectId"], body["totals"]["projectName"]) == ("", "")
    assert body["totals"]["instanceCount"] == max(item["instanceCount"] for item in body["items"])


def test_an_hour_without_instances_has_no_row(client: SandboxClient, world: World) -> None:
    test_project = world.ocore.projects[2].project_id

    items = exact(client, f"/projects/{test_project}/usage", **OCTOBER)["items"]

    assert len(items) == 22 * 12  # 22 weekdays, 07:00 to 18:59
    assert items[0]["periodStart"] == "2026-10-01T07:00:00Z"


@pytest.mark.parametrize(("period", "count"), [("hourly", 257), ("daily", 11), ("monthly", 1)])
def test_buckets_are_hours_days_and_months(client: SandboxClient, world: World, period: str, count: int) -> None:
    # the archived project ended on the 11th at 17:00: 10 * 24 + 17 hours
    body = exact(client, f"/projects/{world.ocore.projects[4].project_id}/usage", period=period, **OCTOBER)

    assert len(body["items"]) == count
    assert {item["periodType"] for item in body["items"]} == {body["period"]} == {period}
    assert body["totals"]["instanceHours"] == 2 * 257


def test_hourly_is_the_default_period(client: SandboxClient) -> None:
    assert client.ask(f"{API}/usage")["period"] == "hourly"


def test_monthly_usage_is_the_truth(client: SandboxClient) -> None:
    told = quantities(client.truth("2026-10"), "ocore")
    meters = {
        "core_hours": "cpuCoreHours", "memory_gib_hours": "ramGbHours", "storage_gib_hours": "diskGbHours",
        "network_in_bytes": "bandwidthInBytes", "network_out_bytes": "bandwidthOutBytes",
        "instance_hours": "instanceHours",
    }  # fmt: skip

    items = exact(client, "/usage", period="monthly", **OCTOBER)["items"]

    served = {(item["projectId"], "", meter): item[field] for item in items for meter, field in meters.items()}
    assert served == {key: Decimal(value) for key, value in told.items()}


def test_totals_per_project_are_a_control_of_the_items(client: SandboxClient) -> None:
    rows = exact(client, "/usage/totals", **OCTOBER)["totals"]
    items = exact(client, "/usage", period="monthly", **OCTOBER)["items"]

    def sums(found: Any) -> dict[str, tuple[Decimal, ...]]:
        return {row["projectId"]: tuple(row[field] for field in ADDITIVE) for row in found}

    assert sums(rows) == sums(items)


def test_the_range_is_half_open(client: SandboxClient) -> None:
    hour = {"start_date": "2026-10-05T12:00:00Z", "end_date": "2026-10-05T13:00:00Z"}

    assert {item["periodStart"] for item in exact(client, "/usage", **hour)["items"]} == {hour["start_date"]}


def test_offsets_are_understood(client: SandboxClient) -> None:
    hour = {"start_date": "2026-10-05T14:00:00+02:00", "end_date": "2026-10-05T15:00:00+02:00"}

    items = exact(client, "/usage", **hour)["items"]

    assert {item["periodStart"] for item in items} == {"2026-10-05T12:00:00Z"}


def test_the_open_hour_has_no_row_yet(client: SandboxClient) -> None:
    client.set_clock("2026-10-05T13:59:59Z")

    items = exact(client, "/usage", start_date="2026-10-05T12:00:00Z", end_date="2026-10-05T20:00:00Z")["items"]

    assert {item["periodStart"] for item in items} == {"2026-10-05T12:00:00Z"}


def test_no_usage_is_an_empty_list(client: SandboxClient) -> None:
    body = exact(client, "/usage", start_date="2020-01-01T00:00:00Z", end_date="2020-02-01T00:00:00Z")

    assert body["items"] == []
    assert body["totals"]["cpuCoreHours"] == 0


def test_archived_projects_are_listed_on_demand_only(client: SandboxClient) -> None:
    assert len(client.ask(f"{API}/projects")["projects"]) == 4
    assert len(client.ask(f"{API}/projects", include_archived="true")["projects"]) == 5


def test_usage_of_one_project_is_that_of_the_filter(client: SandboxClient, world: World) -> None:
    project = world.ocore.projects[0].project_id

    assert exact(client, f"/projects/{project}/usage", **OCTOBER) == exact(
        client, "/usage", project_id=project, **OCTOBER
    )


def test_an_unknown_project_is_not_found(client: SandboxClient) -> None:
    assert client.answer(f"{API}/projects/prj_unknown/usage").status_code == 404


@pytest.mark.parametrize(
    "params",
    [
        {"period": "weekly"},
        {"start_date": "yesterday"},
        {"end_date": "2026-10-01T00:00:00"},
        {"start_date": "2026-10-02T00:00:00Z", "end_date": "2026-10-01T00:00:00Z"},
    ],
)
def test_a_wrong_parameter_is_refused(client: SandboxClient, params: dict[str, str]) -> None:
    answer = client.answer(f"{API}/usage", **params)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"
