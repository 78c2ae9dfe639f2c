"""Figures worked by hand for October 2026: 744 hours, the 1st a Thursday, 22 weekdays."""

from decimal import Decimal
from typing import Any

import pytest

from tallybook.sandbox.world import World
from tests.sandbox.client import SandboxClient, make_client, quantities

PRODUCTION, STAGING = "1" * 32, "2" * 32


@pytest.fixture(scope="module")
def truth(world: World) -> Any:
    return make_client(world).truth("2026-10")


@pytest.mark.parametrize(
    ("region", "meter", "quantity"),
    [
        # three machines all month, and one since the 12th at 09:00, which is 20 days less 9 hours = 471 hours
        ("alg1", "instance_hours", "2703"),  # 3 * 744 + 471
        ("alg1", "memory_gib_hours", "21624"),  # (4 + 4 + 16) * 744 + 8 * 471
        ("alg1", "storage_gib_hours", "432480"),  # (80 + 80 + 320) * 744 + 160 * 471
        # one machine all month, one for 12 hours on each of 22 weekdays = 264 hours
        ("alg2", "instance_hours", "1008"),  # 744 + 264
        ("alg2", "memory_gib_hours", "3600"),  # 2 * 744 + 8 * 264
        ("alg2", "storage_gib_hours", "119040"),  # (40 + 120) * 744, stopped or not
        # 200 GiB until the 3rd at 14:00, which is 62 hours, then 320 GiB
        ("", "storage_gib_hours", "230640"),  # 200 * 62 + 320 * 682
    ],
)
def test_openscaler_integrates_states_over_the_month(truth: Any, region: str, meter: str, quantity: str) -> None:
    assert quantities(truth, "openscaler")["account", region, meter] == quantity


def test_openscaler_costs_are_quantities_times_prices(truth: Any) -> None:
    # instances 33.7875 in alg1 and 15.12 in alg2; memory 25224 GiB-hours at 0.0048 are 121.0752;
    # storage 782160 GiB-hours at 0.00011 are 86.0376
    assert truth["providers"]["openscaler"]["total_cost"] == {"EUR": "256.0203"}


@pytest.mark.parametrize(
    ("project", "region", "meter", "quantity"),
    [
        (PRODUCTION, "dbl", "load_balancer_hours", "517"),  # Neutron, until the 22nd at 13:00
        (PRODUCTION, "fes", "load_balancer_hours", "2058"),  # 2 * 744 + 570 since the 8th at 06:00
        (PRODUCTION, "cbk", "floating_ip_hours", "2976"),  # 4 * 744
        (PRODUCTION, "fes", "floating_ip_hours", "3420"),  # 6 * 570
        (PRODUCTION, "dbl", "core_hours", "7440"),  # (2 * 4 + 2) * 744
        (PRODUCTION, "dbl", "memory_gib_hours", "35712"),  # (2 * 16 + 16) * 744
        (PRODUCTION, "cbk", "flavor:m1c.tiny_hours", "2232"),  # 3 * 744
        (PRODUCTION, "cbk", "flavor:m1.small_hours", "3662"),  # 4 * 744 + 2 * 343, 8th 06:00 to 22nd 13:00
        (PRODUCTION, "fes", "storage_gib_hours", "555356"),  # 399 * 744 + 500 * 517
        (STAGING, "fes", "core_hours", "424"),  # 4 * 106, 15th 08:00 to 19th 18:00
        (STAGING, "cbk", "memory_gib_hours", "5952"),  # 2 * 4 * 744
    ],
)
def test_syseleven_counts_what_is_allocated(truth: Any, project: str, region: str, meter: str, quantity: str) -> None:
    assert quantities(truth, "syseleven")[project, region, meter] == quantity


