"""NodeConductor: quotas, estate, coverage and control totals, worked by hand."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.contract import Request
from tests.providers.nodeconductor_answers import (
    ARCHIVE,
    CUSTOMER,
    START,
    WAREHOUSE,
    Answer,
    hours_of,
    listed,
    usage,
)
from tests.providers.support import FETCHED, Bench, settings

SAMPLES = Path(providers.__file__).parent / "nodeconductor" / "samples"
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
CLOUD = "https://keystone.example.com:5000/v2.0"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("nodeconductor", auth_urls=[CLOUD]))


def quota(document: object, *, uuid: str = WAREHOUSE, aggregate: str = "project") -> Answer:
    asked = {"aggregate": aggregate, "uuid": uuid, "name": "Warehouse", "customer_uuid": CUSTOMER}
    return Request("quota", "/api/stats/quota/", asked=asked | {"customer_name": "Acme"}), json.dumps(document).encode()


def alert(document: object, *, start: int = START, to: int = START + 744 * 3600 - 1, **asked: str) -> Answer:
    bounds = {"aggregate": "customer", "from": str(start), "to": str(to)}
    return Request("alert", "/api/stats/alert/", params=tuple(asked.items()), asked=bounds | asked), json.dumps(
        document
    ).encode()


def levels(bench: Bench, **equals: object) -> dict[str, Any]:
    return {row["measure"]: row["quantity"] for row in bench.rows("facts.estate", **equals)}


def quotas(bench: Bench) -> dict[str, tuple[Any, bool, Any]]:
    return {
        row["resource"]: (row["limit_quantity"], row["is_unlimited"], row["used_quantity"])
        for row in bench.rows("facts.quotas")
    }


def coverage(bench: Bench, dataset: str) -> dict[int, tuple[int, int]]:
    rows = bench.rows("facts.coverage", dataset=dataset, billing_period="2026-10")
    return {row["date"].day: (int(row["expected"]), int(row["received"])) for row in rows}


def origins(bench: Bench) -> dict[str, tuple[str, str, int]]:
    """Of each project the receipt, the raw file and how many staged rows of it made the usage."""
    month = {"period_start": datetime(2026, 10, 1, tzinfo=UTC), "period_end": datetime(2026, 11, 1, tzinfo=UTC)}
    found = bench.warehouse.frame(
        "origins/nodeconductor/usage", connection=bench.connection.name, billing_period="2026-10", **month
    )
    return {row["sub_account_id"]: (row["receipt"], row["sha256"], row["row_count"]) for row in found.to_dicts()}


def test_usage_is_of_the_file_that_said_it_in_the_fetch_that_counts(bench: Bench) -> None:
    archived = usage("memory", hours_of([1, 1, 1]), uuid=ARCHIVE, name="Archive")
    alike = [usage(item, hours_of([4096, 4096])) for item in ("memory", "storage")]  # one file answers both
    bench.land("usage", [alike[0], archived, alike[1]], fetched_at=NOON)
    bench.stage()
    first = origins(bench)
    bench.land("usage", [archived, *alike])  # the same bytes in another order are no other answers
    bench.stage()
    again = origins(bench)
    bench.land("usage", [archived, usage("memory", hours_of([2, 2]))], fetched_at=FETCHED + timedelta(hours=1))
    bench.stage()
    changed = origins(bench)

    fetches = sorted(bench.store.receipts())
    bodies = {name: hashlib.sha256(body).hexdigest() for name, (_, body) in (("a", archived), ("w", alike[0]))}
    assert first == again == {WAREHOUSE: (fetches[0], bodies["w"], 4), ARCHIVE: (fetches[0], bodies["a"], 3)}
    assert changed[ARCHIVE] == (fetches[2], bodies["a"], 3)
    assert (changed[WAREHOUSE][0], changed[WAREHOUSE][2]) == (fetches[2], 2)
    assert changed[WAREHOUSE][1] != bodies["w"]


def test_a_quota_is_a_limit_and_its_use_per_resource(bench: Bench) -> None:
    bench.land("quota", [quota(json.loads(sample("quota")))], fetched_at=NOON)
    bench.stage()

    units = {row["resource"]: row["unit"] for row in bench.rows("facts.quotas")}
    assert quotas(bench) == {
        "vcpu": (2, False, 1),
        "ram": (4096, False, 4096),
        "storage": (16384, False, 16000),
        "max_instances": (4, False, 3),
    }
    assert units == {"vcpu": "core", "ram": "MiB", "storage": "MiB", "max_instances": "count"}


@pytest.mark.parametrize("limit", [-1, -2, -1.0])
def test_any_limit_below_zero_is_unlimited(bench: Bench, limit: float) -> None:
    bench.land("quota", [quota({"ram": limit, "ram_usage": 0})], fetched_at=NOON)
    bench.stage()

    assert quotas(bench) == {"ram": (None, True, 0)}


def test_a_limit_of_zero_allows_nothing(bench: Bench) -> None:
    bench.land("quota", [quota({"ram": 0})], fetched_at=NOON)
    bench.stage()

    assert quotas(bench) == {"ram": (0, False, None)}


def test_a_missing_limit_is_not_known_and_not_unlimited(bench: Bench) -> None:
    bench.land("quota", [quota({"ram_usage": 512.5})], fetched_at=NOON)
    bench.stage()

    assert quotas(bench) == {"ram": (None, False, Decimal("512.5"))}


def test_an_empty_quota_is_no_quota_but_a_capture(bench: Bench) -> None:
    bench.land("quota", [quota({})], fetched_at=NOON)
    bench.stage()

    assert quotas(bench) == {}
    assert coverage(bench, "quota")[5] == (1, 1)


def test_sums_over_a_customer_are_not_taken_since_they_hide_unlimited_projects(bench: Bench) -> None:
    # the server sums -1 and 4096 to 4095; asked one by one, a project shows what it has
    projects = [quota({"ram": -1}), quota({"ram": 4096}, uuid=ARCHIVE)]
    bench.land("quota", [quota({"ram": 4095}, aggregate="customer", uuid=CUSTOMER), *projects], fetched_at=NOON)
    bench.stage()

    rows = {row["sub_account_id"]: (row["limit_quantity"], row["is_unlimited"]) for row in bench.rows("facts.quotas")}
    assert rows == {WAREHOUSE: (None, True), ARCHIVE: (4096, False)}


def test_the_last_capture_of_a_day_is_its_level_and_the_same_answer_twice_is_one(bench: Bench) -> None:
    bench.land("quota", [quota({"ram": 1})], fetched_at=NOON)
    bench.land("quota", [quota({"ram": 2}), quota({"ram": 2})], fetched_at=NOON.replace(hour=18))
    bench.land("quota", [quota({"ram": 3})], fetched_at=NOON.replace(day=6))
    bench.stage()

    rows = sorted(bench.rows("facts.quotas"), key=lambda row: row["captured_at"])
    assert [(row["captured_at"].day, row["limit_quantity"]) for row in rows] == [(5, 2), (6, 3)]


def test_cpu_is_the_level_of_the_last_hour_with_a_value_and_never_a_mean(bench: Bench) -> None:
    points = hours_of([*[10] * 23, 70, 20])
    points[24]["value"] = None
    bench.land("usage", [listed("project", sample("projects_page_1")), usage("cpu", points)])
    bench.stage()

    (row,) = bench.rows("facts.estate")
    assert (row["measure"], row["unit"], row["quantity"]) == ("cpu_pct", "percent", 70)
    assert row["captured_at"] == datetime(2026, 10, 1, 23)  # noqa: DTZ001 - naive UTC
    assert row["sub_account_name"] == "Acme / Warehouse"


def test_customers_are_counts_under_the_uuid_that_the_list_gives(bench: Bench) -> None:
    body = b'[{"name": "Acme", "projects": 2, "project_groups": 1, "instances": 4, "abbreviation": "AC"}]'
    bench.land("usage", [listed("customer", sample("customers"))])
    bench.land("customer", [(Request("customer", "/api/stats/customer/"), body)], fetched_at=NOON)
    bench.stage()

    assert levels(bench, dataset="customer", sub_account_id=CUSTOMER) == {
        "projects": 2,
        "project_groups": 1,
        "instances": 4,
    }


def test_customers_of_one_name_stay_apart_and_get_no_uuid(bench: Bench) -> None:
    twins = [{"name": "Acme", "projects": n, "project_groups": 0, "instances": n} for n in (1, 2)]
    request = Request("customer", "/api/stats/customer/")
    bench.land("usage", [listed("customer", sample("customers"))])
    bench.land("customer", [(request, json.dumps(twins).encode())], fetched_at=NOON)
    bench.stage()

    rows = bench.rows("facts.estate", measure="instances")
    assert sorted((row["sub_account_id"], row["resource_id"], int(row["quantity"])) for row in rows) == [
        ("", "#0", 1),
        ("", "#1", 2),
    ]


def test_the_capacity_of_a_cloud_keeps_its_units_apart(bench: Bench) -> None:
    request = Request("resource", "/api/stats/resource/", asked={"auth_url": CLOUD})
    bench.land("resource", [(request, sample("resource"))], fetched_at=NOON)
    bench.stage()

    rows = bench.rows("facts.estate", dataset="resource")
    assert {row["measure"]: row["unit"] for row in rows if "free" in row["measure"]} == {
        "free_ram_mb": "MiB",
        "free_disk_gb": "GiB",
    }
    assert levels(bench, resource_id=CLOUD) == json.loads(sample("resource"))


def test_creations_are_counted_on_their_day(bench: Bench) -> None:
    day = 86400
    counts = [{"from": START + n * day, "to": START + (n + 1) * day, "value": n} for n in (1, 0)]
    asked = {"type": "project", "from": str(START), "to": str(START + 2 * day), "offset": "0"}
    request = Request("creation_time", "/api/stats/creation-time/", asked=asked)
    bench.land("creation_time", [(request, json.dumps(counts).encode())])
    bench.stage()

    rows = sorted(bench.rows("facts.estate"), key=lambda row: row["captured_at"])
    assert [(row["measure"], row["captured_at"].day, int(row["quantity"])) for row in rows] == [
        ("projects_created", 1, 0),
        ("projects_created", 2, 1),
    ]
    assert [coverage(bench, "creation_time")[n] for n in (1, 2, 3)] == [(1, 1), (1, 1), (1, 0)]


def test_the_clock_offset_of_a_server_is_taken_off_its_times(bench: Bench) -> None:
    counts = [{"from": START + 7200, "to": START + 86400 + 7200, "value": 3}]
    asked = {"type": "customer", "from": str(START + 7200), "to": str(START + 93600), "offset": "7200"}
    request = Request("creation_time", "/api/stats/creation-time/", asked=asked)
    bench.land("creation_time", [(request, json.dumps(counts).encode())])
    bench.stage()

    (row,) = bench.rows("facts.estate")
    assert row["captured_at"] == datetime(2026, 10, 1)  # noqa: DTZ001 - naive UTC
    assert [coverage(bench, "creation_time")[n] for n in (1, 2)] == [(1, 1), (1, 0)]


def test_severities_are_read_in_any_case_and_a_missing_one_is_zero(bench: Bench) -> None:
    bench.land("usage", [listed("customer", sample("customers"))])
    bench.land("alert", [alert({"ERROR": 1, "warning": 2, "Fatal": 3}), alert({}, uuid=CUSTOMER)])
    bench.stage()

    rows = bench.rows("facts.estate", measure="alerts")
    counts = {(row["sub_account_name"], row["label"]): int(row["quantity"]) for row in rows}
    assert counts == {
        ("", "debug"): 0,
        ("", "info"): 0,
        ("", "warning"): 2,
        ("", "error"): 1,
        ("", "fatal"): 3,
        **{("Acme", label): 0 for label in ("debug", "info", "warning", "error", "fatal")},
    }


def test_days_projects_and_groups_are_not_counted_beside_the_month_of_customers(bench: Bench) -> None:
    first_day = START + 86400 - 1
    bench.land(
        "alert",
        [
            alert({"Error": 3}),
            alert({"Error": 2}, to=first_day),
            alert({"Error": 1}, start=first_day + 1, to=first_day + 86400),
            alert({"Error": 9}, start=START - 3600, to=first_day - 3600),
            alert({"Error": 3}, aggregate="project"),
            alert({"Error": 1}, aggregate="project_group", uuid=CUSTOMER),
        ],
    )
    bench.stage()

    rows = bench.rows("facts.estate", measure="alerts", label="error")
    assert [(row["sub_account_id"], int(row["quantity"])) for row in rows] == [("", 3)]
    assert set(coverage(bench, "alert").values()) == {(1, 1)}


def test_hours_of_creations_add_up_to_their_day(bench: Bench) -> None:
    counts = [{"from": START + n * 3600, "to": START + (n + 1) * 3600, "value": 1} for n in (22, 23, 24)]
    asked = {"type": "project", "from": str(START), "to": str(START + 48 * 3600), "offset": "0"}
    request = Request("creation_time", "/api/stats/creation-time/", asked=asked)
    bench.land("creation_time", [(request, json.dumps(counts).encode())])
    bench.stage()

    rows = sorted(bench.rows("facts.estate"), key=lambda row: row["captured_at"])
    assert [(row["captured_at"].day, int(row["quantity"])) for row in rows] == [(1, 2), (2, 1)]
    assert [coverage(bench, "creation_time")[n] for n in (1, 2, 3)] == [(1, 1), (1, 1), (1, 0)]


def test_no_alerts_at_all_are_covered(bench: Bench) -> None:
    bench.land("alert", [alert({}, to=START + 2 * 86400 - 1)])
    bench.stage()

    assert [coverage(bench, "alert")[n] for n in (1, 2, 3)] == [(1, 1), (1, 1), (1, 0)]


def test_coverage_without_any_fetch_expects_every_day_of_every_dataset(bench: Bench) -> None:
    bench.stage()

    rows = bench.rows("facts.coverage")
    usage_rows = coverage(bench, "usage")
    assert len(rows) == 6 * 31
    assert set(usage_rows.values()) == {(24, 0)}
    assert {int(row["expected"]) for row in rows if row["dataset"] != "usage"} == {1}
    assert {int(row["received"]) for row in rows} == {0}
    assert {(row["dataset"], row["feeds"], row["is_backfillable"]) for row in rows} == {
        ("usage", "usage", True),
        ("creation_time", "estate", True),
        ("alert", "estate", True),
        ("quota", "quotas", False),
        ("customer", "estate", False),
        ("resource", "estate", False),
    }


def test_without_auth_urls_no_capture_of_capacity_is_expected(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("nodeconductor"))
    bench.stage()

    assert set(coverage(bench, "resource").values()) == {(0, 0)}


def test_a_month_without_projects_is_covered_once_it_was_asked(bench: Bench) -> None:
    fetched_at = datetime(2026, 10, 2, 6, tzinfo=UTC)
    bench.land("usage", [listed("project", b"[]")], fetched_at=fetched_at)
    bench.stage(now=fetched_at)

    rows = coverage(bench, "usage")
    assert [rows[n] for n in (1, 2, 3)] == [(24, 24), (24, 6), (24, 0)]


def test_hours_are_expected_for_memory_and_storage_of_each_project_since_it_was_created(bench: Bench) -> None:
    pages = [listed("project", sample("projects_page_1")), listed("project", sample("projects_page_2"), page=2)]
    of_archive = {"uuid": ARCHIVE, "name": "Archive"}
    bench.land(
        "usage",
        [
            *pages,
            usage("memory", hours_of([1] * 72)),
            usage("storage", hours_of([1] * 48)),
            usage("memory", hours_of([1] * 72), **of_archive),
            usage("storage", hours_of([1] * 18, first=30), **of_archive),
        ],
    )
    bench.stage()

    rows = coverage(bench, "usage")
    assert rows[1] == (48, 48)  # Archive was created at 06:00 on the second
    assert rows[2] == (48 + 2 * 18, 48 + 2 * 18)
    assert rows[3] == (96, 48)
    assert rows[4] == (96, 0)


def test_a_segment_that_reaches_out_of_the_month_is_not_counted_and_covers_nothing(bench: Bench) -> None:
    page = json.dumps([{"uuid": WAREHOUSE, "name": "Warehouse"}]).encode()
    across = [{"from": START - 3600, "to": START + 86400, "value": 1024}]
    bench.land("usage", [listed("project", page), usage("memory", across), usage("storage", across)])
    bench.stage()

    assert bench.rows("facts.usage") == []
    assert coverage(bench, "usage")[1] == (48, 0)


def test_a_project_without_anything_monitored_is_missing_only_when_it_has_instances(bench: Bench) -> None:
    page = json.dumps([{"uuid": WAREHOUSE, "name": "Warehouse"}]).encode()
    bench.land("usage", [listed("project", page), usage("memory", []), usage("storage", [])])
    bench.stage()
    before = coverage(bench, "usage")[1]

    bench.land("quota", [quota({"max_instances_usage": 3})], fetched_at=NOON)
    bench.stage()

    assert before == (24, 24)
    assert coverage(bench, "usage")[1] == (48, 0)


def test_a_project_that_answered_no_series_is_missing(bench: Bench) -> None:
    page = json.dumps([{"uuid": WAREHOUSE, "name": "Warehouse"}]).encode()
    request, _ = usage("memory", [])
    bench.land("usage", [listed("project", page), (request, sample("empty_list"))])
    bench.stage()

    assert coverage(bench, "usage")[1] == (48, 0)


def test_a_capture_is_expected_each_day_and_received_once(bench: Bench) -> None:
    request = Request("customer", "/api/stats/customer/")
    for hour in (3, 12):
        bench.land("customer", [(request, b"[]")], fetched_at=NOON.replace(hour=hour))
    bench.stage()

    rows = coverage(bench, "customer")
    assert [rows[n] for n in (4, 5, 6)] == [(1, 0), (1, 1), (1, 0)]


def test_a_customer_is_controlled_against_the_sum_of_its_projects(bench: Bench) -> None:
    bench.land(
        "usage",
        [
            listed("customer", sample("customers")),
            listed("project", sample("projects_page_1")),
            listed("project", sample("projects_page_2"), page=2),
            usage("storage", hours_of([3072, 3072]), aggregate="customer", uuid=CUSTOMER, name="Acme"),
            usage("storage", hours_of([1024, 1024])),
            usage("storage", hours_of([2048, 1024]), uuid=ARCHIVE, name="Archive"),
        ],
    )
    bench.stage()

    (row,) = bench.warehouse.frame(
        "checks/nodeconductor/control_totals", connection=bench.connection.name, billing_period="2026-10"
    ).to_dicts()
    assert row["control"] == f"storage of customer Acme ({CUSTOMER})"
    assert (row["source_total"], row["our_total"], row["difference"]) == (6, 5, 1)
    assert row["unit"] == "GiB-hour"


def test_memory_of_a_customer_that_is_no_true_sum_is_told_and_is_no_control(bench: Bench) -> None:
    """2 and 3 GiB for an hour each in the projects; the server says 3 for the customer."""
    bench.land(
        "usage",
        [
            listed("project", sample("projects_page_1")),
            listed("project", sample("projects_page_2"), page=2),
            usage("memory", hours_of([2048]), uuid=WAREHOUSE, name="Warehouse"),
            usage("memory", hours_of([3072]), uuid=ARCHIVE, name="Archive"),
            usage("memory", hours_of([3072]), aggregate="customer", uuid=CUSTOMER, name="Acme"),
        ],
    )
    bench.stage()

    asked = {"connection": bench.connection.name, "billing_period": "2026-10"}
    (row,) = bench.warehouse.frame("checks/nodeconductor/notices", **asked).to_dicts()
    assert bench.warehouse.frame("checks/nodeconductor/control_totals", **asked).is_empty()
    assert row["notice"].startswith(
        "memory of 1 customer is another than that of its projects, which count: 3.000 GiB-hours against 5.000"
    )
