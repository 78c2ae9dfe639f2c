"""From receipts to staging and facts: what replaces what, what is added, and that no order or crash matters."""

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import polars
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tallybook import resources, staging
from tallybook.contract import Parsed, Request
from tallybook.errors import StorageError
from tallybook.facts import FACTS
from tallybook.landing import RawStore, Receipt
from tallybook.staging import Stager
from tallybook.warehouse import Warehouse, open_warehouse
from tests.providers.support import CONNECTION, Bench, settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = {"period": "hourly", "start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}
USAGE = Request("usage", "/usage", asked=ASKED)
LIVE = Request("live", "/v1/stats/live")
ITEM = {
    "bandwidthInBytes": 0,
    "bandwidthOutBytes": 0,
    "cpuCoreHours": 0,
    "diskGbHours": 0,
    "instanceCount": 1,
    "instanceHours": 1,
    "periodStart": "2026-10-01T05:00:00Z",
    "periodType": "hourly",
    "projectId": "p-1",
    "projectName": "Shop",
    "ramGbHours": 0,
}
UNREADABLE = b'{"items": ['


def usage(*core_hours: object) -> bytes:
    items = [ITEM | {"cpuCoreHours": hours, "projectId": f"p-{i}"} for i, hours in enumerate(core_hours)]
    return json.dumps({"items": items, "period": "hourly", "totals": None}).encode()


def live(at: datetime, *, memory_gib: int = 1) -> bytes:
    """A snapshot with one running machine; the body carries its own time."""
    memory = {"memory.used": 0, "memory.total": memory_gib * 2**30}
    disk = {f"disk.{word}": 0 for word in ("read", "write", "allocation", "capacity", "usage")}
    network = {"network.rx": 0, "network.tx": 0}
    block = {f"block_storage.{word}": 0 for word in ("read", "write", "allocation", "capacity", "usage")}
    machine = {"vm_id": 4, "name": "web", "state": "running", "region": "alg1", "os": "debian-13"}
    machine |= {"created_at": "2024-04-19T11:13:49", "cpu": 1, **memory, **disk, **network}
    data = {"cpu": 1, **memory, **disk, **block, **network, "vms": [machine], "vpcs": []}
    return json.dumps({"timestamp": int(at.timestamp()), "step": 5, "data": data}).encode()


def fetched(bench: Bench, body: bytes | None, *, day: int) -> None:
    """A fetch on a day of November; None failed."""
    answers = [] if body is None else [(USAGE, body)]
    error = "HTTP 503 for /usage" if body is None else ""
    bench.land("usage", answers, fetched_at=datetime(2026, 11, day, tzinfo=UTC), error=error)


def sampled(bench: Bench, at: datetime, **changes: Any) -> None:
    bench.land("live", [(LIVE, live(at, **changes), at)], period=f"{at:%Y-%m}", fetched_at=at)


def core_hours(bench: Bench) -> list[Decimal]:
    return sorted(row["consumed_quantity"] for row in bench.rows("facts.usage", meter="core_hours"))


def unit(bench: Bench) -> dict[str, Any]:
    (row,) = bench.rows("landing.units", dataset="usage")
    return row


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("ocore"))


@pytest.fixture
def sampling(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("openscaler", max_gap="1h"))


# A unit is replaced whole


def test_a_second_fetch_replaces_the_unit_whole(bench: Bench) -> None:
    fetched(bench, usage(1, 2), day=1)
    bench.stage(now=NOW)
    fetched(bench, usage(3), day=2)
    bench.stage(now=NOW)

    assert core_hours(bench) == [3]
    assert len(bench.rows("staging.ocore_usage_items")) == 1


def test_no_rows_replace_rows_too(bench: Bench) -> None:
    fetched(bench, usage(1, 2), day=1)
    bench.stage(now=NOW)
    fetched(bench, usage(), day=2)
    (entry,) = bench.stage(now=NOW)

    assert (entry.outcome, entry.row_count) == ("staged", 0)
    assert core_hours(bench) == []
    assert unit(bench)["row_count"] == 0


def test_another_month_and_another_dataset_are_left_alone(bench: Bench) -> None:
    bench.land("usage", [(USAGE, usage(7))], period="2026-09", fetched_at=NOW)
    bench.land("totals", [(Request("totals", "/usage/totals"), b'{"totals": [{}]}')], fetched_at=NOW)
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)
    fetched(bench, usage(), day=2)
    bench.stage(now=NOW)

    assert [row["x_period"] for row in bench.rows("staging.ocore_usage_items")] == ["2026-09"]
    assert len(bench.rows("staging.ocore_project_totals")) == 1


