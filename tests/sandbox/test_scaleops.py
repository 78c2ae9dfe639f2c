import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.credentials import PASSWORD, USERNAME
from tallybook.sandbox.world import World
from tests.sandbox.client import HEADERS, SandboxClient

REPORTS = ("getAggregated", "getWorkloads")
BASE = "/scaleops/detailedCostReport"
FIELDS = {
    "amountOfWorkloads", "annotations", "clusterName", "hourlyCost", "id", "labels", "namespace",
    "onDemandHours", "onDemandPercent", "ownerCpuRequest", "ownerGpuRequest", "ownerLabels",
    "ownerMemoryRequest", "replicas", "savingsAvailable", "savingsAvailableWithReplicas", "services",
    "spotHours", "spotPercent", "totalCost", "workloadName", "workloadType",
}  # fmt: skip


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def window(start: str, end: str) -> dict[str, int]:
    return {"from": milliseconds(start), "to": milliseconds(end)}


OCTOBER = window("2026-10-01", "2026-11-01")


def rows(client: SandboxClient, name: str, **options: Any) -> Any:
    answer = client.post(f"{BASE}/{name}", json={"multiCluster": True, **options}, headers=HEADERS["scaleops"])
    return json.loads(answer.content, parse_float=Decimal)["aggregatedWorkloads"]


@pytest.mark.parametrize("report", REPORTS)
def test_a_request_without_the_token_is_refused(client: SandboxClient, report: str) -> None:
    answer = client.post(f"{BASE}/{report}", json={}, headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 401


@pytest.mark.parametrize("report", REPORTS)
def test_rows_have_the_documented_fields_and_the_window_is_the_one_asked_for(
    client: SandboxClient, report: str
) -> None:
    body = client.report(report, **window("2026-10-05", "2026-10-06"))

    assert set(body) == {"aggregatedWorkloads", "clusters", "window"}
    assert set(body["aggregatedWorkloads"][0]) == FIELDS
    assert body["window"] == {"startTime": "2026-10-05T00:00:00", "endTime": "2026-10-06T00:00:00"}


def test_the_range_defaults_to_the_last_seven_days(client: SandboxClient) -> None:
    assert client.report("getWorkloads")["window"] == {
        "startTime": "2026-10-25T00:00:00",
        "endTime": "2026-11-01T00:00:00",
    }


def test_a_range_in_the_query_is_understood(client: SandboxClient) -> None:
    answer = client.post(f"{BASE}/getWorkloads?multiCluster=true&range=3d", headers=HEADERS["scaleops"])

    assert answer.json()["window"]["startTime"] == "2026-10-29T00:00:00"
    assert len(answer.json()["clusters"]) == 2


def test_the_body_wins_over_the_query(client: SandboxClient) -> None:
    answer = client.post(f"{BASE}/getWorkloads?range=3d", json={"range": "1d"}, headers=HEADERS["scaleops"])

    assert answer.json()["window"]["startTime"] == "2026-10-31T00:00:00"


def test_thirty_one_days_add_up_to_the_truth_of_every_workload(client: SandboxClient) -> None:
    fields = ("totalCost", "spotHours", "onDemandHours", "savingsAvailable")
    found: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    first = datetime(2026, 10, 1)  # noqa: DTZ001 - only its days are used
    for day in (first + timedelta(days=index) for index in range(31)):
        bounds = window(f"{day:%Y-%m-%d}", f"{day + timedelta(days=1):%Y-%m-%d}")
        for row in rows(client, "getWorkloads", **bounds):
            key = tuple(row[field] for field in ("clusterName", "namespace", "workloadName", "workloadType"))
            found[key] = [total + row[field] for total, field in zip(found[key], fields, strict=True)]

    told = {
        (row["cluster"], row["namespace"], row["workload"], row["workload_type"]): [
            Decimal(row[field]) for field in ("total_cost", "spot_hours", "on_demand_hours", "savings_available")
        ]
        for row in client.truth("2026-10")["providers"]["scaleops"]["workloads"]
    }

    assert dict(found) == told


def test_without_multi_cluster_only_the_home_cluster_answers(client: SandboxClient, world: World) -> None:
    body = client.report("getWorkloads", multiCluster=False)

    assert body["clusters"] == [world.scaleops.clusters[0]]
    assert {row["clusterName"] for row in body["aggregatedWorkloads"]} == {world.scaleops.clusters[0]}


def test_a_header_selects_the_cluster(client: SandboxClient, world: World) -> None:
    headers = {**HEADERS["scaleops"], "X-Scaleops-Cluster": world.scaleops.clusters[1]}

    answer = client.post(f"{BASE}/getWorkloads", json={}, headers=headers)

    assert answer.json()["clusters"] == [world.scaleops.clusters[1]]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1),
        ({"groupByCluster": True}, 2),
        ({"groupByNamespace": True}, 12),
        ({"groupByLabels": ["team"]}, 4),
        ({"groupByCluster": True, "groupByLabels": ["team"]}, 8),
    ],
)
def test_groups_add_up_to_the_workloads(client: SandboxClient, options: dict[str, Any], count: int) -> None:
    groups = rows(client, "getAggregated", **OCTOBER, **options)
    workloads = rows(client, "getWorkloads", **OCTOBER)

    assert len(groups) == count
    assert sum(row["amountOfWorkloads"] for row in groups) == len(workloads)
    for field in ("totalCost", "spotHours", "onDemandHours", "savingsAvailable"):
        assert sum(row[field] for row in groups) == sum(row[field] for row in workloads)


