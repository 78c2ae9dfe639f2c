"""OpenScaler: the documented example, the traps of its API, and the shape of its answers."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from tallybook.contract import Cadence, Request
from tallybook.credentials import SecretRef
from tallybook.errors import ConfigurationError, SchemaError
from tallybook.periods import BillingPeriod
from tallybook.providers.openscaler import PROVIDER, api, checks
from tallybook.providers.openscaler.shapes import ACCOUNT, VM, VPC
from tests.providers.support import Bench, settings

SAMPLES = Path(api.__file__).parent / "samples"
EXAMPLE = (SAMPLES / "live.json").read_bytes()
LIVE = Request("live", "/v1/stats/live")
HOSTILE = "<script>{{ 7*7 }}</script> =1+1 ../../etc \u202e'; drop table x; --"
WORDS = ("vm_id", "name", "state", "region", "created_at", "os")
METRICS = sorted({*ACCOUNT.values()})


def example() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE, parse_float=Decimal)
    return document


def encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, default=float).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("openscaler"))


def staged(bench: Bench, body: bytes) -> None:
    soon_after = datetime.fromtimestamp(json.loads(body)["timestamp"] + 7, UTC)
    bench.land("live", [(LIVE, body, soon_after)])
    (result,) = bench.stage()
    assert result.error == ""


def test_the_documented_example_reaches_staging_field_by_field(bench: Bench) -> None:
    staged(bench, EXAMPLE)

    (live,) = bench.rows("staging.openscaler_live")
    vms = sorted(bench.rows("staging.openscaler_live_vms"), key=lambda row: row["position"])
    vpcs = sorted(bench.rows("staging.openscaler_live_vpcs"), key=lambda row: row["position"])
    rebuilt = {
        "timestamp": live["timestamp"],
        "step": live["step"],
        "data": {
            **{key: live[column] for column, key in ACCOUNT.items()},
            "vms": [{word: vm[word] for word in WORDS} | {key: vm[column] for column, key in VM.items()} for vm in vms],
            "vpcs": [{"vpc_id": vpc["vpc_id"]} | {key: vpc[column] for column, key in VPC.items()} for vpc in vpcs],
        },
    }
    assert rebuilt == example()


def test_a_snapshot_is_captured_at_its_own_timestamp(bench: Bench) -> None:
    staged(bench, EXAMPLE)

    instant = datetime(2024, 4, 19, 11, 14, 45)  # noqa: DTZ001 - the warehouse's form of UTC
    for table in ("live", "live_vms", "live_vpcs"):
        assert {row["x_captured_at"] for row in bench.rows(f"staging.openscaler_{table}")} == {instant}


def test_created_at_is_kept_as_text_and_read_as_utc(bench: Bench) -> None:
    staged(bench, EXAMPLE)

    row = min(bench.rows("staging.openscaler_live_vms"), key=lambda vm: vm["vm_id"])
    assert row["created_at"] == "2024-04-19T11:13:49"
    assert row["created_at_utc"] == datetime(2024, 4, 19, 11, 13, 49)  # noqa: DTZ001


def test_a_created_at_that_is_no_time_is_kept_and_noted() -> None:
    document = example()
    document["data"]["vms"][0]["created_at"] = "yesterday"

    parsed = api.parse_live(encoded(document), LIVE)

    assert parsed.tables["live_vms"]["created_at"][0].as_py() == "yesterday"
    assert parsed.tables["live_vms"]["created_at_utc"][0].as_py() is None
    assert "a created_at of vms is no time: kept as text" in parsed.notes


def test_two_machines_of_one_name_stay_two(bench: Bench) -> None:
    staged(bench, EXAMPLE)

    rows = bench.rows("staging.openscaler_live_vms")
    assert {row["name"] for row in rows} == {"my-example-computer"}
    assert sorted(row["vm_id"] for row in rows) == [4, 5]


def test_block_storage_usage_is_noted_and_kept_as_answered(bench: Bench) -> None:
    staged(bench, EXAMPLE)

    (receipt,) = bench.rows("landing.receipts")
    (live,) = bench.rows("staging.openscaler_live")
    assert receipt["notes"] == ["block_storage.usage is not allocation / capacity: kept as answered, not used"]
    assert live["block_storage_usage"] == Decimal("58.636364195495844")


def test_the_example_shows_a_mean_of_cpu_and_sums_over_vpcs() -> None:
    document = example()
    document["data"]["cpu"] = 117.0
    document["data"]["network.rx"] = 2841.24  # the sum over machines
    document["data"]["network.tx"] = 1

    notes = api.parse_live(encoded(document), LIVE).notes

    assert "cpu is not the mean of the machines' cpu: kept as answered" in notes
    assert "network.rx is not the sum over VPCs: kept as answered" in notes
    assert "network.tx is not the sum over VPCs: kept as answered" in notes


def test_percent_of_block_storage_is_recomputed_from_its_bytes() -> None:
    pct = checks.block_storage_usage_pct(Decimal("3148015832.2"), Decimal(10737418240))

    assert pct is not None
    assert round(pct, 3) == Decimal("29.318")


def test_an_account_without_anything_is_rows_of_nothing(bench: Bench) -> None:
    staged(bench, (SAMPLES / "live_empty.json").read_bytes())

    (live,) = bench.rows("staging.openscaler_live")
    assert live["cpu"] is None
    assert bench.rows("staging.openscaler_live_vms") == []
    assert bench.rows("staging.openscaler_live_vpcs") == []


def test_a_machine_that_does_not_run_may_lack_figures_and_they_stay_unknown(bench: Bench) -> None:
    staged(bench, (SAMPLES / "live_stopped.json").read_bytes())

    rows = {row["vm_id"]: row for row in bench.rows("staging.openscaler_live_vms")}
    assert rows[4]["disk_capacity"] == 53687091200
    assert rows[4]["memory_total"] is None
    assert rows[5]["disk_capacity"] is None


@pytest.mark.parametrize("key", METRICS)
def test_a_missing_aggregate_is_an_error_that_names_it(key: str) -> None:
    document = example()
    del document["data"][key]

    with pytest.raises(SchemaError, match=rf"`{key}`.*data"):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("key", sorted({*WORDS, *VM.values()}))
def test_a_missing_field_of_a_running_machine_is_an_error_that_names_it(key: str) -> None:
    document = example()
    del document["data"]["vms"][1][key]

    with pytest.raises(SchemaError, match=key):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("state", ["running", "Running", "RUNNING"])
def test_figures_of_a_running_machine_are_needed_in_whatever_case_it_runs(state: str) -> None:
    document = example()
    document["data"]["vms"][1]["state"] = state
    del document["data"]["vms"][1]["memory.total"]

    with pytest.raises(SchemaError, match=r"memory\.total.*running machine"):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("key", ["timestamp", "step", "data"])
def test_a_missing_top_field_is_an_error_that_names_it(key: str) -> None:
    document = example()
    del document[key]

    with pytest.raises(SchemaError, match=key):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("key", ["vpc_id", *VPC.values()])
def test_a_missing_field_of_a_network_is_an_error_that_names_it(key: str) -> None:
    document = example()
    del document["data"]["vpcs"][0][key]

    with pytest.raises(SchemaError, match=key):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("value", ["100", True, [1], {"a": 1}])
@pytest.mark.parametrize("key", ["cpu", "memory.total", "disk.capacity"])
def test_a_figure_of_another_type_is_an_error_that_names_it(key: str, value: object) -> None:
    document = example()
    document["data"]["vms"][0][key] = value

    with pytest.raises(SchemaError, match=r"vms") as error:
        api.parse_live(encoded(document), LIVE)

    # the decoder leaves the name out, and gives the place: data.vms[...]
    assert key in str(error.value) or "$.data.vms" in str(error.value)


@pytest.mark.parametrize("value", [-1, 10**18, 1e30])
def test_a_figure_out_of_range_is_an_error_that_names_it(value: float) -> None:
    document = example()
    document["data"]["vpcs"][1]["network.tx"] = value

    with pytest.raises(SchemaError, match=r"data.vpcs\[1\]\['network.tx'\]"):
        api.parse_live(encoded(document), LIVE)


@pytest.mark.parametrize("timestamp", [1713525285000, 5, -1])
def test_a_timestamp_that_is_not_in_unix_seconds_is_an_error(timestamp: int) -> None:
    with pytest.raises(SchemaError, match=r"timestamp .* unix seconds"):
        api.parse_live(encoded(example() | {"timestamp": timestamp}), LIVE)


def test_a_machine_listed_twice_would_count_twice_and_is_an_error() -> None:
    document = example()
    document["data"]["vms"][1]["vm_id"] = 4

    with pytest.raises(SchemaError, match="vm_id 4 twice"):
        api.parse_live(encoded(document), LIVE)


def test_an_error_body_is_no_snapshot() -> None:
    with pytest.raises(SchemaError, match="timestamp"):
        api.parse_live((SAMPLES / "error.json").read_bytes(), LIVE)


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", EXAMPLE[:500]])
def test_a_body_that_is_no_json_is_an_error_that_shows_its_start(body: bytes) -> None:
    with pytest.raises(SchemaError, match="not JSON"):
        api.parse_live(body, LIVE)


def test_whole_numbers_and_fractions_are_the_same_kind() -> None:
    document = example()
    document["data"]["vms"][0]["cpu"] = 99.5
    document["data"]["vms"][0]["network.rx"] = 0

    vms = api.parse_live(encoded(document), LIVE).tables["live_vms"]

    assert vms["cpu"][0].as_py() == Decimal("99.5")
    assert vms["network_rx"][0].as_py() == 0


def test_unknown_fields_are_kept_exactly_and_noted(bench: Bench) -> None:
    body = EXAMPLE.replace(b'"step": 5,', b'"step": 5, "zone": "x",')
    body = body.replace(b'"vms": [', b'"gpu.used": 0.12345678901234567890123, "vms": [')
    body = body.replace(b'"vm_id": 4,', b'"vm_id": 4, "tags": ["a"],').replace(
        b'"vpc_id": 2,', b'"vpc_id": 2, "mtu": 1500,'
    )
    staged(bench, body)

    (live,) = bench.rows("staging.openscaler_live")
    vms = {row["vm_id"]: row["unknown_fields"] for row in bench.rows("staging.openscaler_live_vms")}
    vpcs = {row["vpc_id"]: row["unknown_fields"] for row in bench.rows("staging.openscaler_live_vpcs")}
    (receipt,) = bench.rows("landing.receipts")
    assert live["unknown_fields"] == '{"data":{"gpu.used":0.12345678901234567890123},"zone":"x"}'
    assert vms == {4: '{"tags":["a"]}', 5: ""}
    assert vpcs == {1: "", 2: '{"mtu":1500}'}
    assert receipt["notes"][:4] == [
        "unknown field zone: kept",
        "unknown field data.gpu.used: kept",
        "unknown field data.vms.tags: kept",
        "unknown field data.vpcs.mtu: kept",
    ]


def test_hostile_names_stay_text(bench: Bench) -> None:
    document = example()
    document["data"]["vms"][0]["name"] = HOSTILE
    document["data"]["vms"][0]["region"] = HOSTILE
    document["timestamp"] = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp())
    staged(bench, encoded(document))

    row = next(row for row in bench.rows("staging.openscaler_live_vms") if row["vm_id"] == 4)
    fact = next(row for row in bench.rows("facts.usage", meter="instance_hours") if row["resource_id"] == "4")
    assert (row["name"], row["region"]) == (HOSTILE, HOSTILE)
    assert (fact["resource_name"], fact["region"]) == (HOSTILE, HOSTILE)


def test_one_question_without_parameters_is_asked() -> None:
    session: Any = SimpleNamespace(settings=settings("openscaler"), now=datetime(2026, 10, 5, tzinfo=UTC))

    assert list(api.plan_live(session, BillingPeriod(2026, 10))) == [LIVE]
    assert PROVIDER.dataset("live").cadence is Cadence.SAMPLED


def test_the_token_is_sent_as_a_bearer() -> None:
    def read(ref: SecretRef) -> str:
        return f"secret of {ref.env}"

    auth = api.authenticate(settings("openscaler"), read)  # type: ignore[arg-type]

    assert auth.headers("") == {"Authorization": "Bearer secret of TOKEN"}
    assert auth.renew("") is False


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600)])
def test_max_gap_is_given_in_seconds_minutes_or_hours(text: str, seconds: int) -> None:
    assert api.parameters(settings("openscaler", max_gap=text)) == {"max_gap_seconds": seconds}  # type: ignore[arg-type]


def test_max_gap_is_a_quarter_of_an_hour_without_a_setting() -> None:
    assert api.parameters(settings("openscaler")) == {"max_gap_seconds": 900}  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "0m", "15", "1.5h", "-5m", "15 m", "1d"])
def test_another_max_gap_is_refused_with_the_form_it_must_have(text: str) -> None:
    with pytest.raises((ValidationError, ConfigurationError), match="90s, 15m or 1h"):
        settings("openscaler", max_gap=text)


def test_a_sample_that_would_hold_more_than_three_days_is_refused() -> None:
    assert settings("openscaler", max_gap="72h")
    with pytest.raises((ValidationError, ConfigurationError), match="a sample holds 72h at most"):
        settings("openscaler", max_gap="73h")


def test_the_example_is_what_the_document_prints() -> None:
    document = example()
    assert document["timestamp"] == 1713525285
    assert timedelta(seconds=document["step"]) == timedelta(seconds=5)
    assert [vm["vm_id"] for vm in document["data"]["vms"]] == [4, 5]