def test_the_same_answers_are_unchanged(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)
    fetched(bench, usage(1), day=2)
    (entry,) = bench.stage(now=NOW)

    assert entry.outcome == "unchanged"
    assert unit(bench)["fetched_at"].day == 2
    assert bench.rows("landing.stale_facts") == []


def test_the_same_answer_to_another_question_is_a_change(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)
    longer = Request("usage", "/usage", params=(("end_date", "2026-10-02T00:00:00Z"),), asked=ASKED)
    bench.land("usage", [(longer, usage(1))], fetched_at=NOW)
    (entry,) = bench.stage(now=NOW)

    assert entry.outcome == "staged"


def test_loading_again_does_nothing(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)

    assert bench.stage(now=NOW) == []
    assert core_hours(bench) == [1]


# Failures


def test_a_failed_fetch_keeps_the_unit_and_says_what_went_wrong(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)
    fetched(bench, None, day=2)
    (entry,) = bench.stage(now=NOW)

    assert entry.outcome == "failed"
    assert core_hours(bench) == [1]
    assert (unit(bench)["error"], unit(bench)["error_at"].day) == ("HTTP 503 for /usage", 2)


def test_a_fetch_takes_back_the_failure_before_it(bench: Bench) -> None:
    for day, body in ((1, usage(1)), (2, None), (3, usage(1))):
        fetched(bench, body, day=day)
        bench.stage(now=NOW)

    assert (unit(bench)["error"], unit(bench)["error_at"]) == (None, None)


def test_a_unit_that_was_never_fetched_has_only_its_error(bench: Bench) -> None:
    fetched(bench, None, day=1)
    bench.stage(now=NOW)

    assert (unit(bench)["receipt"], unit(bench)["error"]) == (None, "HTTP 503 for /usage")


@pytest.mark.parametrize("are_together", [True, False])
def test_a_failure_that_is_older_than_the_fetch_is_no_news(bench: Bench, are_together: bool) -> None:
    fetched(bench, usage(1), day=2)
    if not are_together:
        bench.stage(now=NOW)
    fetched(bench, None, day=1)
    bench.stage(now=NOW)

    assert unit(bench)["error"] is None
    assert [row["outcome"] for row in bench.rows("landing.receipts", outcome="failed")] == ["failed"]


@pytest.mark.parametrize("are_together", [True, False])
def test_an_unreadable_answer_falls_back_to_the_older_one_and_says_so(bench: Bench, are_together: bool) -> None:
    fetched(bench, usage(1), day=1)
    if not are_together:
        bench.stage(now=NOW)
    fetched(bench, UNREADABLE, day=2)
    bench.stage(now=NOW)

    assert core_hours(bench) == [1]
    assert unit(bench)["fetched_at"].day == 1
    assert unit(bench)["error_at"].day == 2
    assert "/usage: the answer is not JSON" in unit(bench)["error"]
    assert "a version that knows this form can read it with 'tallybook rebuild'" in unit(bench)["error"]


@pytest.mark.parametrize("are_together", [True, False])
def test_a_fetch_that_arrives_late_does_not_replace_a_newer_one(bench: Bench, are_together: bool) -> None:
    fetched(bench, usage(2), day=2)
    if not are_together:
        bench.stage(now=NOW)
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)

    assert core_hours(bench) == [2]
    assert unit(bench)["fetched_at"].day == 2


@pytest.mark.parametrize(
    "hostile",
    [
        b"1e18",
        b"9e24",
        b"1e999999999",
        b'"NaN"',
    ],
)
def test_a_number_that_no_table_can_hold_spoils_its_own_unit_only(bench: Bench, hostile: bytes) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage(now=NOW)
    fetched(bench, usage(7, 0).replace(b'"cpuCoreHours": 0', b'"cpuCoreHours": ' + hostile), day=2)
    bench.land("totals", [(Request("totals", "/usage/totals"), b'{"totals": [{}]}')], fetched_at=NOW)
    outcomes = {entry.receipt.dataset: entry.outcome for entry in bench.stage(now=NOW)}

    assert outcomes == {"usage": "unreadable", "totals": "staged"}
    assert core_hours(bench) == [1]
    assert f"{CONNECTION} usage 2026-10: " in unit(bench)["error"]
    assert "cpuCoreHours" in unit(bench)["error"]