def test_a_group_shows_its_labels(client: SandboxClient) -> None:
    groups = rows(client, "getAggregated", **OCTOBER, groupByLabels=["team"])

    assert {row["ownerLabels"][0]["value"] for row in groups} == {"data", "operations", "product", "research"}


def test_two_labels_widen_unless_and_is_asked_for(client: SandboxClient) -> None:
    def ids(*labels: str, **options: Any) -> set[str]:
        return {row["id"] for row in rows(client, "getWorkloads", **OCTOBER, labels=labels, **options)}

    data, production = ids("team=data"), ids("env=prod")

    assert ids("team=data", "env=prod") == data | production
    assert ids("team=data", "env=prod", logicalLabel="AND") == data & production


@pytest.mark.parametrize(
    ("wanted", "flag", "values"),
    [
        ("namespaces", "isNamespaceExclude", ["ingest"]),
        ("workloadTypes", "isWorkloadTypeExclude", ["CronJob"]),
        ("clusterFilters", "isClusterExclude", ["prod-frankfurt"]),
        ("labels", "isLabelExclude", ["team=data"]),
        ("annotations", "isAnnotationExclude", ["cost-center=4000"]),
    ],
)
def test_exclusion_turns_a_filter_around(client: SandboxClient, wanted: str, flag: str, values: list[str]) -> None:
    every = {row["id"] for row in rows(client, "getWorkloads", **OCTOBER)}
    kept = {row["id"] for row in rows(client, "getWorkloads", **OCTOBER, **{wanted: values})}
    rest = {row["id"] for row in rows(client, "getWorkloads", **OCTOBER, **{wanted: values, flag: True})}

    assert kept
    assert kept.isdisjoint(rest)
    assert kept | rest == every


def test_an_empty_list_excludes_nothing(client: SandboxClient) -> None:
    every = rows(client, "getWorkloads", **OCTOBER)

    assert rows(client, "getWorkloads", **OCTOBER, namespaces=[], isNamespaceExclude=True) == every


def test_gpu_workloads_can_be_asked_for_alone(client: SandboxClient) -> None:
    found = rows(client, "getAggregated", **OCTOBER, gpuWorkloadsOnly=True, groupByNamespace=True)

    assert {row["namespace"] for row in found} == {"ml-training"}
    assert all(row["ownerGpuRequest"] > 0 for row in found)


def test_spot_and_on_demand_percents_follow_the_hours(client: SandboxClient) -> None:
    for row in rows(client, "getWorkloads", **OCTOBER):
        hours = row["spotHours"] + row["onDemandHours"]
        assert abs(row["spotPercent"] * hours - 100 * row["spotHours"]) <= Decimal("0.0001") * hours


def test_a_window_costs_only_what_has_accrued_by_now(client: SandboxClient) -> None:
    day = window("2026-10-05", "2026-10-06")
    whole = sum(row["totalCost"] for row in rows(client, "getWorkloads", **day))
    client.set_clock("2026-10-05T12:00:00Z")

    part = sum(row["totalCost"] for row in rows(client, "getWorkloads", **day))

    assert 0 < part < whole
    assert part == sum(
        row["totalCost"] for row in rows(client, "getWorkloads", **window("2026-10-05", "2026-10-05T12:00:00"))
    )


def test_a_window_before_history_has_no_rows(client: SandboxClient) -> None:
    assert rows(client, "getWorkloads", **window("2020-01-01", "2020-02-01")) == []


@pytest.mark.parametrize(
    "options",
    [{"range": "soon"}, {"from": 2, "to": 1}, {"namespaces": "ingest"}, {"from": "x"}, {"from": 10**18}],
)
def test_a_wrong_option_is_refused(client: SandboxClient, options: dict[str, Any]) -> None:
    answer = client.post(f"{BASE}/getWorkloads", json=options, headers=HEADERS["scaleops"])

    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_logging_in_redirects_with_the_encoded_token(client: SandboxClient) -> None:
    answer = client.post(
        "/scaleops/auth/callback",
        json={"username": USERNAME, "password": PASSWORD},
        headers={"Cookie": "auth_state=TOKEN"},
    )

    location = answer.headers["location"]
    assert answer.status_code == 302
    assert "token=sandbox%2Bscaleops%2Ftoken%3D%3D" in location
    assert parse_qs(urlsplit(location).query)["token"] == [SECRETS["SCALEOPS_TOKEN"]]


def test_a_failed_login_redirects_without_a_token(client: SandboxClient) -> None:
    answer = client.post("/scaleops/auth/callback", json={"username": USERNAME, "password": "wrong"})

    assert (answer.status_code, answer.headers["location"]) == (302, "/login")
