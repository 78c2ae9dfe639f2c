from typing import Any

import pytest

from tallybook.sandbox.apis.nodeconductor_selection import read_segments
from tallybook.sandbox.world import World
from tests.sandbox.client import SandboxClient, make_client

API = "/nodeconductor/api"
OCTOBER = 1790812800


def usage(client: SandboxClient, **params: Any) -> Any:
    return client.ask(f"{API}/stats/usage/", **params)


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "Bearer " + "5a4db0c" * 6}, "Authentication credentials were not provided."),
        ({"Authorization": "Token " + "0" * 40}, "Invalid token."),
    ],
)
def test_a_request_without_the_token_is_refused(client: SandboxClient, headers: dict[str, str], detail: str) -> None:
    answer = client.get(f"{API}/customers/", headers=headers)

    assert answer.status_code == 401
    assert answer.json() == {"detail": detail}
    assert answer.headers["www-authenticate"] == "Token"


def test_a_path_without_its_slash_is_redirected(client: SandboxClient) -> None:
    answer = client.answer(f"{API}/customers")

    assert answer.status_code == 301
    assert answer.headers["location"].endswith("/api/customers/")


@pytest.mark.parametrize(
    ("query", "segments"),
    [
        ({"from": "0", "to": "100"}, [(0, 16), (16, 32), (32, 48), (48, 64), (64, 80), (80, 96)]),
        (
            {"from": "1", "to": "1415912629", "datapoints": "3"},
            # the last end is where equal whole seconds lead; the example's own third begins at 943941753
            [(1, 471970877), (471970877, 943941753), (943941753, 1415912629)],
        ),
    ],
)
def test_spans_are_cut_into_equal_whole_seconds(query: dict[str, str], segments: list[tuple[int, int]]) -> None:
    assert read_segments(query, now=0, span=0) == segments


def test_usage_defaults_to_customers_and_six_points_of_the_last_hour(client: SandboxClient) -> None:
    rows = usage(client, item="memory")

    assert [row["name"] for row in rows] == ["Acme Analytics", "Müller & Söhne Logistik", "Bäckerei Grünwald"]
    points = rows[0]["datapoints"]
    assert [point["to"] - point["from"] for point in points] == [600] * 6
    assert points[-1]["to"] == 1793491200  # 2026-11-01T00:00:00Z


@pytest.mark.parametrize("item", ["memory", "storage"])
def test_a_customer_is_the_sum_of_its_projects(client: SandboxClient, world: World, item: str) -> None:
    span = {"from": OCTOBER, "to": OCTOBER + 48 * 3600, "datapoints": 48, "item": item}
    customer = world.nodeconductor.customers[0]
    projects = [one.uuid for one in world.nodeconductor.projects if one.customer == customer]

    def values(aggregate: str, uuid: str) -> list[int]:
        row = usage(client, aggregate=aggregate, uuid=uuid, **span)[0]
        return [point["value"] for point in row["datapoints"]]

    series = [values("project", uuid) for uuid in projects]

    assert values("customer", customer.uuid) == [sum(column) for column in zip(*series, strict=True)]


def test_memory_and_storage_are_multiples_of_sixty_four_mib(client: SandboxClient) -> None:
    for item in ("memory", "storage"):
        points = usage(client, item=item, datapoints=1)[0]["datapoints"]

        assert all(point["value"] % 64 == 0 for point in points)


def test_cpu_is_a_percentage(client: SandboxClient) -> None:
    rows = usage(client, item="cpu", aggregate="project", **{"from": OCTOBER}, to=OCTOBER + 86400, datapoints=24)

    assert all(0 < point["value"] <= 100 for row in rows for point in row["datapoints"])


def test_a_mean_over_two_hours_is_the_mean_of_both(client: SandboxClient) -> None:
    span = {"item": "memory", "from": OCTOBER, "to": OCTOBER + 7200}
    hours = [point["value"] for point in usage(client, **span, datapoints=2)[0]["datapoints"]]

    mean = usage(client, **span, datapoints=1)[0]["datapoints"][0]["value"]

    assert mean == sum(hours) / 2


def test_storage_is_the_last_value_of_a_segment(client: SandboxClient) -> None:
    span = {"item": "storage", "from": OCTOBER, "to": OCTOBER + 30 * 86400}
    days = [point["value"] for point in usage(client, **span, datapoints=30)[2]["datapoints"]]

    assert usage(client, **span, datapoints=1)[2]["datapoints"][0]["value"] == days[-1] > days[0]