def test_object_storage_adds_up_types_and_grows_daily(truth: Any) -> None:
    # day d of history (October begins with day 61): fes holds 0.0625 + 800 + 2.0625 * d GiB for 24 hours
    expected = sum(24 * (Decimal("800.0625") + Decimal("2.0625") * day) for day in range(61, 92))

    told = quantities(truth, "syseleven")[PRODUCTION, "fes", "object_storage_gib_hours"]

    assert Decimal(told) == expected


def test_a_sub_accounts_own_price_wins(truth: Any) -> None:
    rows = truth["providers"]["syseleven"]["usage"]
    staging = next(
        row for row in rows if (row["sub_account_id"], row["region"], row["meter"]) == (STAGING, "fes", "core_hours")
    )

    assert staging["cost"] == "5.0456"  # 424 * 0.0119


def test_usage_without_a_price_has_no_cost_and_is_listed(truth: Any) -> None:
    rows = truth["providers"]["syseleven"]["usage"]

    assert truth["unpriced"] == [{"provider": "syseleven", "meter": "load_balancer_hours"}]
    assert {row["cost"] for row in rows if row["meter"] == "load_balancer_hours"} == {None}


def test_a_price_of_zero_is_a_cost_of_zero(truth: Any) -> None:
    rows = truth["providers"]["syseleven"]["usage"]

    assert {row["cost"] for row in rows if row["meter"] == "instance_hours"} == {"0"}


def test_bytes_are_priced_per_gib(truth: Any) -> None:
    rows = [row for row in truth["providers"]["ocore"]["usage"] if row["meter"] == "network_out_bytes"]

    assert len(rows) == 5
    for row in rows:
        assert Decimal(row["cost"]) == Decimal(row["quantity"]) / 2**30 * Decimal("0.045")


def test_a_price_changes_with_its_day(client: SandboxClient, truth: Any, world: World) -> None:
    uuid = world.nodeconductor.projects[3].uuid
    datapoints = client.ask(
        "/nodeconductor/api/stats/usage/",
        aggregate="project",
        uuid=uuid,
        item="memory",
        **{"from": 1790812800, "to": 1790812800 + 744 * 3600},  # 2026-10-01
        datapoints=744,
    )[0]["datapoints"]
    gib = [Decimal(point["value"]) / 1024 for point in datapoints]
    expected = sum(gib[: 14 * 24]) * Decimal("0.0061") + sum(gib[14 * 24 :]) * Decimal("0.0067")

    row = next(
        row
        for row in truth["providers"]["nodeconductor"]["usage"]
        if (row["sub_account_id"], row["meter"]) == (uuid, "memory_gib_hours")
    )

    assert Decimal(row["quantity"]) == sum(gib)
    assert Decimal(row["cost"]) == expected


def test_projects_and_providers_add_up_to_the_totals(truth: Any) -> None:
    for currency, total in truth["totals"].items():
        projects = sum(Decimal(row["cost"]) for row in truth["projects"] if row["currency"] == currency)
        providers = sum(Decimal(one["total_cost"].get(currency, "0")) for one in truth["providers"].values())

        assert projects == providers == Decimal(total)


def test_what_no_rule_maps_is_its_own_project(truth: Any) -> None:
    assert [row["provider"] for row in truth["projects"] if row["project"] == "Altsystem"] == ["ocore"]


def test_truth_stops_at_the_clock(client: SandboxClient) -> None:
    client.set_clock("2026-10-01T05:59:59Z")

    assert quantities(client.truth("2026-10"), "openscaler")["account", "alg1", "instance_hours"] == "15"


@pytest.mark.parametrize("month", ["2026-07", "2026-12", "2026-10-01", "October"])
def test_a_month_without_history_is_not_found(client: SandboxClient, month: str) -> None:
    assert client.get(f"/truth/{month}").status_code == 404


def test_truth_is_the_same_bytes_each_time(world: World) -> None:
    first, second = make_client(world), make_client(world)
    for client in (first, second):
        client.set_clock("2026-09-03T00:00:00Z")

    assert first.get("/truth/2026-09").content == second.get("/truth/2026-09").content