def test_an_error_of_our_own_while_reading_spoils_its_own_unit_only(bench: Bench) -> None:
    def parse(body: bytes, request: Request) -> Parsed:
        raise KeyError("periodStart")

    usage_dataset, *others = bench.provider.datasets
    bench.provider = replace(bench.provider, datasets=(replace(usage_dataset, parse=parse), *others))
    fetched(bench, usage(1), day=2)
    (entry,) = bench.stage()

    assert entry.outcome == "unreadable"
    assert "the answer cannot be used (KeyError: 'periodStart'); the raw file is kept" in entry.error


def test_a_receipt_of_a_dataset_that_is_gone_stops_nothing(bench: Bench) -> None:
    gone = Receipt(bench.provider.name, CONNECTION, "gone", "history", "2026-10", NOW, ())
    bench.store.write_receipt(gone)
    fetched(bench, usage(1), day=1)
    outcomes = {entry.receipt.dataset: entry.outcome for entry in bench.stage(now=NOW)}

    assert outcomes == {"usage": "staged", "gone": "unreadable"}


def test_a_damaged_raw_file_stops_the_load_until_it_is_restored(bench: Bench, tmp_path: Path) -> None:
    fetched(bench, usage(1), day=1)
    path = next((tmp_path / "raw").rglob("*.zst"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])

    with pytest.raises(StorageError, match="restore it from the backup"):
        bench.stage(now=NOW)
    assert bench.rows("landing.receipts") == []

    path.write_bytes(whole)
    bench.stage(now=NOW)
    assert core_hours(bench) == [1]


# Snapshots are only added


def memory_hours(bench: Bench, month: str) -> Decimal:
    rows = bench.rows("facts.usage", meter="memory_gib_hours", billing_period=month)
    return sum((row["consumed_quantity"] for row in rows), Decimal(0))


def test_a_second_snapshot_is_added_to_the_first(sampling: Bench) -> None:
    first = datetime(2026, 10, 5, 12, tzinfo=UTC)
    for minutes, memory_gib in ((0, 1), (30, 2)):
        sampled(sampling, first + timedelta(minutes=minutes), memory_gib=memory_gib)
        sampling.stage(now=NOW)

    assert len(sampling.rows("staging.openscaler_live")) == 2
    # 1 GiB for half an hour, then 2 GiB for the hour that a sample may hold
    assert memory_hours(sampling, "2026-10") == Decimal("2.5")


def test_loading_snapshots_again_adds_nothing(sampling: Bench) -> None:
    sampled(sampling, datetime(2026, 10, 5, 12, tzinfo=UTC))
    sampling.stage(now=NOW)
    sampling.stage(now=NOW)

    assert len(sampling.rows("staging.openscaler_live")) == 1


def test_a_failed_snapshot_takes_nothing_away(sampling: Bench) -> None:
    at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    sampled(sampling, at)
    sampling.land("live", [], fetched_at=at + timedelta(minutes=5), error="HTTP 503 for /v1/stats/live")
    sampling.stage(now=NOW)

    (row,) = sampling.rows("landing.units")
    assert memory_hours(sampling, "2026-10") == 1
    assert row["error"] == "HTTP 503 for /v1/stats/live"


def test_a_snapshot_that_cannot_be_read_spoils_no_other(sampling: Bench) -> None:
    at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    bodies = [live(at + timedelta(minutes=5 * step)) for step in range(5)]
    bodies[1] = bodies[1].replace(b'"vm_id": 4', b'"vm_id": 9223372036854775808')
    bodies[3] = bodies[3].replace(b'"memory.total": 1073741824', b'"memory.total": 1e30')
    for step, body in enumerate(bodies):
        moment = at + timedelta(minutes=5 * step)
        sampling.land("live", [(LIVE, body, moment)], fetched_at=moment)
    outcomes = [entry.outcome for entry in sampling.stage(now=NOW)]

    assert outcomes == ["staged", "unreadable", "staged", "unreadable", "staged"]
    assert len(sampling.rows("staging.openscaler_live")) == 3


