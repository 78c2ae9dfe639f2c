"""NodeConductor: the documented examples and the traps of its API, from answers to staging and usage."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.contract import Request
from tallybook.errors import SchemaError
from tallybook.providers.nodeconductor import parse
from tests.providers.nodeconductor_answers import (
    ARCHIVE,
    CUSTOMER,
    START,
    WAREHOUSE,
    hours_of,
    listed,
    series,
    usage,
    usage_request,
)
from tests.providers.support import Bench, settings

SAMPLES = Path(providers.__file__).parent / "nodeconductor" / "samples"
HOSTILE = "<script>alert('x')</script>'; drop table x; --{{ 7*7 }}=1+1\n\u202e"
QUOTA = Request(
    "quota",
    "/api/stats/quota/",
    asked={"aggregate": "project", "uuid": WAREHOUSE, "name": "Warehouse", "customer_uuid": CUSTOMER}
    | {"customer_name": "Acme"},
)
RESOURCE = Request("resource", "/api/stats/resource/", asked={"auth_url": "https://keystone.example.com:5000/v2.0"})
CREATION = Request("creation_time", "/api/stats/creation-time/", asked={"type": "customer", "offset": "0"})
ALERT = Request("alert", "/api/stats/alert/", asked={"aggregate": "customer", "from": "1", "to": "1415912625"})
START_FETCH = datetime(2026, 11, 1, 6, tzinfo=UTC)
CUSTOMERS = Request("customer", "/api/stats/customer/")


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("nodeconductor", auth_urls=["https://keystone.example.com:5000/v2.0"]))


def fields(row: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: row[name] for name in names}


def test_the_documented_usage_reaches_staging_field_by_field(bench: Bench) -> None:
    bench.land("usage", [(usage_request(name="Proj28"), sample("usage"))])
    (staged,) = bench.stage()

    points = sorted(
        bench.rows("staging.nodeconductor_usage_points"), key=lambda row: (row["series_position"], row["position"])
    )
    rows = sorted(bench.rows("staging.nodeconductor_usage_series"), key=lambda row: row["position"])
    rebuilt = [
        {
            "name": row["name"],
            "datapoints": [
                {"to": point["to_epoch"], "from": point["from_epoch"], "value": point["value"]}
                for point in points
                if point["series_position"] == row["position"]
            ],
        }
        for row in rows
    ]
    assert staged.outcome == "staged"
    assert rebuilt == json.loads(sample("usage"))
    assert [row["is_asked"] for row in rows] == [False, True]  # one was asked for, by the name Proj28
    assert bench.rows("facts.usage") == []  # none of it lies in October 2026


def test_the_documented_customer_reaches_staging_field_by_field(bench: Bench) -> None:
    bench.land("customer", [(CUSTOMERS, sample("customer"))])
    bench.stage(period="2026-11")

    (expected,) = json.loads(sample("customer"))
    (row,) = bench.rows("staging.nodeconductor_customers")
    assert fields(row, expected) == expected


@pytest.mark.parametrize("is_list", [False, True])
def test_the_documented_resource_reaches_staging_as_object_or_list(bench: Bench, is_list: bool) -> None:
    expected = json.loads(sample("resource"))
    body = json.dumps([expected] if is_list else expected).encode()
    bench.land("resource", [(RESOURCE, body)])
    bench.stage()

    (row,) = bench.rows("staging.nodeconductor_resources")
    assert fields(row, expected) == expected
    assert row["auth_url"] == "https://keystone.example.com:5000/v2.0"


def test_the_documented_creation_times_reach_staging_field_by_field(bench: Bench) -> None:
    bench.land("creation_time", [(CREATION, sample("creation_time"))])
    bench.stage()

    rows = sorted(bench.rows("staging.nodeconductor_creation_times"), key=lambda row: row["position"])
    rebuilt = [{"to": row["to_epoch"], "from": row["from_epoch"], "value": row["value"]} for row in rows]
    assert rebuilt == json.loads(sample("creation_time"))
    assert {row["type"] for row in rows} == {"customer"}


def test_the_documented_quota_reaches_staging_field_by_field(bench: Bench) -> None:
    bench.land("quota", [(QUOTA, sample("quota"))])
    bench.stage()

    expected = json.loads(sample("quota"))
    (row,) = bench.rows("staging.nodeconductor_quotas")
    assert fields(row, expected) == expected


def test_the_documented_alerts_reach_staging_in_their_order(bench: Bench) -> None:
    bench.land("alert", [(ALERT, sample("alert"))])
    bench.stage()

    rows = sorted(bench.rows("staging.nodeconductor_alerts"), key=lambda row: row["position"])
    assert {row["severity"]: row["alert_count"] for row in rows} == json.loads(sample("alert"))
    assert [row["severity"] for row in rows] == ["Debug", "Error", "Info", "Warning"]


def test_an_hour_of_mebibytes_becomes_gibibyte_hours(bench: Bench) -> None:
    bench.land(
        "usage",
        [
            listed("project", sample("projects_page_1")),
            usage("memory", hours_of([1536, 1])),
            usage("storage", hours_of([20480])),
            usage("cpu", hours_of([50])),
        ],
    )
    bench.stage()

    facts = sorted(bench.rows("facts.usage"), key=lambda row: (row["meter"], row["charge_period_start"]))
    assert [(row["meter"], row["consumed_quantity"]) for row in facts] == [
        ("memory_gib_hours", Decimal("1.5")),
        ("memory_gib_hours", Decimal("0.0009765625")),
        ("storage_gib_hours", 20),
    ]  # percent of cpu is no quantity
    assert {row["basis"] for row in facts} == {"averaged"}
    assert {(row["sub_account_id"], row["sub_account_name"]) for row in facts} == {(WAREHOUSE, "Acme / Warehouse")}
    assert facts[1]["charge_period_start"] == datetime(2026, 10, 1, 1)  # noqa: DTZ001 - naive UTC
    assert facts[1]["charge_period_end"] == datetime(2026, 10, 1, 2)  # noqa: DTZ001 - naive UTC


@pytest.mark.parametrize(
    ("mebibytes", "gibibytes"),
    [
        ("0.01", "0.000009765625"),
        ("0.001", "0.000000976563"),  # 0.0000009765625: a half goes away from zero
        ("0.000000000511", "0"),
        ("0.000000000512", "0.000000000001"),
        ("999999.99", "976.562490234375"),
        ("1000000.01", "976.562509765625"),  # more digits than 64 bits hold
        ("123456.789", "120.563270507813"),  # ...8125
        ("99999999999.999999999999", "97656250"),
    ],
)
def test_an_hour_is_divided_by_1024_and_rounded_at_the_12th_decimal(
    bench: Bench, mebibytes: str, gibibytes: str
) -> None:
    bench.land("usage", [usage("memory", hours_of([mebibytes]))])
    bench.stage()

    (fact,) = bench.rows("facts.usage")
    assert fact["consumed_quantity"] == Decimal(gibibytes)


def test_customers_and_groups_overlap_with_projects_and_are_not_counted(bench: Bench) -> None:
    bench.land(
        "usage",
        [
            usage("memory", hours_of([1024]), aggregate="customer", uuid=CUSTOMER),
            usage("memory", hours_of([1024]), aggregate="project_group", uuid="9" * 32),
            usage("memory", hours_of([512])),
        ],
    )
    bench.stage()

    assert [row["consumed_quantity"] for row in bench.rows("facts.usage")] == [Decimal("0.5")]


def test_integers_floats_and_numeric_text_stand_in_one_list(bench: Bench) -> None:
    bench.land("usage", [usage("storage", hours_of(["0.0000", 1024, 2048.0, "512.5"]))])
    bench.stage()

    facts = sorted(bench.rows("facts.usage"), key=lambda row: row["charge_period_start"])
    assert [row["consumed_quantity"] for row in facts] == [0, 1, 2, Decimal("0.50048828125")]


def test_descending_datapoints_are_the_same_usage(bench: Bench) -> None:
    bench.land("usage", [usage("memory", hours_of([1024, 2048])[::-1])])
    bench.stage()

    facts = sorted(bench.rows("facts.usage"), key=lambda row: row["charge_period_start"])
    assert [row["consumed_quantity"] for row in facts] == [1, 2]


@pytest.mark.parametrize("missing", [{}, {"value": None}])
def test_a_missing_value_is_not_zero(bench: Bench, missing: dict[str, None]) -> None:
    points = hours_of([1024, 1024])
    points[1] = {"from": points[1]["from"], "to": points[1]["to"]} | missing
    bench.land("usage", [listed("project", sample("projects_page_1")), usage("memory", points)])
    bench.stage()

    first = min(bench.rows("facts.coverage", dataset="usage"), key=lambda row: row["date"])
    assert len(bench.rows("facts.usage")) == 1
    assert (first["expected"], first["received"]) == (48, 1)


def test_a_segment_that_is_no_whole_hour_is_rounded_once(bench: Bench) -> None:
    point = {"from": START, "to": START + 1000, "value": 1}
    bench.land("usage", [usage("memory", [point])])
    bench.stage()

    (fact,) = bench.rows("facts.usage")
    # 1 MiB x 1000 s / (1024 x 3600) = 0.000271267361111...
    assert fact["consumed_quantity"] == Decimal("0.000271267361")


def test_segments_that_run_backwards_or_outside_the_month_are_not_counted(bench: Bench) -> None:
    points = [
        {"from": START + 3600, "to": START, "value": 1},
        {"from": START, "to": START, "value": 1},
        {"from": START - 3600, "to": START, "value": 1},
        {"from": 10**17, "to": 10**17 + 3600, "value": 1},
    ]
    bench.land("usage", [usage("memory", points)])
    (staged,) = bench.stage()

    assert staged.outcome == "staged"
    assert bench.rows("facts.usage") == []


def test_an_hour_answered_twice_counts_once(bench: Bench) -> None:
    bench.land("usage", [usage("memory", hours_of([1024]) * 2)])
    bench.stage()

    assert [row["consumed_quantity"] for row in bench.rows("facts.usage")] == [1]


def test_an_hour_answered_with_two_values_is_told(bench: Bench) -> None:
    bench.land("usage", [usage("memory", [*hours_of([1024, 2048]), *hours_of([512, 2048])])])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert sorted(row["consumed_quantity"] for row in bench.rows("facts.usage")) == [1, 2]
    assert receipt["notes"] == ["1 segment answered with two values: of each the first counts"]


def test_segments_of_another_length_than_asked_are_told(bench: Bench) -> None:
    day = {"from": START, "to": START + 86400, "value": 1024}
    bench.land("usage", [usage("storage", [day])])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert [row["consumed_quantity"] for row in bench.rows("facts.usage")] == [24]
    assert receipt["notes"] == ["1 segment of another length than the 3600 seconds asked for: counted with its seconds"]


def test_two_series_for_one_uuid_count_only_by_the_asked_name(bench: Bench) -> None:
    body = series(("Warehouse", hours_of([1024])), ("Other", hours_of([9999])))
    bench.land("usage", [(usage_request(), body)])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert [row["consumed_quantity"] for row in bench.rows("facts.usage")] == [1]
    assert receipt["notes"] == [f"2 series answered for project {WAREHOUSE} alone: 1 counted"]


def test_namesakes_cannot_be_told_apart_and_are_not_counted(bench: Bench) -> None:
    body = series(("Warehouse", hours_of([1024])), ("Warehouse", hours_of([2048])))
    bench.land("usage", [(usage_request(), body)])
    bench.stage()

    assert bench.rows("facts.usage") == []
    assert len(bench.rows("staging.nodeconductor_usage_series")) == 2


def test_a_project_renamed_while_it_was_asked_still_counts(bench: Bench) -> None:
    bench.land("usage", [(usage_request(), series(("New name", hours_of([1024]))))])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert len(bench.rows("facts.usage")) == 1
    assert receipt["notes"] == ["asked for 'Warehouse' and answered for 'New name': counted, as if renamed meanwhile"]


def test_projects_of_one_name_stay_apart_by_uuid(bench: Bench) -> None:
    bench.land("usage", [usage("memory", hours_of([1024])), usage("memory", hours_of([2048]), uuid=ARCHIVE)])
    bench.stage()

    assert {row["sub_account_id"]: row["consumed_quantity"] for row in bench.rows("facts.usage")} == {
        WAREHOUSE: 1,
        ARCHIVE: 2,
    }


@pytest.mark.parametrize("uuid", ["", " "])
def test_an_object_without_a_uuid_is_refused_since_nothing_else_tells_it_apart(uuid: str) -> None:
    request, body = listed("project", json.dumps([{"uuid": uuid, "name": "Warehouse"}]).encode())

    with pytest.raises(SchemaError, match="uuid"):
        parse.parse_usage(body, request)


def test_a_listed_object_is_kept_whole_with_its_numbers_untouched(bench: Bench) -> None:
    bench.land("usage", [listed("project", sample("projects_page_1"))])
    bench.stage()

    (row,) = bench.rows("staging.nodeconductor_aggregates")
    assert json.loads(row["document"]) == json.loads(sample("projects_page_1"))[0]
    assert '"usage":0.10' in row["document"]
    assert row["created_at"] == datetime(2026, 9, 1, 9)  # noqa: DTZ001 - naive UTC
    assert row["customer_uuid"] == CUSTOMER


def test_the_customer_of_a_project_is_read_from_its_url_where_no_uuid_is_given(bench: Bench) -> None:
    bench.land("usage", [listed("project", sample("projects_page_2"))])
    bench.stage()

    (row,) = bench.rows("staging.nodeconductor_aggregates", name="Archive")
    assert (row["customer_uuid"], row["customer_name"]) == (CUSTOMER, "Acme")


def test_a_project_on_two_pages_is_one_project(bench: Bench) -> None:
    pages = [listed("project", sample("projects_page_1")), listed("project", sample("projects_page_2"), page=2)]
    bench.land("usage", [*pages, usage("memory", hours_of([1024]))])
    bench.stage()

    assert len(bench.rows("facts.usage")) == 1


def test_hostile_names_stay_text(bench: Bench) -> None:
    page = json.dumps([{"uuid": WAREHOUSE, "name": HOSTILE, "customer_uuid": CUSTOMER, "customer_name": HOSTILE}])
    bench.land("usage", [listed("project", page.encode()), usage("memory", hours_of([1024]), name=HOSTILE)])
    bench.stage()

    (fact,) = bench.rows("facts.usage")
    assert fact["sub_account_name"] == f"{HOSTILE} / {HOSTILE}"


@pytest.mark.parametrize(
    ("call", "request_", "name", "field"),
    [
        (parse.parse_customer, CUSTOMERS, "customer", "instances"),
        (parse.parse_customer, CUSTOMERS, "customer", "name"),
        (parse.parse_resource, RESOURCE, "resource", "free_disk_gb"),
        (parse.parse_resource, RESOURCE, "resource", "vcpus_used"),
        (parse.parse_creation_time, CREATION, "creation_time", "value"),
        (parse.parse_creation_time, CREATION, "creation_time", "from"),
        (parse.parse_usage, usage_request(), "usage", "datapoints"),
        (parse.parse_usage, usage_request(), "usage", "name"),
    ],
)
def test_a_missing_field_is_an_error_that_names_it(call: Any, request_: Request, name: str, field: str) -> None:
    document = json.loads(sample(name))
    del (document[0] if isinstance(document, list) else document)[field]

    with pytest.raises(SchemaError, match=field):
        call(json.dumps(document).encode(), request_)


@pytest.mark.parametrize(
    ("call", "request_", "body", "field"),
    [
        (parse.parse_usage, usage_request(), series(("x", [{"from": "a", "to": 2}])), r"datapoints\[0\]\.from"),
        (parse.parse_usage, usage_request(), series(("x", hours_of(["many"]))), r"datapoints\[0\]\.value"),
        (parse.parse_usage, usage_request(), series(("x", hours_of([True]))), r"datapoints\[0\]\.value"),
        (parse.parse_usage, usage_request(), series(("x", hours_of(["NaN"]))), "datapoints.value"),
        (parse.parse_usage, usage_request(), series(("x", hours_of(["Infinity"]))), "datapoints.value"),
        (parse.parse_usage, usage_request(), series(("x", hours_of([2**41]))), "datapoints.value"),
        (parse.parse_quota, QUOTA, b'{"ram": []}', "ram"),
        (parse.parse_quota, QUOTA, b"[]", "array"),
        (parse.parse_alert, ALERT, b'{"Error": "many"}', r"\[\.\.\.\]"),
        (parse.parse_usage, usage_request(), sample("error"), "array"),
        (parse.parse_usage, usage_request(), b"<html>Server Error (500)</html>", "is not JSON"),
    ],
)
def test_a_changed_type_is_an_error_that_names_the_field(call: Any, request_: Request, body: bytes, field: str) -> None:
    with pytest.raises(SchemaError, match=field):
        call(body, request_)


def test_capacity_may_arrive_as_text(bench: Bench) -> None:
    body = json.dumps({**json.loads(sample("resource")), "memory_mb": "7660"}).encode()
    bench.land("resource", [(RESOURCE, body)])
    bench.stage()

    (row,) = bench.rows("staging.nodeconductor_resources")
    assert row["memory_mb"] == 7660


def test_unknown_fields_are_kept_and_noted(bench: Bench) -> None:
    body = json.dumps({**json.loads(sample("resource")), "running_vms": 3, "count": 1}).encode()
    point = {**hours_of([1])[0], "peak": 2}
    page = json.dumps([{"uuid": WAREHOUSE, "name": "x", "colour": "red"}]).encode()
    bench.land("resource", [(RESOURCE, body)])
    bench.land("usage", [listed("project", page), usage("memory", [point])], fetched_at=START_FETCH)
    bench.stage()

    (row,) = bench.rows("staging.nodeconductor_resources")
    (datapoint,) = bench.rows("staging.nodeconductor_usage_points")
    notes = {note for receipt in bench.rows("landing.receipts") for note in receipt["notes"]}
    assert json.loads(row["unknown_fields"]) == {"count": 1, "running_vms": 3}
    assert json.loads(datapoint["unknown_fields"]) == {"peak": 2}
    assert notes == {f"unknown field {name}: kept" for name in ("count", "running_vms", "peak", "colour")}
