"""OpenScaler: facts worked by hand. A state holds until the next sample, at most 15 minutes here; the rest is a gap."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.providers.openscaler import api
from tests.providers.support import Bench, settings

LIVE = Request("live", "/v1/stats/live")
EXAMPLE = json.loads((Path(api.__file__).parent / "samples" / "live.json").read_text(encoding="utf-8"))
GIB = 2**30


def at(day: int, hour: int, minute: int = 0, *, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def machine(vm_id: int = 4, **changes: object) -> dict[str, Any]:
    """2 GiB of memory and 50 GiB of disk, running."""
    first: dict[str, Any] = EXAMPLE["data"]["vms"][0]
    return first | {"vm_id": vm_id, "memory.total": 2 * GIB, "disk.capacity": 50 * GIB} | changes


def snapshot(instant: datetime, *machines: dict[str, Any], block_storage_gib: float | None = 0) -> bytes:
    capacity = None if block_storage_gib is None else int(block_storage_gib * GIB)
    data = EXAMPLE["data"] | {"vms": list(machines), "block_storage.capacity": capacity}
    return json.dumps({"timestamp": int(instant.timestamp()), "step": 5, "data": data}).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("openscaler"))


def land(bench: Bench, instant: datetime, *machines: dict[str, Any], block_storage_gib: float | None = 0) -> None:
    body = snapshot(instant, *machines, block_storage_gib=block_storage_gib)
    bench.land("live", [(LIVE, body, instant)], period=instant.strftime("%Y-%m"), fetched_at=instant)


def quantities(bench: Bench, meter: str, resource_id: str = "4", period: str = "2026-10") -> dict[date, Decimal]:
    rows = bench.rows("facts.usage", meter=meter, resource_id=resource_id, billing_period=period)
    return {row["charge_period_start"].date(): row["consumed_quantity"] for row in rows}


def received(bench: Bench, period: str = "2026-10") -> dict[date, Decimal]:
    rows = bench.rows("facts.coverage", billing_period=period)
    return {row["date"]: row["received"] for row in rows if row["received"]}


def test_a_state_holds_until_the_next_sample_and_the_last_for_max_gap(bench: Bench) -> None:
    land(bench, at(5, 10), machine())
    land(bench, at(5, 10, 10), machine())
    bench.stage()

    # 10:00 to 10:10, and 10:10 to 10:25: 25 minutes
    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.416666666667")}
    assert quantities(bench, "memory_gib_hours") == {date(2026, 10, 5): Decimal("0.833333333333")}
    assert quantities(bench, "storage_gib_hours") == {date(2026, 10, 5): Decimal("20.833333333333")}
    assert received(bench) == {date(2026, 10, 5): Decimal("0.416666666667")}


def test_what_lies_beyond_max_gap_is_a_gap_and_no_usage(bench: Bench) -> None:
    land(bench, at(5, 10), machine())
    land(bench, at(5, 11), machine())
    bench.stage()

    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.5")}
    assert received(bench) == {date(2026, 10, 5): Decimal("0.5")}


def test_samples_exactly_max_gap_apart_leave_no_gap(bench: Bench) -> None:
    for index in range(-1, 97):
        land(bench, at(5, 0) + timedelta(minutes=15 * index), machine())
    bench.stage()

    assert received(bench)[date(2026, 10, 5)] == 24
    assert quantities(bench, "memory_gib_hours")[date(2026, 10, 5)] == 48


def test_an_interval_is_split_at_midnight(bench: Bench) -> None:
    land(bench, at(5, 23, 54), machine())
    land(bench, at(6, 0, 6), machine())
    bench.stage()

    # 6 minutes before midnight; 6 after it and 15 of the last sample
    expected = {date(2026, 10, 5): Decimal("0.1"), date(2026, 10, 6): Decimal("0.35")}
    assert quantities(bench, "instance_hours") == expected
    assert received(bench) == expected


def test_a_gap_of_days_can_be_allowed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("openscaler", max_gap="72h"))
    land(bench, at(5, 12), machine())
    land(bench, at(8, 6), machine())
    bench.stage(now=at(8, 6))

    assert quantities(bench, "instance_hours") == {
        date(2026, 10, 5): Decimal(12),
        date(2026, 10, 6): Decimal(24),
        date(2026, 10, 7): Decimal(24),
        date(2026, 10, 8): Decimal(6),
    }


def test_a_sample_that_comes_late_counts_in_the_month_that_it_reaches_days_later(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("openscaler", max_gap="72h"))
    bench.stage(now=at(3, 0, month=11))
    assert quantities(bench, "instance_hours", period="2026-11") == {}

    land(bench, at(30, 0), machine())  # holds until 2 November
    bench.stage(now=at(3, 0, month=11))

    expected = {date(2026, 11, 1): Decimal(24)}
    assert quantities(bench, "instance_hours", period="2026-11") == expected


def test_a_sample_before_the_month_carries_into_it_and_the_last_ends_with_it(bench: Bench) -> None:
    land(bench, at(30, 23, 48, month=9), machine())
    land(bench, at(31, 23, 54), machine())
    bench.stage(now=at(2, 0, month=11))

    assert quantities(bench, "instance_hours", period="2026-09") == {date(2026, 9, 30): Decimal("0.2")}
    assert quantities(bench, "instance_hours") == {
        date(2026, 10, 1): Decimal("0.05"),
        date(2026, 10, 31): Decimal("0.1"),
    }
    assert received(bench) == quantities(bench, "instance_hours")


def test_the_sample_that_ends_a_month_is_counted_on_in_the_next(bench: Bench) -> None:
    land(bench, at(31, 23, 54), machine())
    bench.stage(now=at(2, 0, month=11), period="2026-11")

    assert quantities(bench, "instance_hours", period="2026-11") == {date(2026, 11, 1): Decimal("0.15")}


def test_nothing_is_counted_beyond_now(bench: Bench) -> None:
    land(bench, at(5, 10), machine())
    bench.stage(now=at(5, 10, 6))

    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.1")}
    assert received(bench) == {date(2026, 10, 5): Decimal("0.1")}


def test_the_same_timestamp_on_two_polls_counts_once(bench: Bench) -> None:
    body = snapshot(at(5, 10), machine())
    bench.land("live", [(LIVE, body, at(5, 10))], fetched_at=at(5, 10))
    bench.land("live", [(LIVE, body, at(5, 10, 5))], fetched_at=at(5, 10, 5))
    bench.stage()

    assert len(bench.rows("staging.openscaler_live")) == 2
    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.25")}
    assert quantities(bench, "storage_gib_hours") == {date(2026, 10, 5): Decimal("12.5")}
    assert len(bench.rows("facts.estate", measure="cpu_pct")) == 1


def test_samples_are_integrated_in_the_order_of_their_timestamps(bench: Bench) -> None:
    late = snapshot(at(5, 10), machine())
    land(bench, at(5, 10, 6), machine(state="stopped"))
    bench.land("live", [(LIVE, late, at(5, 10))], fetched_at=at(5, 12))
    bench.stage()

    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.1")}


def test_a_stopped_machine_has_a_disk_and_nothing_else(bench: Bench) -> None:
    land(bench, at(5, 10), machine(state="shutdown"))
    bench.stage()

    assert quantities(bench, "storage_gib_hours") == {date(2026, 10, 5): Decimal("12.5")}
    assert quantities(bench, "instance_hours") == {}
    assert quantities(bench, "memory_gib_hours") == {}


def notices(bench: Bench) -> list[str]:
    return bench.warehouse.frame(
        "checks/openscaler/notices",
        connection=bench.connection.name,
        period_start=at(1, 0),
        period_end=at(1, 0, month=11),
        max_gap_seconds=900,
    )["notice"].to_list()


@pytest.mark.parametrize("state", ["RUNNING", "Running"])
def test_running_in_another_case_counts_as_running_and_is_told(bench: Bench, state: str) -> None:
    land(bench, at(5, 10), machine(state=state))
    bench.stage()

    assert quantities(bench, "instance_hours") == {date(2026, 10, 5): Decimal("0.25")}
    assert quantities(bench, "memory_gib_hours") == {date(2026, 10, 5): Decimal("0.5")}
    assert notices(bench) == [f"state '{state}' of 1 machine is not in the document: counted as running"]


def test_a_state_that_the_document_does_not_name_is_told_with_its_machines_over_the_month(bench: Bench) -> None:
    land(bench, at(5, 10), machine(4, state="started"), machine(5, state="started"), machine(6))
    land(bench, at(5, 11), machine(4, state="started"), machine(7, state="started"), machine(5))
    land(bench, at(30, 11), machine(4), machine(5), machine(8, state="it's \u202eoff"))
    bench.stage()

    tail = "not in the document: counted as not running, without instance hours and memory"
    assert notices(bench) == [
        f"state 'started' of 3 machines is {tail}",
        f"state 'it's \u202eoff' of 1 machine is {tail}",
    ]


def test_states_of_another_month_are_not_told(bench: Bench) -> None:
    land(bench, at(30, 23, month=9), machine(state="stopped"))
    land(bench, at(1, 0, month=11), machine(state="stopped"))
    land(bench, at(5, 10), machine())
    bench.stage()

    assert notices(bench) == []


def test_many_odd_states_are_told_in_ten_lines_and_one_for_the_rest(bench: Bench) -> None:
    land(bench, at(5, 10), *(machine(number, state=f"odd-{number:02d}") for number in range(12)))
    bench.stage()

    told = notices(bench)
    assert len(told) == 11
    assert told[0].startswith("state 'odd-00' of 1 machine is not")
    assert told[-1].startswith("2 other states of 2 machines are not in the document: ")


def test_a_machine_that_is_not_listed_any_more_is_gone(bench: Bench) -> None:
    land(bench, at(5, 10), machine(4), machine(5))
    land(bench, at(5, 10, 6), machine(5))
    bench.stage()

    assert quantities(bench, "instance_hours", "4") == {date(2026, 10, 5): Decimal("0.1")}
    assert quantities(bench, "instance_hours", "5") == {date(2026, 10, 5): Decimal("0.35")}


def test_machines_of_one_name_are_counted_apart(bench: Bench) -> None:
    land(bench, at(5, 10), machine(4), machine(5))
    bench.stage()

    rows = bench.rows("facts.usage", meter="instance_hours")
    assert sorted(row["resource_id"] for row in rows) == ["4", "5"]
    assert {row["resource_name"] for row in rows} == {"my-example-computer"}


def test_a_machine_renamed_within_a_day_is_one_row_under_its_last_name(bench: Bench) -> None:
    land(bench, at(5, 10), machine(name="old"))
    land(bench, at(5, 10, 15), machine(name="new"))
    bench.stage()

    (row,) = bench.rows("facts.usage", meter="instance_hours")
    assert (row["resource_name"], row["consumed_quantity"]) == ("new", Decimal("0.5"))


def test_block_storage_belongs_to_the_account(bench: Bench) -> None:
    land(bench, at(5, 10), block_storage_gib=10)
    land(bench, at(5, 10, 15), block_storage_gib=20)
    bench.stage()

    (row,) = bench.rows("facts.usage")
    assert row["resource_id"] == "block_storage"
    assert row["region"] == ""
    assert row["meter"] == "storage_gib_hours"
    assert row["consumed_quantity"] == Decimal("7.5")  # 10 GiB and 20 GiB for a quarter of an hour each


def test_block_storage_that_was_not_answered_is_unknown_and_not_zero(bench: Bench) -> None:
    land(bench, at(5, 10), machine(), block_storage_gib=None)
    bench.stage()

    assert quantities(bench, "storage_gib_hours", "block_storage") == {}


def test_percent_cpu_and_rates_give_no_usage(bench: Bench) -> None:
    land(bench, at(5, 10), machine())
    bench.stage()

    rows = bench.rows("facts.usage")
    assert {row["meter"] for row in rows} == {"instance_hours", "memory_gib_hours", "storage_gib_hours"}
    assert {row["sub_account_id"] for row in rows} == {"account"}
    assert {row["sub_account_name"] for row in rows} == {bench.connection.name}
    assert {row["basis"] for row in rows} == {"sampled"}


def test_a_charge_period_is_a_utc_day(bench: Bench) -> None:
    land(bench, at(5, 10), machine())
    bench.stage()

    (row,) = bench.rows("facts.usage", meter="instance_hours")
    assert row["charge_period_end"] - row["charge_period_start"] == timedelta(days=1)
    assert row["charge_period_start"].isoformat() == "2026-10-05T00:00:00"


def test_odd_bytes_are_rounded_only_once_at_the_twelfth_decimal(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("openscaler", max_gap="1h"))
    odd = 3 * GIB // 7
    for hour in range(24):
        land(bench, at(5, hour), machine(**{"memory.total": odd}))
    bench.stage()

    exact = Decimal(odd) * 24 / GIB
    assert quantities(bench, "memory_gib_hours") == {date(2026, 10, 5): round(exact, 12)}


def test_huge_capacities_do_not_overflow(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("openscaler", max_gap="24h"))
    land(bench, at(5, 0), machine(**{"disk.capacity": 10**18 - 1}))
    bench.stage()

    exact = Decimal(10**18 - 1) * 24 / GIB
    assert quantities(bench, "storage_gib_hours") == {date(2026, 10, 5): round(exact, 12)}


def test_coverage_has_a_row_for_every_day_when_nothing_was_ever_fetched(bench: Bench) -> None:
    bench.stage()

    rows = bench.rows("facts.coverage", billing_period="2026-10")
    assert sorted(row["date"] for row in rows) == [date(2026, 10, day) for day in range(1, 32)]
    assert {row["expected"] for row in rows} == {Decimal(24)}
    assert {row["received"] for row in rows} == {Decimal(0)}
    assert {(row["dataset"], row["feeds"], row["unit"]) for row in rows} == {("live", "usage", "hours")}
    assert {row["is_backfillable"] for row in rows} == {False}


def test_estate_shows_the_last_snapshot_of_each_day(bench: Bench) -> None:
    land(bench, at(5, 10), machine(cpu=10))
    land(bench, at(5, 11), machine(cpu=20), machine(5))
    land(bench, at(6, 9), machine(cpu=30, state="shutdown"))
    bench.stage()

    cpu = {
        (row["captured_at"].day, row["resource_id"]): row["quantity"]
        for row in bench.rows("facts.estate", measure="cpu_pct")
    }
    states = {
        (row["captured_at"].day, row["resource_id"]): row["label"]
        for row in bench.rows("facts.estate", measure="state")
    }
    assert cpu == {(5, "4"): Decimal(20), (5, "5"): Decimal(100), (6, "4"): Decimal(30)}
    assert states == {(5, "4"): "running", (5, "5"): "running", (6, "4"): "shutdown"}


def test_estate_keeps_machines_and_networks_of_one_number_apart(bench: Bench) -> None:
    land(bench, at(5, 10), machine(1))
    bench.stage()

    rows = bench.rows("facts.estate", measure="network_rx_bytes_per_second")
    assert {row["resource_id"]: row["quantity"] for row in rows} == {
        "1": Decimal("804.24"),
        "vpc-1": Decimal("1026426.56"),
        "vpc-2": Decimal("1105887.72"),
    }
    assert {row["unit"] for row in rows} == {"byte/s"}


def test_estate_leaves_out_what_was_not_answered(bench: Bench) -> None:
    land(bench, at(5, 10), machine(state="shutdown", cpu=None))
    bench.stage()

    assert bench.rows("facts.estate", measure="cpu_pct") == []
