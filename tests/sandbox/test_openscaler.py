import json
from decimal import Decimal

import pytest

from tallybook.sandbox.world import World
from tests.sandbox.client import SandboxClient, make_client, quantities

LIVE = "/openscaler/v1/stats/live"


@pytest.mark.parametrize("authorization", [None, "", "Bearer wrong", "Token sandbox-openscaler-access-token"])
def test_a_request_without_the_bearer_token_is_refused(client: SandboxClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = client.get(LIVE, headers=headers)

    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}


def test_the_snapshot_is_stamped_with_the_worlds_now(client: SandboxClient) -> None:
    client.set_clock("2026-10-01T05:00:03Z")

    answer = client.answer(LIVE)

    assert answer.json()["timestamp"] == 1790830800  # 05:00:00, as stats are written every 5 seconds
    assert answer.json()["step"] == 5
    assert answer.headers["date"] == "Thu, 01 Oct 2026 05:00:03 GMT"


def test_aggregates_follow_the_relations_of_the_documented_example(client: SandboxClient) -> None:
    body = client.answer(LIVE).content
    data = json.loads(body, parse_float=Decimal)["data"]

    for key in ("memory.used", "memory.total", "disk.allocation", "disk.capacity", "disk.read", "disk.write"):
        assert data[key] == sum(vm[key] for vm in data["vms"])
    for key in ("network.rx", "network.tx"):
        assert data[key] == sum(vpc[key] for vpc in data["vpcs"])
    mean = sum(vm["cpu"] for vm in data["vms"]) / Decimal(len(data["vms"]))
    assert abs(data["cpu"] - mean) < Decimal("0.00000001")
    share = Decimal(data["block_storage.allocation"]) / data["block_storage.capacity"]
    assert abs(data["block_storage.usage"] - 200 * share) < Decimal("0.000001")


def test_rates_are_averages_over_twenty_five_seconds(client: SandboxClient) -> None:
    data = json.loads(client.answer(LIVE).content, parse_float=Decimal)["data"]

    rates = [vpc[key] * 25 for vpc in data["vpcs"] for key in ("network.rx", "network.tx")]

    assert all(rate == int(rate) for rate in rates)


def test_a_stopped_machine_keeps_its_disk_and_uses_nothing(client: SandboxClient) -> None:
    client.set_clock("2026-10-03T12:00:00Z")  # a Saturday

    machine = next(vm for vm in client.ask(LIVE)["data"]["vms"] if vm["vm_id"] == 11)

    assert machine["state"] == "stopped"
    assert (machine["cpu"], machine["memory.used"], machine["network.rx"]) == (0, 0, 0)
    assert machine["disk.capacity"] == 120 * 2**30


def test_two_machines_share_a_name(client: SandboxClient) -> None:
    names = [vm["name"] for vm in client.ask(LIVE)["data"]["vms"]]

    assert names.count("web-1") == 2


def test_created_at_has_no_zone(client: SandboxClient) -> None:
    machine = next(vm for vm in client.ask(LIVE)["data"]["vms"] if vm["vm_id"] == 19)

    assert machine["created_at"] == "2026-10-12T09:00:00"


def test_snapshots_taken_every_hour_add_up_to_the_truth(client: SandboxClient) -> None:
    running = 0
    for hour in range(24):
        client.set_clock(f"2026-10-01T{hour:02}:00:00Z")
        running += sum(vm["state"] == "running" for vm in client.ask(LIVE)["data"]["vms"])
    client.set_clock("2026-10-02T00:00:00Z")

    told = quantities(client.truth("2026-10"), "openscaler")

    hours = sum(Decimal(told["account", region, "instance_hours"]) for region in ("alg1", "alg2"))
    assert hours == running == 4 * 24 + 12


def test_the_same_seed_answers_the_same_bytes(world: World) -> None:
    assert make_client(world).answer(LIVE).content == make_client(world).answer(LIVE).content