def test_rows_that_the_warehouse_refuses_are_found_among_the_others(
    sampling: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    for step in range(5):
        sampled(sampling, at + timedelta(minutes=5 * step))
    parse = staging._parse

    def without_time(store: RawStore, receipt: Receipt, *others: Any) -> Any:
        parts = parse(store, receipt, *others)
        is_bad = receipt.fetched_at == at + timedelta(minutes=10)
        return [(name, table.drop(["x_raw_sha256"]) if is_bad else table, said) for name, table, said in parts]

    monkeypatch.setattr(staging, "_parse", without_time)
    outcomes = {entry.receipt.fetched_at.minute: entry.outcome for entry in sampling.stage(now=NOW)}

    assert outcomes == {0: "staged", 5: "staged", 10: "unreadable", 15: "staged", 20: "staged"}
    assert len(sampling.rows("staging.openscaler_live")) == 4


def test_a_snapshot_counts_in_the_month_of_its_own_clock(sampling: Bench) -> None:
    told = datetime(2026, 9, 30, 23, tzinfo=UTC)
    sampling.land("live", [(LIVE, live(told), datetime(2026, 10, 1, 12, tzinfo=UTC))])
    sampling.stage(now=NOW)

    assert memory_hours(sampling, "2026-09") == 1
    assert memory_hours(sampling, "2026-10") == 0


@pytest.mark.parametrize(
    "off", [timedelta(hours=1, seconds=1), timedelta(days=90), -timedelta(days=1, seconds=1), -timedelta(days=90)]
)
def test_a_snapshot_of_a_time_that_cannot_be_counts_nowhere(sampling: Bench, off: timedelta) -> None:
    captured_at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    sampling.land("live", [(LIVE, live(captured_at + off), captured_at)])
    (entry,) = sampling.stage(now=NOW)

    assert entry.outcome == "unreadable"
    assert "captured at 2026-10-05 12:00:00" in entry.error
    assert "a clock is wrong" in entry.error
    assert sampling.rows("facts.usage") == []


def test_a_clock_that_was_not_believed_is_told(sampling: Bench) -> None:
    """Once of each snapshot, in words that all of them share."""
    moment = datetime(2026, 10, 5, 12, tzinfo=UTC)
    sampled(sampling, moment)
    (name,) = sampling.store.receipts()
    receipt = sampling.store.receipt(name)
    files = tuple(msgspec.structs.replace(file, is_clock_doubted=True) for file in receipt.files)
    doubted = msgspec.structs.replace(receipt, files=files)
    sampling.store.write_receipt(doubted)
    (entry,) = sampling.stage(now=NOW)

    assert any("clock of an answer" in note for note in entry.notes)


AROUND_MIDNIGHT = [
    datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
    datetime(2026, 10, 31, 23, 50, tzinfo=UTC),
    datetime(2026, 11, 1, 0, 20, tzinfo=UTC),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_snapshots_give_the_same_figures_in_any_order(sampling: Bench, order: Sequence[int]) -> None:
    for index in order:
        sampled(sampling, AROUND_MIDNIGHT[index], memory_gib=index + 1)
        Stager(sampling.warehouse, sampling.store, {sampling.provider.name: sampling.provider}).load_pending()
        refreshed(sampling)

    # 23:00 1 GiB for 50 min; 23:50 2 GiB for 10 min in October and 20 min in November; 00:20 3 GiB for an hour
    assert memory_hours(sampling, "2026-10") == Decimal("1.166666666667")
    assert memory_hours(sampling, "2026-11") == Decimal("3.666666666667")


# Crashes


def refreshed(bench: Bench) -> None:
    """Compute the facts that became stale, and no others."""
    from tallybook.facts import refresh_facts

    refresh_facts(bench.warehouse, [(bench.connection, bench.provider)], now=NOW)


def test_facts_that_a_crash_left_stale_are_computed_at_the_next_load(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    Stager(bench.warehouse, bench.store, {bench.provider.name: bench.provider}).load_pending()
    assert core_hours(bench) == []

    refreshed(bench)

    assert core_hours(bench) == [1]
    assert bench.rows("landing.stale_facts") == []


def test_long_facts_stand_until_their_rows_or_what_they_are_computed_with_change(bench: Bench) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage()
    bench.warehouse.delete("facts.usage")  # shows whether they are computed again

    bench.stage()
    assert core_hours(bench) == []

    bench.connection = bench.connection.model_copy(update={"gb": "GB"})
    bench.stage()
    assert core_hours(bench) == [1]

    bench.warehouse.delete("facts.usage")
    fetched(bench, usage(2), day=2)
    bench.stage()
    assert core_hours(bench) == [2]


def test_long_facts_are_computed_again_when_the_arithmetic_they_share_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(bench, usage(1), day=1)
    bench.stage()
    bench.warehouse.delete("facts.usage")
    known = resources.query
    monkeypatch.setattr(resources, "query", lambda name: known(name) + "-- new" * (name == "pricing/trillionths"))

    bench.stage()
    assert core_hours(bench) == [1]


_KILLED = """
import os, signal, sys
from pathlib import Path
from tallybook import facts, manifest, providers, staging
from tallybook.landing import RawStore
from tallybook.warehouse import open_warehouse
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
folder, name, where = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with open_warehouse(folder) as warehouse:
    if where == "staging":
        manifest.Manifest.mark_stale = die
    staging.Stager(warehouse, RawStore(folder / "raw"), {name: providers.load(name)}).load_pending()
    die()
"""


@pytest.mark.parametrize("where", ["staging", "facts"])
def test_a_process_killed_in_the_middle_is_healed_by_the_next_one(bench: Bench, tmp_path: Path, where: str) -> None:
    fetched(bench, usage(1), day=1)
    command = [sys.executable, "-c", _KILLED, str(tmp_path), bench.provider.name, where]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    with open_warehouse(tmp_path) as warehouse:
        bench.warehouse = warehouse
        assert core_hours(bench) == []
        Stager(warehouse, bench.store, {bench.provider.name: bench.provider}).load_pending()
        refreshed(bench)

        assert core_hours(bench) == [1]
        assert len(bench.rows("staging.ocore_usage_items")) == 1
        assert len(bench.rows("landing.receipts")) == 1


# Made anew


def tables(warehouse: Warehouse, *, without: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of staging, facts and units."""
    names = ["landing.units", *(f"facts.{fact}" for fact in FACTS)]
    names += ["staging.ocore_usage_items", "staging.ocore_usage_totals", "staging.openscaler_live"]
    names += ["staging.openscaler_live_vms"]
    return {name: _sorted(warehouse.select(name), without) for name in names}


def _sorted(frame: polars.DataFrame, without: Sequence[str]) -> list[tuple[Any, ...]]:
    return sorted(frame.drop(without, strict=False).rows(), key=repr)


def loaded(make: Callable[[], Bench], *, is_one_by_one: bool, bodies: Sequence[bytes | None]) -> Bench:
    bench = make()
    for day, body in enumerate(bodies, start=1):
        fetched(bench, body, day=day)
        if is_one_by_one:
            bench.stage(now=NOW)
    bench.stage(now=NOW)
    return bench


CONTENTS = st.sampled_from([usage(1), usage(1, 2), usage(), None])
QUICK = hypothesis_settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(bodies=st.lists(CONTENTS, min_size=1, max_size=5))
def test_loading_one_by_one_and_all_at_once_leave_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes | None]
) -> None:
    def make() -> Bench:
        return Bench(tmp_path_factory.mktemp("order"), settings("ocore"))

    one_by_one = loaded(make, is_one_by_one=True, bodies=bodies)
    at_once = loaded(make, is_one_by_one=False, bodies=bodies)

    assert tables(one_by_one.warehouse) == tables(at_once.warehouse)


@QUICK
@given(
    order=st.permutations(list(enumerate([usage(1), None, usage(1), UNREADABLE, usage(1, 2), None, UNREADABLE]))),
    batch=st.integers(1, 4),
)
def test_the_order_in_which_receipts_arrive_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[tuple[int, bytes | None]], batch: int
) -> None:
    bench = Bench(tmp_path_factory.mktemp("order"), settings("ocore"))
    for count, (index, body) in enumerate(order, start=1):
        fetched(bench, body, day=index + 1)
        if count % batch == 0:
            bench.stage(now=NOW)
    bench.stage(now=NOW)

    assert core_hours(bench) == [1, 2]
    assert unit(bench)["fetched_at"].day == 5
    assert unit(bench)["error_at"].day == 7
    assert "is not JSON" in unit(bench)["error"]


def test_a_rebuild_gives_the_same_tables_row_by_row(bench: Bench, tmp_path: Path) -> None:
    for day, body in enumerate([usage(1), usage(1, 2), None, usage(1, 2), UNREADABLE], start=1):
        fetched(bench, body, day=day)
        bench.stage(now=NOW)

    rebuilt = Bench(tmp_path, settings("ocore"))
    rebuilt.stage(now=NOW)

    assert tables(rebuilt.warehouse) == tables(bench.warehouse)
    assert core_hours(rebuilt) == [1, 2]


def test_a_rebuild_of_snapshots_gives_the_same_tables_row_by_row(sampling: Bench, tmp_path: Path) -> None:
    for step in range(8):
        sampled(sampling, AROUND_MIDNIGHT[0] + timedelta(minutes=15 * step), memory_gib=step + 1)
        if step % 3 == 0:
            sampling.land(
                "live", [], fetched_at=AROUND_MIDNIGHT[0] + timedelta(minutes=15 * step, seconds=1), error="e"
            )
        sampling.stage(now=NOW)

    rebuilt = Bench(tmp_path, settings("openscaler", max_gap="1h"))
    rebuilt.stage(now=NOW)

    assert tables(rebuilt.warehouse) == tables(sampling.warehouse)
    assert memory_hours(rebuilt, "2026-11") > 0
