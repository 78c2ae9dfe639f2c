"""SysEleven: facts worked by hand. A project's state holds until its next sample, at most an hour here."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.periods import BillingPeriod
from tallybook.providers.syseleven import PROVIDER, parse
from tallybook.providers.syseleven.checks import flavor_size
from tallybook.providers.syseleven.fields import FIELDS
from tests.providers.support import Bench, settings

SAMPLES = Path(parse.__file__).parent / "samples"
PROJECT, OTHER = "1" * 32, "2" * 32
GIB = 2**30
DAY = date(2026, 10, 5)
USE = json.loads((SAMPLES / "current_usage_v3.json").read_text(encoding="utf-8"))
LIMITS = json.loads((SAMPLES / "quota_v3.json").read_text(encoding="utf-8"))
# cbk of the document, for one hour: 3 cores, 6144 MiB, 3 machines, 6 GiB, no objects, 4 addresses, 1 load balancer
CBK_HOUR = {
    "core_hours": Decimal(3),
    "memory_gib_hours": Decimal(6),
    "instance_hours": Decimal(3),
    "storage_gib_hours": Decimal(6),
    "object_storage_gib_hours": Decimal(0),
    "floating_ip_hours": Decimal(4),
    "load_balancer_hours": Decimal(1),
    "flavor:m1c.tiny_hours": Decimal(3),
}


def at(hour: int, minute: int = 0, *, day: int = 5, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def make(tmp_path: Path, *project_ids: str, **keys: object) -> Bench:
    projects = [{"id": one, "token": {"env": "TOKEN"}} for one in project_ids or (PROJECT,)]
    return Bench(tmp_path, settings("syseleven", **({"projects": projects, "max_gap": "1h"} | keys)))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make(tmp_path)


def asked(bench: Bench, kind: str, project_id: str = PROJECT) -> Request:
    session: Any = SimpleNamespace(settings=bench.connection, now=at(0))
    requests = PROVIDER.dataset(kind).plan(session, BillingPeriod(2026, 10))
    return next(request for request in requests if request.credential == project_id)


def land(bench: Bench, instant: datetime, use: dict[str, Any], *, project_id: str = PROJECT) -> None:
    body = json.dumps(use).encode()
    request = asked(bench, "usage", project_id)
    bench.land("usage", [(request, body, instant)], period=instant.strftime("%Y-%m"), fetched_at=instant)


def capture(bench: Bench, instant: datetime, limits: dict[str, Any], *, project_id: str = PROJECT) -> None:
    body = json.dumps(limits).encode()
    request = asked(bench, "quota", project_id)
    bench.land("quota", [(request, body, instant)], period=instant.strftime("%Y-%m"), fetched_at=instant)


def cbk(**changes: object) -> dict[str, Any]:
    """The document's cbk with some fields changed; `_` stands for the dot."""
    return {"cbk": USE["cbk"] | {name.replace("__", "."): value for name, value in changes.items()}}


def quantities(bench: Bench, region: str = "cbk", day: date = DAY, project_id: str = PROJECT) -> dict[str, Decimal]:
    rows = bench.rows("facts.usage", region=region, sub_account_id=project_id)
    return {row["meter"]: row["consumed_quantity"] for row in rows if row["charge_period_start"].date() == day}


def coverage(bench: Bench, dataset: str, day: date = DAY) -> tuple[Decimal, Decimal]:
    (row,) = bench.rows("facts.coverage", dataset=dataset, date=day)
    return row["expected"], row["received"]


def quotas(bench: Bench, region: str = "fes") -> dict[str, dict[str, Any]]:
    return {row["resource"]: row for row in bench.rows("facts.quotas", region=region)}


def test_the_documented_use_for_an_hour(bench: Bench) -> None:
    land(bench, at(10), USE)
    bench.stage()

    assert quantities(bench) == CBK_HOUR
    assert quantities(bench, "fes") == {
        "core_hours": Decimal(50),
        "memory_gib_hours": Decimal(200),
        "instance_hours": Decimal(9),
        "storage_gib_hours": Decimal(133),
        "object_storage_gib_hours": Decimal(0),
        "floating_ip_hours": Decimal(10),
        "load_balancer_hours": Decimal(3),
        "flavor:m1.medium_hours": Decimal(5),
        "flavor:m1.small_hours": Decimal(3),
        "flavor:m1.xxlarge_hours": Decimal(1),
    }


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_versions_two_and_three_mean_the_same(tmp_path: Path, version: str) -> None:
    bench = make(tmp_path, api_version=version)
    use = json.loads((SAMPLES / f"current_usage_{version}.json").read_text(encoding="utf-8"))
    land(bench, at(10), use)
    bench.stage()

    assert quantities(bench) == CBK_HOUR


