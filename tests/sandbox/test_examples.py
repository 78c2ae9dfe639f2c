"""Each documented endpoint answers its document's example; key figures are those printed in the documents."""

import json
from typing import Any

import pytest

from tallybook.sandbox.example_routes import read_example
from tallybook.sandbox.server import create_example_app
from tallybook.sandbox.world import World
from tests.sandbox.client import SandboxClient

PROJECT = "/projects/" + "1" * 32
ENDPOINTS = {
    "/openscaler/v1/stats/live": "stats-live",
    "/nodeconductor/api/stats/usage/": "usage",
    "/nodeconductor/api/stats/customer/": "customer",
    "/nodeconductor/api/stats/resource/": "resource",
    "/nodeconductor/api/stats/creation-time/": "creation-time",
    "/nodeconductor/api/stats/quota/": "quota",
    "/nodeconductor/api/stats/alert/": "alert",
    f"/syseleven/v3{PROJECT}/quota": "quota",
    f"/syseleven/v3{PROJECT}/current_usage": "current-usage",
    "/ocore/api/projects/string/usage": "project-usage",
    "/ocore/api/usage": "usage",
    "/ocore/api/usage/totals": "usage-totals",
    "/scaleops/detailedCostReport/getAggregated": "aggregated",
    "/scaleops/detailedCostReport/getWorkloads": "workloads",
}


@pytest.fixture
def client(world: World) -> SandboxClient:
    return SandboxClient(create_example_app(world))


def example(provider: str, name: str) -> Any:
    return json.loads(read_example(provider, name))


@pytest.mark.parametrize(("path", "name"), ENDPOINTS.items())
def test_the_example_is_served_unchanged(client: SandboxClient, path: str, name: str) -> None:
    assert client.answer(path).content == read_example(path.split("/")[1], name)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_the_example_wants_authentication(client: SandboxClient, path: str) -> None:
    assert client.get(path).status_code == 401


def test_figures_are_the_printed_ones() -> None:
    assert example("openscaler", "stats-live")["timestamp"] == 1713525285
    assert example("openscaler", "stats-live")["data"]["vms"][1]["cpu"] == 17.08800674
    assert example("nodeconductor", "usage")[1]["datapoints"][2]["value"] == 3.0
    assert example("nodeconductor", "customer") == [
        {"instances": 4, "project_groups": 1, "name": "Customer5", "projects": 2}
    ]
    assert example("nodeconductor", "alert") == {"Debug": 2, "Error": 1, "Info": 1, "Warning": 1}
    assert example("syseleven", "quota")["fes"]["objectstorage"][1]["space_bytes"] == 549755813888
    assert example("syseleven", "current-usage")["fes"]["compute.flavors"]["m1.xxlarge"] == 1
    assert example("ocore", "usage-totals") == {"totals": [{}]}
    assert example("scaleops", "workloads")["window"]["endTime"] == "2025-01-31T00:00:00"


def test_the_clock_stands_where_the_example_was_taken(client: SandboxClient) -> None:
    answer = client.answer("/openscaler/v1/stats/live")

    assert answer.headers["date"] == "Fri, 19 Apr 2024 11:14:45 GMT"


def test_the_lists_hold_what_the_examples_name(client: SandboxClient) -> None:
    rows = client.ask("/nodeconductor/api/projects/")

    assert [row["name"] for row in rows] == ["Proj27", "Proj28"]
    assert all(len(row["uuid"]) == 32 for row in rows)


def test_older_versions_pick_their_fields(client: SandboxClient) -> None:
    regions = client.ask(f"/syseleven/v1{PROJECT}/quota")

    assert regions["fes"]["s3.space_bytes"] == 549755813888
    assert "loadbalancer.pools" not in regions["fes"]