def test_what_has_not_happened_yet_is_zero(client: SandboxClient) -> None:
    client.set_clock("2026-10-01T01:00:00Z")

    points = usage(client, item="memory", **{"from": OCTOBER}, to=OCTOBER + 7200, datapoints=2)[0]["datapoints"]

    assert [point["value"] > 0 for point in points] == [True, False]


def test_what_lies_before_history_is_zero(client: SandboxClient) -> None:
    points = usage(client, item="memory", **{"from": 1}, to=1415912629, datapoints=3)[0]["datapoints"]

    assert [point["value"] for point in points] == [0, 0, 0]


def test_an_unknown_uuid_selects_nothing(client: SandboxClient) -> None:
    assert usage(client, item="cpu", uuid="0" * 32) == []
    assert client.ask(f"{API}/stats/quota/", uuid="0" * 32) == {}


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("usage", {}, "item"),
        ("usage", {"item": "disk"}, "item"),
        ("usage", {"item": "cpu", "aggregate": "instance"}, "aggregate"),
        ("usage", {"item": "cpu", "from": "yesterday"}, "start_timestamp"),
        ("usage", {"item": "cpu", "datapoints": "0"}, "segments_count"),
        ("usage", {"item": "cpu", "from": "200", "to": "100"}, "end_timestamp"),
        ("creation-time", {}, "model_name"),
        ("creation-time", {"type": "instance"}, "model_name"),
        ("quota", {"aggregate": "instance"}, "aggregate"),
        ("alert", {"from": "abc"}, "detail"),
        ("resource", {}, "detail"),
        ("resource", {"auth_url": "http://nowhere"}, "detail"),
    ],
)
def test_a_wrong_parameter_is_refused_under_its_field(
    client: SandboxClient, path: str, params: dict[str, str], field: str
) -> None:
    answer = client.answer(f"{API}/stats/{path}/", **params)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_customers_count_what_they_have(client: SandboxClient) -> None:
    rows = client.ask(f"{API}/stats/customer/")

    assert rows[0]["name"] == "Acme Analytics"
    assert [row["projects"] for row in rows] == [4, 2, 2]
    assert [row["project_groups"] for row in rows] == [2, 1, 0]
    assert sum(row["instances"] for row in rows) == 21  # 22, of which one was deleted on the 20th


def test_the_paths_printed_without_api_answer_too(client: SandboxClient) -> None:
    assert client.ask("/nodeconductor/stats/customer/") == client.ask(f"{API}/stats/customer/")


def test_a_cloud_shows_its_hypervisors_and_quotas(client: SandboxClient, world: World) -> None:
    row = client.ask(f"{API}/stats/resource/", auth_url=world.nodeconductor.clouds[1].auth_url)

    assert row["memory_mb"] == row["free_ram_mb"] + row["memory_mb_used"] == 393216
    assert row["vcpu_quota"] == 32 + 16 + 8 + 4
    assert row["storage_quota"] == 1048576 + 524288 + 262144 + 0


def test_one_unlimited_project_makes_the_sum_unlimited(client: SandboxClient, world: World) -> None:
    unlimited = world.nodeconductor.projects[2].uuid

    assert client.ask(f"{API}/stats/quota/", aggregate="project", uuid=unlimited)["ram"] == -1
    assert client.ask(f"{API}/stats/quota/")["ram"] == -1


def test_quota_of_a_project_has_the_eight_documented_fields(client: SandboxClient, world: World) -> None:
    row = client.ask(f"{API}/stats/quota/", aggregate="project", uuid=world.nodeconductor.projects[0].uuid)

    assert row["vcpu"] == 64
    assert set(row) == {
        *("vcpu", "ram", "storage", "max_instances"),
        *("vcpu_usage", "ram_usage", "storage_usage", "max_instances_usage"),
    }


def test_objects_are_counted_in_the_segment_of_their_creation(client: SandboxClient) -> None:
    rows = client.ask(f"{API}/stats/creation-time/", type="project", **{"from": 0}, to=1793491200, datapoints=2)

    assert [row["value"] for row in rows] == [0, 8]