def test_version_one_knows_neutron_load_balancers_only(tmp_path: Path) -> None:
    bench = make(tmp_path, api_version="v1")
    land(bench, at(10), json.loads((SAMPLES / "current_usage_v1.json").read_text(encoding="utf-8")))
    bench.stage()

    assert quantities(bench) == CBK_HOUR | {"load_balancer_hours": Decimal(0)}
    assert "load_balancer_hours" not in quantities(bench, "fes")


def test_object_storage_is_the_sum_of_its_types(bench: Bench) -> None:
    types = [{"type": "ceph", "space_bytes": 3 * GIB}, {"type": "quobyte", "space_bytes": GIB // 2}]
    land(bench, at(10), cbk(objectstorage=types))
    bench.stage()

    assert quantities(bench)["object_storage_gib_hours"] == Decimal("3.5")


def test_object_storage_of_older_versions_is_one_number(tmp_path: Path) -> None:
    bench = make(tmp_path, api_version="v2")
    use = json.loads((SAMPLES / "current_usage_v2.json").read_text(encoding="utf-8"))
    use["cbk"]["s3.space_bytes"] = 3 * GIB
    land(bench, at(10), use)
    bench.stage()

    assert quantities(bench)["object_storage_gib_hours"] == 3


def test_an_empty_list_of_object_storage_is_nothing_and_no_list_is_unknown(bench: Bench) -> None:
    without = cbk()
    del without["cbk"]["objectstorage"]
    land(bench, at(10), cbk(objectstorage=[]))
    land(bench, at(12), without)
    bench.stage()

    assert quantities(bench)["object_storage_gib_hours"] == 0
    assert quantities(bench)["core_hours"] == 6
    assert [row["meter"] for row in bench.rows("facts.usage", meter="object_storage_gib_hours")] != []


def test_both_kinds_of_load_balancers_make_the_total(bench: Bench) -> None:
    land(bench, at(10), cbk(loadbalancer__loadbalancers=2, network__loadbalancers=3))
    bench.stage()

    assert quantities(bench)["load_balancer_hours"] == 5


@pytest.mark.parametrize(
    ("components", "known"),
    [(["loadbalancer"], False), (["network.lb"], False), (["loadbalancer", "network.lb"], True)],
)
def test_the_total_of_load_balancers_is_unknown_without_one_of_the_kinds(
    tmp_path: Path, components: list[str], known: bool
) -> None:
    bench = make(tmp_path, filter=components)
    fields = {name: value for name, value in USE["cbk"].items() if FIELDS[name].component in components}
    land(bench, at(10), {"cbk": fields})
    bench.stage()

    assert ("load_balancer_hours" in quantities(bench)) is known


def test_a_state_holds_until_the_next_sample_of_the_project(bench: Bench) -> None:
    land(bench, at(10), cbk(compute__cores=3))
    land(bench, at(10, 30), cbk(compute__cores=7))
    bench.stage()

    assert quantities(bench)["core_hours"] == Decimal("8.5")  # 3 for half an hour, 7 for an hour
    assert coverage(bench, "usage") == (24, Decimal("1.5"))


def test_projects_are_integrated_over_their_own_samples(tmp_path: Path) -> None:
    bench = make(tmp_path, PROJECT, OTHER)
    land(bench, at(10), cbk())
    land(bench, at(10, 30), cbk(), project_id=OTHER)
    bench.stage()

    # the other project's sample does not end the first one's state
    assert quantities(bench)["core_hours"] == 3
    assert quantities(bench, project_id=OTHER)["core_hours"] == 3


def test_projects_with_the_same_answer_in_one_sample_are_counted_apart(tmp_path: Path) -> None:
    bench = make(tmp_path, PROJECT, OTHER)
    body = json.dumps(cbk()).encode()
    both = [(asked(bench, "usage", one), body, at(10)) for one in (PROJECT, OTHER)]
    bench.land("usage", both, fetched_at=at(10))
    bench.stage()

    assert quantities(bench) == quantities(bench, project_id=OTHER) == CBK_HOUR


def test_what_lies_beyond_max_gap_is_a_gap(bench: Bench) -> None:
    land(bench, at(10), cbk())
    land(bench, at(15), cbk())
    bench.stage()

    assert quantities(bench)["core_hours"] == 6
    assert coverage(bench, "usage") == (24, 2)


def test_a_missing_region_is_neither_zero_nor_what_it_was(bench: Bench) -> None:
    land(bench, at(10), USE)
    land(bench, at(10, 30), cbk())
    bench.stage()

    assert quantities(bench)["core_hours"] == Decimal("4.5")
    assert quantities(bench, "fes")["core_hours"] == 25  # 50 cores for the half hour that was seen
    assert coverage(bench, "usage") == (48, 2)  # an hour and a half of cbk, half an hour of fes


@pytest.mark.parametrize("broken", [None, {}, {"title": "Bad Gateway", "detail": "down", "type": "about:blank"}])
def test_a_region_in_error_is_unknown_and_not_covered(bench: Bench, broken: object) -> None:
    land(bench, at(10), USE)
    land(bench, at(11), cbk() | {"fes": broken})
    bench.stage()

    assert quantities(bench, "fes")["core_hours"] == 50
    assert coverage(bench, "usage") == (48, 3)


def test_a_missing_component_is_neither_zero_nor_what_it_was(bench: Bench) -> None:
    without = {name: value for name, value in USE["cbk"].items() if not name.startswith("compute.")}
    land(bench, at(10), cbk())
    land(bench, at(11), {"cbk": without})
    bench.stage()

    assert quantities(bench)["core_hours"] == 3
    assert quantities(bench)["flavor:m1c.tiny_hours"] == 3
    assert quantities(bench)["storage_gib_hours"] == 12


def test_a_zero_that_was_answered_is_a_zero(bench: Bench) -> None:
    land(bench, at(10), cbk(network__floatingips=0))
    bench.stage()

    assert quantities(bench)["floating_ip_hours"] == 0


def test_a_flavor_that_is_gone_is_not_counted_on(bench: Bench) -> None:
    land(bench, at(10), cbk())
    land(bench, at(10, 30), cbk(compute__flavors={"m1.small": 2}))
    bench.stage()

    assert quantities(bench)["flavor:m1c.tiny_hours"] == Decimal("1.5")
    assert quantities(bench)["flavor:m1.small_hours"] == 2


def test_the_same_second_twice_counts_once(bench: Bench) -> None:
    land(bench, at(10), cbk())
    bench.land("usage", [(asked(bench, "usage"), json.dumps(cbk()).encode(), at(10))], fetched_at=at(10, 1))
    bench.stage()

    assert quantities(bench) == CBK_HOUR


def test_fractions_of_a_second_do_not_count(bench: Bench) -> None:
    land(bench, at(10) + timedelta(microseconds=999_999), cbk())
    land(bench, at(10, 30), cbk())
    bench.stage(now=at(10, 45) + timedelta(microseconds=5))

    assert quantities(bench)["core_hours"] == Decimal("2.25")


def test_an_interval_is_split_at_midnight_and_ends_with_the_month(bench: Bench) -> None:
    land(bench, at(23, 30, day=30), cbk())
    land(bench, at(23, 45, day=31), cbk())
    bench.stage(now=at(6, day=2, month=11), period="2026-11")

    assert quantities(bench, day=date(2026, 10, 30))["core_hours"] == Decimal("1.5")
    assert quantities(bench, day=date(2026, 10, 31))["core_hours"] == Decimal("2.25")
    assert quantities(bench, day=date(2026, 11, 1))["core_hours"] == Decimal("2.25")


def test_nothing_is_counted_beyond_now(bench: Bench) -> None:
    land(bench, at(10), cbk())
    bench.stage(now=at(10, 15))

    assert quantities(bench)["core_hours"] == Decimal("0.75")
    assert coverage(bench, "usage") == (24, Decimal("0.25"))


def test_hourly_samples_with_an_hour_of_max_gap_cover_everything(bench: Bench) -> None:
    for hour in range(24):
        land(bench, at(hour), cbk(compute__ram_mb=64 * hour))
    bench.stage()

    assert coverage(bench, "usage") == (24, 24)
    assert quantities(bench)["memory_gib_hours"] == Decimal("17.25")  # 64 MiB x (0 + 1 + ... + 23) / 1024


def test_odd_megabytes_are_rounded_once_at_the_twelfth_decimal(bench: Bench) -> None:
    land(bench, at(10), cbk(compute__ram_mb=1))
    land(bench, at(10, 0) + timedelta(seconds=7), cbk(compute__ram_mb=0))
    bench.stage()

    assert quantities(bench)["memory_gib_hours"] == round(Decimal(7) / 3600 / 1024, 12)


def test_configured_projects_and_regions_are_expected_even_when_never_seen(tmp_path: Path) -> None:
    bench = make(tmp_path, PROJECT, OTHER, regions=["cbk", "fes", "dbl"])
    bench.stage()

    rows = bench.rows("facts.coverage", billing_period="2026-10")
    assert len(rows) == 2 * 31
    assert {row["expected"] for row in rows if row["dataset"] == "usage"} == {Decimal(24 * 6)}
    assert {row["expected"] for row in rows if row["dataset"] == "quota"} == {Decimal(2)}
    assert {row["received"] for row in rows} == {Decimal(0)}
    assert {row["is_backfillable"] for row in rows} == {False}


def test_without_configured_regions_those_seen_in_the_month_are_expected(tmp_path: Path) -> None:
    bench = make(tmp_path, PROJECT, OTHER)
    land(bench, at(10, day=20), USE)
    bench.stage()

    # two regions of the first project, one unnamed region of the project that never answered
    assert coverage(bench, "usage") == (72, 0)
    assert coverage(bench, "usage", date(2026, 10, 20)) == (72, 2)


def test_regions_beside_the_configured_ones_do_not_count_as_received(tmp_path: Path) -> None:
    bench = make(tmp_path, regions=["cbk"])
    land(bench, at(10), USE)
    bench.stage()

    assert coverage(bench, "usage") == (24, 1)


def test_a_quota_is_expected_of_each_project_once_a_day(tmp_path: Path) -> None:
    bench = make(tmp_path, PROJECT, OTHER)
    capture(bench, at(10), LIMITS)
    capture(bench, at(11), LIMITS)
    bench.stage()

    (row,) = bench.rows("facts.coverage", dataset="quota", date=DAY)
    assert (row["expected"], row["received"], row["unit"], row["feeds"]) == (2, 1, "captures", "quotas")


def test_limits_have_the_units_of_the_document(bench: Bench) -> None:
    capture(bench, at(10), LIMITS)
    bench.stage()

    units = {name: row["unit"] for name, row in quotas(bench).items() if row["unit"] != "count"}
    assert units == {
        "compute.cores": "core",
        "compute.ram_mb": "MiB",
        "volume.space_gb": "GiB",
        "volume.backup_gb": "GiB",
        "objectstorage.quobyte": "byte",
        "objectstorage.ceph": "byte",
    }


def test_minus_one_is_unlimited_and_zero_allows_nothing(bench: Bench) -> None:
    capture(bench, at(10), LIMITS)
    bench.stage()

    found = {name: (row["limit_quantity"], row["is_unlimited"]) for name, row in quotas(bench).items()}
    assert found["network.subnet_pools"] == (None, True)
    assert found["volume.backups"] == (0, False)
    assert found["objectstorage.quobyte"] == (0, False)
    assert found["objectstorage.ceph"] == (549755813888, False)


def test_unlimited_object_storage_is_found_by_its_type(bench: Bench) -> None:
    limits = json.loads(json.dumps(LIMITS))
    limits["fes"]["objectstorage"][1]["space_bytes"] = -1
    capture(bench, at(10), limits)
    bench.stage()

    assert quotas(bench)["objectstorage.ceph"]["is_unlimited"] is True
    assert quotas(bench)["objectstorage.quobyte"]["is_unlimited"] is False


def test_limits_and_use_of_object_storage_meet_by_type_not_by_place(bench: Bench) -> None:
    use = json.loads(json.dumps(USE))
    use["fes"]["objectstorage"] = [{"type": "ceph", "space_bytes": 7}, {"type": "quobyte", "space_bytes": 5}]
    capture(bench, at(10), LIMITS)
    land(bench, at(10), use)
    bench.stage()

    assert quotas(bench)["objectstorage.ceph"]["used_quantity"] == 7
    assert quotas(bench)["objectstorage.quobyte"]["used_quantity"] == 5


def test_use_that_was_not_answered_is_unknown(bench: Bench) -> None:
    capture(bench, at(10), LIMITS)
    land(bench, at(10), cbk())
    bench.stage()

    assert quotas(bench)["compute.cores"]["used_quantity"] is None
    assert quotas(bench, "cbk")["compute.cores"]["used_quantity"] == 3
    assert quotas(bench, "cbk")["compute.key_pairs"]["used_quantity"] is None  # a limit per user has no use


def test_the_last_limits_and_the_last_use_of_a_day_are_shown(bench: Bench) -> None:
    changed = {"fes": LIMITS["fes"] | {"compute.cores": 99}}
    capture(bench, at(9), LIMITS)
    capture(bench, at(17), changed)
    capture(bench, at(9, day=6), LIMITS)
    land(bench, at(9), USE)
    land(bench, at(20), {"fes": USE["fes"] | {"compute.cores": 51}})
    bench.stage()

    rows = bench.rows("facts.quotas", resource="compute.cores")
    found = {(row["captured_at"].day, row["region"]): row for row in rows}
    assert (found[5, "fes"]["limit_quantity"], found[5, "fes"]["used_quantity"]) == (99, 51)
    assert (found[5, "cbk"]["limit_quantity"], found[5, "cbk"]["used_quantity"]) == (50, 3)
    assert (found[6, "fes"]["limit_quantity"], found[6, "fes"]["used_quantity"]) == (60, None)


def test_undocumented_numbers_are_no_facts(bench: Bench) -> None:
    capture(bench, at(10), {"fes": LIMITS["fes"] | {"network.trunks": 10}})
    bench.stage()

    assert "network.trunks" not in quotas(bench)


def test_estate_shows_machines_and_flavors_at_the_end_of_each_day(bench: Bench) -> None:
    land(bench, at(10), USE)
    land(bench, at(20), cbk(compute__instances=2, compute__flavors={"m1.small": 2}))
    bench.stage()

    levels = {
        (row["region"], row["measure"]): row["quantity"]
        for row in bench.rows("facts.estate")
        if row["measure"] in {"instances", "flavor:m1.small", "flavor:m1c.tiny", "load_balancer_flavor:standalone-tiny"}
    }
    assert levels == {
        ("cbk", "instances"): 2,
        ("cbk", "flavor:m1.small"): 2,
        ("fes", "instances"): 9,
        ("fes", "flavor:m1.small"): 3,
        ("fes", "load_balancer_flavor:standalone-tiny"): 1,
    }


def test_facts_carry_the_project_as_sub_account(bench: Bench) -> None:
    land(bench, at(10), USE)
    bench.stage()

    rows = bench.rows("facts.usage")
    assert {(row["sub_account_id"], row["sub_account_name"]) for row in rows} == {(PROJECT, PROJECT)}
    assert {(row["resource_id"], row["basis"], row["dataset"]) for row in rows} == {("", "sampled", "usage")}
    assert {row["charge_period_end"] - row["charge_period_start"] for row in rows} == {timedelta(days=1)}


def found(bench: Bench, check: str) -> list[dict[str, Any]]:
    return bench.warehouse.frame(
        f"checks/syseleven/{check}",
        connection=bench.connection.name,
        billing_period="2026-10",
        period_start=at(0, day=1),
        period_end=at(0, day=1, month=11),
        max_gap_seconds=3600,
    ).to_dicts()


def controls(bench: Bench) -> list[tuple[Decimal, ...]]:
    rows = found(bench, "control_totals")
    assert all(
        row["is_warning"] and row["control"] == f"core-hours of {PROJECT} in cbk, by its flavors" for row in rows
    )
    return [(row["source_total"], row["our_total"], row["difference"]) for row in rows]


def test_cores_are_held_against_flavors_over_all_samples(bench: Bench) -> None:
    """3 cores and three m1c.tiny (1 core each) for an hour, then 5 cores and the same for another: 8 against 6."""
    land(bench, at(10), cbk())
    bench.stage()
    assert controls(bench) == [(3, 3, 0)]

    land(bench, at(12), cbk(compute__cores=5))
    bench.stage()
    assert controls(bench) == [(8, 6, 2)]


def test_no_machines_with_cores_differ(bench: Bench) -> None:
    land(bench, at(10), cbk(compute__flavors={}))
    bench.stage()

    assert controls(bench) == [(3, 0, 3)]


def test_a_flavor_that_the_table_does_not_know_is_told_and_compared_with_nothing(bench: Bench) -> None:
    land(bench, at(10), cbk(compute__flavors={"m1c.tiny": 3, "g9.huge": 1, "m1c.tinyest": 1}))
    bench.stage()

    assert controls(bench) == []
    assert [row["notice"] for row in found(bench, "notices")] == [
        "the flavor table does not know g9.huge, m1c.tinyest: the cores of their regions are not compared with flavors"
    ]


@pytest.mark.parametrize("type_", ["m1", "l1", "m2c", "m1r"])
def test_the_control_knows_the_sizes_that_the_parser_knows(bench: Bench, type_: str) -> None:
    names = [
        f"{type_}.{size}" for size in ("tiny", "small", "medium", "large", "xlarge", "xxlarge", "2xlarge", "4xlarge")
    ]
    cores = sum(size[0] for name in names if (size := flavor_size(name)))
    land(bench, at(10), cbk(compute__flavors=dict.fromkeys(names, 1), compute__cores=cores))
    bench.stage()

    assert controls(bench) == [(cores, cores, 0)]
    assert found(bench, "notices") == []
