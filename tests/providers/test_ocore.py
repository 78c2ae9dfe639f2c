"""oCore: the documented examples, the traps of its API, and facts worked by hand."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.decode import decode
from tallybook.errors import SchemaError
from tallybook.periods import BillingPeriod
from tallybook.providers.ocore import api, parse
from tests.providers.support import Bench, settings

HOURLY = {"period": "hourly", "start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}
USAGE = Request("usage", "/usage", asked=HOURLY)
EXAMPLE = {
    "bandwidthInBytes": 0,
    "bandwidthOutBytes": 0,
    "cpuCoreHours": 0,
    "diskGbHours": 0,
    "instanceCount": 0,
    "instanceHours": 0,
    "periodStart": "string",
    "periodType": "string",
    "projectId": "string",
    "projectName": "string",
    "ramGbHours": 0,
}


def item(**changes: object) -> dict[str, object]:
    return {**EXAMPLE, "periodStart": "2026-10-01T05:00:00Z", "periodType": "hourly", "projectId": "p-1"} | changes


def usage(*items: dict[str, object], totals: object = None) -> bytes:
    return json.dumps({"items": list(items), "period": "hourly", "totals": totals}).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("ocore"))


def test_the_documented_example_reaches_staging_field_by_field(bench: Bench) -> None:
    body = json.dumps({"items": [EXAMPLE], "period": "string", "totals": EXAMPLE}).encode()

    bench.land("usage", [(USAGE, body)])
    (staged,) = bench.stage()

    names = {
        "bandwidthInBytes": "bandwidth_in_bytes",
        "bandwidthOutBytes": "bandwidth_out_bytes",
        "cpuCoreHours": "cpu_core_hours",
        "diskGbHours": "disk_gb_hours",
        "instanceCount": "instance_count",
        "instanceHours": "instance_hours",
        "periodStart": "period_start",
        "periodType": "period_type",
        "projectId": "project_id",
        "projectName": "project_name",
        "ramGbHours": "ram_gb_hours",
    }
    assert staged.outcome == "staged"
    for table in ("staging.ocore_usage_items", "staging.ocore_usage_totals"):
        (row,) = bench.rows(table)
        assert {documented: row[name] for documented, name in names.items()} == EXAMPLE
    assert bench.rows("facts.usage") == []  # "string" is no hour of the month


def test_the_documented_totals_example_is_a_row_that_says_nothing(bench: Bench) -> None:
    bench.land("totals", [(Request("totals", "/usage/totals", asked=HOURLY), b'{"totals": [{}]}')])
    bench.stage()

    (row,) = bench.rows("staging.ocore_project_totals")
    assert row["project_id"] is None
    assert row["cpu_core_hours"] is None


@pytest.mark.parametrize("body", [b'{"totals": null}', b'{"totals": []}'])
def test_totals_may_be_null_or_empty(body: bytes) -> None:
    assert len(parse.parse_totals(body, USAGE).tables["project_totals"]["project_id"]) == 0


def test_null_items_are_an_empty_month(bench: Bench) -> None:
    bench.land("usage", [(USAGE, b'{"items": null, "period": "hourly", "totals": null}')])
    (staged,) = bench.stage()

    assert (staged.outcome, staged.row_count) == ("staged", 0)


def test_every_digit_of_a_quantity_is_kept(bench: Bench) -> None:
    body = usage(item(cpuCoreHours=1)).replace(b'"cpuCoreHours": 1', b'"cpuCoreHours": 1234567890123.123456789')
    bench.land("usage", [(USAGE, body)])
    bench.stage()

    (fact,) = bench.rows("facts.usage", meter="core_hours")
    assert fact["consumed_quantity"] == Decimal("1234567890123.123456789")


def test_the_largest_figure_of_memory_is_no_overflow(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("ocore", gb="GB"))
    bench.land("usage", [(USAGE, usage(item(ramGbHours=9 * 10**17)))])
    bench.stage()

    # 9 x 10^17 x 5^9 / 2^21, rounded at the 12th decimal
    (fact,) = bench.rows("facts.usage", meter="memory_gib_hours")
    assert fact["consumed_quantity"] == Decimal("838190317153930664.0625")


def test_an_answer_for_another_time_is_no_answer() -> None:
    with pytest.raises(SchemaError, match="every periodStart lies outside of it"):
        parse.parse_usage(usage(item(periodStart="2026-09-30T23:00:00Z")), USAGE)


def test_items_of_another_time_are_told() -> None:
    parsed = parse.parse_usage(usage(item(), item(periodStart="2026-11-01T00:00:00Z")), USAGE)

    assert parsed.notes == ("1 periods lie outside of the asked time: kept, not counted",)


def test_each_field_becomes_its_meter_for_its_hour(bench: Bench) -> None:
    body = usage(
        item(
            cpuCoreHours=2.5,
            ramGbHours=8,
            diskGbHours=40,
            bandwidthInBytes=1024,
            bandwidthOutBytes=2048,
            instanceHours=2,
            instanceCount=7,
        )
    )
    bench.land("usage", [(USAGE, body)])
    bench.stage()

    facts = {row["meter"]: row for row in bench.rows("facts.usage")}
    assert {meter: row["consumed_quantity"] for meter, row in facts.items()} == {
        "core_hours": Decimal("2.5"),
        "memory_gib_hours": 8,
        "storage_gib_hours": 40,
        "network_in_bytes": 1024,
        "network_out_bytes": 2048,
        "instance_hours": 2,
    }  # instanceCount is a level: no meter
    assert facts["core_hours"]["charge_period_start"] == datetime(2026, 10, 1, 5)  # noqa: DTZ001 - naive UTC
    assert facts["core_hours"]["charge_period_end"] == datetime(2026, 10, 1, 6)  # noqa: DTZ001 - naive UTC


def test_decimal_gigabytes_are_converted_when_configured(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("ocore", gb="GB"))
    bench.land("usage", [(USAGE, usage(item(ramGbHours=1000)))])
    bench.stage()

    (fact,) = bench.rows("facts.usage", meter="memory_gib_hours")
    # 1000 x 10^9 / 2^30 = 931.322574615478515625, rounded at the 12th decimal
    assert fact["consumed_quantity"] == Decimal("931.322574615479")


def test_an_offset_in_period_start_is_converted_to_utc(bench: Bench) -> None:
    bench.land("usage", [(USAGE, usage(item(periodStart="2026-10-01T01:00:00+02:00")))])
    bench.stage()

    assert bench.rows("facts.usage") == []  # 23:00 UTC on 30 September is not October


def test_a_replaced_unit_keeps_nothing_of_the_old_one(bench: Bench) -> None:
    bench.land("usage", [(USAGE, usage(item(), item(projectId="p-2")))])
    bench.stage()
    bench.land("usage", [(USAGE, usage())], fetched_at=datetime(2026, 11, 3, tzinfo=UTC))
    bench.stage()

    assert bench.rows("staging.ocore_usage_items") == []
    assert bench.rows("facts.usage") == []


def test_a_missing_field_is_an_error_that_names_it() -> None:
    broken = item()
    del broken["cpuCoreHours"]

    with pytest.raises(SchemaError, match=r"cpuCoreHours"):
        parse.parse_usage(usage(broken), USAGE)


def test_a_changed_type_is_an_error_that_names_the_field() -> None:
    with pytest.raises(SchemaError, match=r"items\[0\].projectId"):
        parse.parse_usage(usage(item(projectId=7)), USAGE)


def test_unknown_fields_are_kept_and_noted(bench: Bench) -> None:
    bench.land("usage", [(USAGE, usage(item(gpuHours=3)))])
    bench.stage()

    (row,) = bench.rows("staging.ocore_usage_items")
    (receipt,) = bench.rows("landing.receipts")
    assert decode(row["unknown_fields"].encode(), dict) == {"gpuHours": 3}
    assert receipt["notes"] == ["unknown field gpuHours: kept"]


def test_pages_that_the_document_does_not_know_are_refused() -> None:
    body = b'{"items": [], "period": "hourly", "totals": null, "next_cursor": "abc", "has_more": true}'

    with pytest.raises(SchemaError, match="next_cursor is set"):
        parse.parse_usage(body, USAGE)


@pytest.mark.parametrize(
    "paging",
    [
        {"page": 1, "perPage": 1, "total": 2},
        {"page": 1, "per_page": 1, "total": 2},
        {"total": 2},
        {"totalCount": 2},
        {"page": 1, "perPage": 1},  # a full page, and no word of how many there are
        {"page": 1, "totalPages": 2},
        {"nextCursor": "abc"},
        {"hasMore": True},
    ],
)
def test_an_answer_that_says_there_is_more_is_refused(paging: dict[str, object]) -> None:
    body = json.loads(usage(item())) | paging

    with pytest.raises(SchemaError, match="further pages"):
        parse.parse_usage(json.dumps(body).encode(), USAGE)


def test_totals_that_say_there_is_more_are_refused() -> None:
    with pytest.raises(SchemaError, match="further pages"):
        parse.parse_totals(b'{"totals": [{}], "page": 1, "perPage": 1, "total": 3}', Request("totals", "/usage/totals"))


@pytest.mark.parametrize(
    "paging",
    [
        {"page": 1, "perPage": 50, "total": 1},
        {"page": 1, "perPage": 50},
        {"has_more": False, "next_cursor": None},
        {"page": 1, "totalPages": 1, "total": "many"},
    ],
)
def test_an_answer_that_says_it_is_all_there_is_counts(paging: dict[str, object]) -> None:
    body = json.loads(usage(item())) | paging

    assert parse.parse_usage(json.dumps(body).encode(), USAGE).tables["usage_items"]["project_id"].to_pylist() == [
        "p-1"
    ]


def test_items_of_another_project_than_the_asked_one_are_refused() -> None:
    """A server that leaves the project out of account would be counted once for each project that is asked for."""
    of_one = Request("usage", "/projects/p-1/usage", asked=HOURLY)

    assert parse.parse_usage(usage(item(), item()), of_one).notes == ()
    with pytest.raises(SchemaError, match="asked for project 'p-1' and answered for 'p-2'"):
        parse.parse_usage(usage(item(), item(projectId="p-2")), of_one)


@pytest.mark.parametrize("uncounted", [{"periodType": "daily"}, {"periodStart": "1 October"}])
def test_a_month_with_items_that_cannot_be_counted_was_not_seen(bench: Bench, uncounted: dict[str, object]) -> None:
    bench.land("usage", [(USAGE, usage(item(), item(**uncounted)))])
    bench.stage()

    rows = bench.rows("facts.coverage", dataset="usage")
    assert {row["received"] for row in rows} == {0}
    assert {row["note"] for row in rows} == {"1 items are of no hour that could be counted"}


@pytest.mark.parametrize("lost", [{"periodType": "HOURLY"}, {"periodStart": "2026-10-01T00:00:00+99:00"}])
def test_a_row_that_is_not_counted_shows_against_the_providers_own_totals(
    bench: Bench, lost: dict[str, object]
) -> None:
    totals = EXAMPLE | {"cpuCoreHours": 3}
    bench.land("usage", [(USAGE, usage(item(cpuCoreHours=1), item(cpuCoreHours=2, **lost), totals=totals))])
    bench.stage()

    controls = bench.warehouse.frame(
        "checks/ocore/control_totals",
        connection=bench.connection.name,
        billing_period="2026-10",
        period_start=datetime(2026, 10, 1, tzinfo=UTC),
        period_end=datetime(2026, 11, 1, tzinfo=UTC),
    ).to_dicts()
    differences = {row["control"]: row["difference"] for row in controls}
    (receipt,) = bench.rows("landing.receipts")
    assert differences.pop("core hours") == 2
    assert set(differences.values()) == {0}
    assert any("not counted" in note for note in receipt["notes"])


def notices(bench: Bench) -> list[str]:
    rows = bench.warehouse.frame(
        "checks/ocore/notices",
        connection=bench.connection.name,
        billing_period="2026-10",
        period_start=datetime(2026, 10, 1, tzinfo=UTC),
        period_end=datetime(2026, 11, 1, tzinfo=UTC),
    )
    return [str(row["notice"]) for row in rows.to_dicts()]


def test_an_unreadable_answer_leaves_the_old_unit_in_place(bench: Bench) -> None:
    bench.land("usage", [(USAGE, usage(item(cpuCoreHours=4)))])
    bench.stage()
    bench.land("usage", [(USAGE, b'{"items": [')], fetched_at=datetime(2026, 11, 3, tzinfo=UTC))
    (staged,) = bench.stage()

    (unit,) = bench.rows("landing.units")
    assert staged.outcome == "unreadable"
    assert "is not JSON" in unit["error"]
    assert [row["consumed_quantity"] for row in bench.rows("facts.usage", meter="core_hours")] == [4]


def test_coverage_counts_the_hours_that_were_asked_and_answered(bench: Bench) -> None:
    asked = {**HOURLY, "end_date": "2026-10-02T06:00:00Z"}
    bench.land("usage", [(Request("usage", "/usage", asked=asked), usage())])
    bench.stage()

    rows = {row["date"].day: row for row in bench.rows("facts.coverage", dataset="usage")}
    assert len(rows) == 31
    assert [int(rows[day]["received"]) for day in (1, 2, 3, 31)] == [24, 6, 0, 0]
    assert {int(row["expected"]) for row in rows.values()} == {24}


def test_a_project_that_was_configured_after_the_fetch_was_not_seen(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("ocore", projects=["p-1", "p-2"]))
    of_one = Request("usage", "/projects/p-1/usage", asked={"project_id": "p-1", **HOURLY})
    bench.land("usage", [(of_one, usage(item()))])
    bench.stage()

    rows = bench.rows("facts.coverage", dataset="usage")
    assert {(row["expected"], row["received"]) for row in rows} == {(48, 24)}
    assert {row["note"] for row in rows} == {"1 of 2 projects was asked"}


def test_chosen_projects_are_not_the_whole_organisation(bench: Bench) -> None:
    of_one = Request("usage", "/projects/p-1/usage", asked={"project_id": "p-1", **HOURLY})
    bench.land("usage", [(of_one, usage(item()))])
    bench.stage()

    assert {row["received"] for row in bench.rows("facts.coverage", dataset="usage")} == {0}


def test_the_whole_organisation_holds_each_of_its_projects(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("ocore", projects=["p-1", "p-2"]))
    bench.land("usage", [(USAGE, usage(item()))])
    bench.stage()

    rows = bench.rows("facts.coverage", dataset="usage")
    assert {(row["expected"], row["received"], row["note"]) for row in rows} == {(48, 48, "")}


def test_chosen_projects_are_asked_one_by_one_and_remembered() -> None:
    chosen = settings("ocore", projects=["p-1", "p-2"])
    session: Any = SimpleNamespace(settings=chosen, now=datetime(2026, 11, 2, tzinfo=UTC))

    asked = [(one.path, one.asked["project_id"]) for one in api.plan_usage(session, BillingPeriod(2026, 10))]
    assert asked == [("/projects/p-1/usage", "p-1"), ("/projects/p-2/usage", "p-2")]


@pytest.mark.parametrize("nobody", ["", " "])
def test_an_item_of_no_project_is_refused_since_it_may_be_the_sum_of_the_others(nobody: str) -> None:
    with pytest.raises(SchemaError, match="2026-10-01T05:00:00Z is of no project"):
        parse.parse_usage(usage(item(), item(projectId=nobody)), USAGE)


def test_hours_in_which_no_project_has_an_item_are_told(bench: Bench) -> None:
    """An answer that ends early looks like a month in which everything was stopped."""
    hours = [item(periodStart=f"2026-10-31T{hour:02}:00:00Z") for hour in (3, 5, 20)]
    bench.land("usage", [(USAGE, usage(*hours))])
    bench.stage()

    assert notices(bench) == [
        "no project has usage in 18 hours after the first one with usage, first 2026-10-31 04:00 UTC: counted as none"
    ]


def test_hours_before_the_first_item_and_after_the_asked_time_are_not_told(bench: Bench) -> None:
    asked = {**HOURLY, "end_date": "2026-10-01T06:00:00Z"}
    bench.land("usage", [(Request("usage", "/usage", asked=asked), usage(item()))])
    bench.stage()

    assert notices(bench) == []