def test_alerts_of_projects_add_up_to_all(client: SandboxClient, world: World) -> None:
    span = {"from": OCTOBER, "to": OCTOBER + 31 * 86400}
    every = client.ask(f"{API}/stats/alert/", **span)
    parts = [
        client.ask(f"{API}/stats/alert/", aggregate="project", uuid=project.uuid, **span)
        for project in world.nodeconductor.projects
    ]

    assert set(every) == {"Debug", "Error", "Info", "Warning"}
    assert {key: sum(part.get(key, 0) for part in parts) for key in every} == every


def test_a_severity_without_alerts_is_absent(client: SandboxClient) -> None:
    assert client.ask(f"{API}/stats/alert/", **{"from": 1}, to=2) == {}


def test_lists_are_paged_by_header(client: SandboxClient) -> None:
    first = client.answer(f"{API}/projects/", page_size=3)
    last = client.answer(f"{API}/projects/", page_size=3, page=3)

    assert first.headers["x-result-count"] == "8"
    assert [len(first.json()), len(last.json())] == [3, 2]
    assert 'page=2>; rel="next"' in first.headers["link"]
    assert 'rel="prev"' not in first.headers["link"]
    assert 'rel="next"' not in last.headers["link"]


def test_following_next_links_meets_every_project_once(client: SandboxClient, world: World) -> None:
    found: list[str] = []
    page = 1
    while True:
        answer = client.answer(f"{API}/projects/", page_size=3, page=page)
        found += [row["uuid"] for row in answer.json()]
        if 'rel="next"' not in answer.headers["link"]:
            break
        page += 1

    assert found == [project.uuid for project in world.nodeconductor.projects]


def test_a_page_out_of_range_is_not_found(client: SandboxClient) -> None:
    assert client.answer(f"{API}/customers/", page=9).status_code == 404


def test_names_filter_by_a_part_in_any_case(client: SandboxClient) -> None:
    rows = client.ask(f"{API}/projects/", name="kUNDEN")

    assert [row["name"] for row in rows] == ["Kundenportal"]


def test_projects_filter_by_group(client: SandboxClient, world: World) -> None:
    rows = client.ask(f"{API}/projects/", project_group=world.nodeconductor.groups[0].uuid)

    assert [row["name"] for row in rows] == ["Warehouse", "Dashboards"]


@pytest.fixture
def old_server(world: World) -> SandboxClient:
    return make_client(world, faults=["old-server"])


@pytest.mark.parametrize("params", [{"aggregate": "instance", "item": "cpu"}, {"item": "cpu", "datapoints": "0"}])
def test_the_old_server_crashes_with_a_page(old_server: SandboxClient, params: dict[str, str]) -> None:
    answer = old_server.answer(f"{API}/stats/usage/", **params)

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")


def test_the_old_server_mixes_texts_and_floats_in_storage(old_server: SandboxClient) -> None:
    span = {"from": OCTOBER - 200 * 86400, "to": OCTOBER, "datapoints": 2}  # history began 61 days before

    points = usage(old_server, item="storage", **span)[0]["datapoints"]

    assert points[0]["value"] == "0.0000"
    assert isinstance(points[1]["value"], float)


def test_the_old_server_adds_unlimited_quotas_up(old_server: SandboxClient, world: World) -> None:
    customer = world.nodeconductor.customers[0].uuid

    row = old_server.ask(f"{API}/stats/quota/", uuid=customer)

    assert row["vcpu"] == 64 + 24 - 1 + 48
    assert isinstance(row["vcpu_usage"], float)


def test_the_old_server_gives_hypervisors_as_text(old_server: SandboxClient, world: World) -> None:
    row = old_server.ask(f"{API}/stats/resource/", auth_url=world.nodeconductor.clouds[0].auth_url)

    assert row["vcpus"] == "256"
    assert row["vcpu_quota"] == 135.0  # 64 + 24 - 1 + 48


def test_the_old_server_ignores_a_uuid_without_an_aggregate(old_server: SandboxClient) -> None:
    span = {"from": OCTOBER, "to": OCTOBER + 31 * 86400}

    every = old_server.ask(f"{API}/stats/alert/", **span)

    assert old_server.ask(f"{API}/stats/alert/", uuid="0" * 32, **span) == every
    assert old_server.ask(f"{API}/stats/alert/", uuid="0" * 32, aggregate="customer", **span) == {}
