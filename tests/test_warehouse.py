import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow
import pytest

from tallybook import resources
from tallybook.errors import RefusedRowsError, StorageError
from tallybook.layout import definitions, tables_sha256
from tallybook.limits import Limits
from tallybook.statements import aware_utc, naive_utc
from tallybook.warehouse import Warehouse, open_warehouse, remake_warehouse

STALE = {"connection": "main", "provider": "p", "billing_period": "2026-10"}


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared() -> Iterator[Warehouse]:
    """One warehouse for tests that leave nothing in it."""
    with Warehouse.in_memory() as opened:
        yield opened


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose *.sql can be run by name, beside the real ones."""
    folder = tmp_path / "queries-of-the-test"
    folder.mkdir()
    real = resources.query

    def query(name: str) -> str:
        path = folder / f"{name}.sql"
        return path.read_text(encoding="utf-8") if path.exists() else real(name)

    monkeypatch.setattr("tallybook.warehouse.query", query)
    return folder


def mark(warehouse: Warehouse, **changes: object) -> None:
    warehouse.insert("landing.stale_facts", polars.DataFrame([STALE | changes]))


def months(warehouse: Warehouse) -> list[str]:
    return sorted(warehouse.select("landing.stale_facts")["billing_period"])


# Rows


def test_what_was_inserted_is_selected_by_its_values(warehouse: Warehouse) -> None:
    mark(warehouse)
    mark(warehouse, billing_period="2026-11")

    assert warehouse.select("landing.stale_facts", billing_period="2026-11").to_dicts() == [
        STALE | {"billing_period": "2026-11"}
    ]


def test_only_the_rows_named_are_deleted(warehouse: Warehouse) -> None:
    mark(warehouse)
    mark(warehouse, billing_period="2026-11")
    warehouse.delete("landing.stale_facts", connection="main", billing_period="2026-10")

    assert months(warehouse) == ["2026-11"]


def test_columns_go_by_name_not_by_place(warehouse: Warehouse) -> None:
    warehouse.insert("landing.stale_facts", polars.DataFrame([dict(reversed(STALE.items()))]))

    assert warehouse.select("landing.stale_facts").to_dicts() == [STALE]


def test_no_rows_are_no_rows(warehouse: Warehouse) -> None:
    assert warehouse.insert("landing.stale_facts", pyarrow.table({"connection": pyarrow.array([], "string")})) == 0


@pytest.mark.parametrize(
    "row",
    [STALE | {"connection": None}, {"connection": "main"}, STALE | {"unknown": 1}],
    ids=["null", "missing", "unknown column"],
)
def test_rows_that_do_not_fit_are_refused(warehouse: Warehouse, row: dict[str, Any]) -> None:
    with pytest.raises(StorageError, match="the warehouse refused"):
        warehouse.insert("landing.stale_facts", polars.DataFrame([row]))

    assert months(warehouse) == []


def usage(quantity: str) -> pyarrow.Table:
    return pyarrow.table({"quantity": pyarrow.array([quantity])})


@pytest.fixture
def exact(shared: Warehouse, queries: Path) -> Warehouse:
    make = "create or replace table staging.exact (quantity decimal(38, 12))"
    (queries / "make.sql").write_text(make, encoding="utf-8")
    shared.run("make")
    return shared


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999"),
        ("-0.000000000001", "-0.000000000001"),
        ("0.0000000000004", "0"),
        ("0.1234567890126", "0.123456789013"),
        ("0." + "3" * 200, "0.333333333333"),
        ("12345678901234567890123456." + "9" * 40, "12345678901234567890123457"),
    ],
)
def test_a_decimal_text_keeps_what_twelve_decimals_can_hold(exact: Warehouse, text: str, kept: str) -> None:
    exact.insert("staging.exact", usage(text))

    assert exact.select("staging.exact")["quantity"].to_list() == [Decimal(kept)]


@pytest.mark.parametrize("text", ["100000000000000000000000000", "x", ""])
def test_a_decimal_text_that_is_too_large_or_none_refuses_the_rows(exact: Warehouse, text: str) -> None:
    with pytest.raises(RefusedRowsError):
        exact.insert("staging.exact", usage(text))


def test_nothing_is_drawn_into_the_standard_output(warehouse: Warehouse, queries: Path) -> None:
    (queries / "drawn.sql").write_text("select current_setting('enable_progress_bar') as is_drawn", encoding="utf-8")

    assert warehouse.frame("drawn")["is_drawn"].to_list() == [False]


def test_parts_are_drawn_until_there_are_no_more(exact: Warehouse) -> None:
    parts = [usage("1"), usage("2").slice(0, 0), usage("3.5")]

    assert exact.insert_stream("staging.exact", iter(parts)) == 2
    assert sorted(exact.select("staging.exact")["quantity"]) == [Decimal(1), Decimal("3.5")]


def test_what_drawing_a_part_raises_is_raised_and_nothing_is_kept(exact: Warehouse) -> None:
    def parts() -> Iterator[pyarrow.Table]:
        yield usage("1")
        raise LookupError("no such file")

    with pytest.raises(LookupError, match="no such file"), exact.transaction():
        exact.insert_stream("staging.exact", parts())

    assert exact.select("staging.exact").is_empty()


def test_a_part_with_other_columns_is_refused(exact: Warehouse) -> None:
    with pytest.raises(RefusedRowsError, match="quantity"):
        exact.insert_stream("staging.exact", [usage("1"), pyarrow.table({"amount": ["2"]})])


@pytest.mark.parametrize(
    "identifier",
    ["", "landing.stale_facts; drop table x", "a.b.c", 'a"b', "A", "1a", "a b", "a-b", "ä", "a\n", "a.", ".a", "a--"],
)
def test_a_name_that_is_none_of_ours_never_reaches_sql(shared: Warehouse, identifier: str) -> None:
    with pytest.raises(ValueError, match="no table or column of ours"):
        shared.select(identifier)
    with pytest.raises(ValueError, match="no table or column of ours"):
        shared.delete("landing.stale_facts", **{identifier: 1})
    with pytest.raises(ValueError, match="no table or column of ours"):
        shared.insert(identifier, polars.DataFrame([STALE]))


def test_a_hostile_value_stays_a_value(warehouse: Warehouse) -> None:
    hostile = "x'; drop table landing.stale_facts; --\x00\u202e"
    mark(warehouse, connection=hostile)

    assert warehouse.select("landing.stale_facts", connection=hostile)["connection"].to_list() == [hostile]


# Queries


def test_only_the_parameters_that_a_query_uses_are_bound(warehouse: Warehouse, queries: Path) -> None:
    (queries / "ask.sql").write_text("-- $unused and $other\nselect $used as used, $used as again", encoding="utf-8")

    assert warehouse.frame("ask", used=7, unused=8, more=9).to_dicts() == [{"used": 7, "again": 7}]


def test_a_parameter_that_is_not_given_is_told(warehouse: Warehouse, queries: Path) -> None:
    (queries / "ask.sql").write_text("select $used as used", encoding="utf-8")

    with pytest.raises(StorageError, match="parameter"):
        warehouse.frame("ask", other=1)


def test_values_arrive_in_their_own_type(warehouse: Warehouse, queries: Path) -> None:
    (queries / "ask.sql").write_text("select $a as a, $b as b, $c as c, $d as d", encoding="utf-8")
    moment = datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    (row,) = warehouse.frame("ask", a=Decimal("0.10"), b=moment, c=("x", "y"), d=None).to_dicts()

    assert row == {"a": Decimal("0.10"), "b": datetime(2026, 10, 1), "c": ["x", "y"], "d": None}  # noqa: DTZ001


def test_rows_of_a_query_are_appended_by_name(warehouse: Warehouse, queries: Path) -> None:
    (queries / "more.sql").write_text(
        "-- $billing_period\nselect $billing_period as billing_period, 'p' as provider, 'c' as connection",
        encoding="utf-8",
    )
    warehouse.insert_query("landing.stale_facts", "more", billing_period="2026-10", unused=1)

    assert warehouse.select("landing.stale_facts").to_dicts() == [STALE | {"connection": "c"}]


def test_a_query_that_is_not_there_is_named(warehouse: Warehouse) -> None:
    with pytest.raises(StorageError, match="no query facts/none"):
        warehouse.run("facts/none")


def test_times_are_naive_utc_inside_and_aware_outside() -> None:
    moment = datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert naive_utc(moment) == datetime(2026, 10, 1)  # noqa: DTZ001
    assert aware_utc(naive_utc(moment)) == moment


def test_a_naive_time_is_refused_rather_than_read_in_this_machines_zone(warehouse: Warehouse, queries: Path) -> None:
    (queries / "ask.sql").write_text("select $a as a", encoding="utf-8")

    with pytest.raises(ValueError, match="naive"):
        warehouse.frame("ask", a=datetime(2026, 10, 1))  # noqa: DTZ001 - what must be refused


# Transactions


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("failure", [Stopped(), ValueError(), KeyboardInterrupt()])
def test_a_transaction_is_all_or_nothing(warehouse: Warehouse, failure: BaseException) -> None:
    mark(warehouse)

    with pytest.raises(type(failure)):
        delete_and_stop(warehouse, failure)

    assert months(warehouse) == ["2026-10"]


def delete_and_stop(warehouse: Warehouse, failure: BaseException) -> None:
    with warehouse.transaction():
        warehouse.delete("landing.stale_facts", connection="main")
        mark(warehouse, billing_period="2026-11")
        raise failure


def test_refused_rows_undo_their_transaction_and_the_next_one_works(warehouse: Warehouse) -> None:
    mark(warehouse)

    with pytest.raises(RefusedRowsError), warehouse.transaction():
        mark(warehouse, connection=None)
    with warehouse.transaction():
        mark(warehouse, billing_period="2026-12")

    assert months(warehouse) == ["2026-10", "2026-12"]


# One file, one writer

_HOLD = """
import sys, time
from pathlib import Path
import duckdb
import polars
from tallybook.warehouse import open_warehouse
with open_warehouse(Path(sys.argv[1])) as warehouse:
    row = {"connection": "main", "provider": "p", "billing_period": sys.argv[2]}
    warehouse.insert("landing.stale_facts", polars.DataFrame([row]))
    print("holding", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(data_dir: Path, month: str = "2026-10") -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", _HOLD, str(data_dir), month]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_told_to_wait_and_works_once_the_first_one_ended(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder:
        began = time.monotonic()
        with (
            pytest.raises(StorageError, match="is in use by another tallybook process"),
            open_warehouse(tmp_path, wait_seconds=0.2),
        ):
            pass
        assert 0.2 <= time.monotonic() - began < 2
        holder.communicate("\n", timeout=20)

    with open_warehouse(tmp_path, wait_seconds=0.2) as warehouse:
        assert months(warehouse) == ["2026-10"]


def test_what_was_committed_survives_a_killed_process_and_its_lock_does_not(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(timeout=20)

    with open_warehouse(tmp_path, wait_seconds=0.2) as warehouse:
        assert months(warehouse) == ["2026-10"]


def test_within_one_process_too_only_one_warehouse_is_open(tmp_path: Path) -> None:
    with (
        open_warehouse(tmp_path),
        pytest.raises(StorageError, match="in use"),
        open_warehouse(tmp_path, wait_seconds=0.1),
    ):
        pass


def test_a_damaged_file_says_how_to_make_it_anew(tmp_path: Path) -> None:
    (tmp_path / "tallybook.duckdb").write_bytes(b"no database" * 1000)

    with pytest.raises(StorageError, match="run 'tallybook rebuild'"), open_warehouse(tmp_path):
        pass


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file", encoding="utf-8")

    with pytest.raises(StorageError, match="cannot be written"), open_warehouse(tmp_path / "var" / "data"):
        pass


# Made anew


def fill(warehouse: Warehouse) -> str:
    mark(warehouse, billing_period="2027-01")
    return "filled"


def test_a_new_warehouse_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as warehouse:
        mark(warehouse)

    assert remake_warehouse(tmp_path, fill) == "filled"

    with open_warehouse(tmp_path) as warehouse:
        assert months(warehouse) == ["2027-01"]


def test_a_new_warehouse_that_fails_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as warehouse:
        mark(warehouse)
    before = sorted(path.name for path in tmp_path.iterdir())

    def failing(warehouse: Warehouse) -> None:
        fill(warehouse)
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        remake_warehouse(tmp_path, failing)

    assert sorted(path.name for path in tmp_path.iterdir()) == before
    with open_warehouse(tmp_path) as warehouse:
        assert months(warehouse) == ["2026-10"]


def test_what_a_killed_process_left_in_its_log_does_not_reach_the_new_warehouse(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(timeout=20)
    assert (tmp_path / "tallybook.duckdb.wal").exists()

    remake_warehouse(tmp_path, fill)

    with open_warehouse(tmp_path) as warehouse:
        assert months(warehouse) == ["2027-01"]


def test_a_warehouse_cannot_be_made_anew_while_another_process_uses_it(tmp_path: Path) -> None:
    with another_process(tmp_path), pytest.raises(StorageError, match="in use"):
        remake_warehouse(tmp_path, fill, wait_seconds=0.1)


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    for month in ("2026-10", "2026-11"):
        with open_warehouse(tmp_path) as warehouse:
            mark(warehouse, billing_period=month)

    with open_warehouse(tmp_path) as warehouse:
        assert months(warehouse) == ["2026-10", "2026-11"]


def test_settings_of_an_insert_end_with_it_also_when_it_is_refused(warehouse: Warehouse, queries: Path) -> None:
    settings = "preserve_insertion_order", "disabled_compression_methods"
    during = ", ".join(f"current_setting('{name}') as {name}" for name in settings)
    (queries / "now.sql").write_text(f"select {during}", encoding="utf-8")
    (queries / "none.sql").write_text("select null as preserve_insertion_order", encoding="utf-8")
    columns = "preserve_insertion_order boolean not null, disabled_compression_methods varchar"
    warehouse._execute(f"create table facts.settings ({columns})", {})
    warehouse.insert_query("facts.settings", "now")

    with pytest.raises(RefusedRowsError):
        warehouse.insert_query("facts.settings", "none")

    assert warehouse.select("facts.settings").rows() == [(False, "BitPacking")]
    assert warehouse.frame("now").rows() == [(True, "")]  # or rows that are read may come in any order


def test_a_warehouse_keeps_to_its_limits(tmp_path: Path, queries: Path) -> None:
    (queries / "settings.sql").write_text(
        "select name, value from duckdb_settings() where name in ('memory_limit', 'threads', 'temp_directory')"
    )
    limits = Limits(memory_bytes=128 * 2**20, threads=1, temp_dir=tmp_path / "scratch")

    with open_warehouse(tmp_path / "var", limits=limits) as warehouse:
        found = dict(warehouse.frame("settings").iter_rows())

    assert found == {"memory_limit": "128.0 MiB", "threads": "1", "temp_directory": str(tmp_path / "scratch")}


# Upgrades


def test_a_warehouse_of_other_tables_says_to_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_warehouse(tmp_path) as made:
        mark(made)
    with open_warehouse(tmp_path) as again:
        assert months(again) == ["2026-10"]

    monkeypatch.setattr(
        "tallybook.warehouse.definitions", lambda: [*definitions(), "create table if not exists a (b int)"]
    )
    with pytest.raises(StorageError, match="run 'tallybook rebuild'"), open_warehouse(tmp_path):
        pass

    remake_warehouse(tmp_path, mark)
    with open_warehouse(tmp_path) as anew:
        assert months(anew) == ["2026-10"]


def test_a_warehouse_from_before_layouts_were_kept_says_so_too(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as old:
        old._execute("drop table landing.layout; drop table landing.prepared", {})

    with pytest.raises(StorageError, match="another version"), open_warehouse(tmp_path):
        pass


def test_a_comment_and_a_view_make_no_other_tables() -> None:
    same = ["create table a (b int)", "-- said otherwise\ncreate table a\n    (b int)\n"]

    assert tables_sha256(same[:1]) == tables_sha256([same[1], "create or replace view v as select 1"])
    assert tables_sha256(same[:1]) != tables_sha256(["create table a (b int, c int)"])


def test_tables_and_views_are_made_once_and_again_when_another_version_defines_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(tmp_path) as warehouse:
        warehouse._execute("create or replace view facts.told as select 'by hand' as said", {})
    with open_warehouse(tmp_path) as warehouse:
        assert warehouse.select("facts.told")["said"].to_list() == ["by hand"]

    more = [*definitions(), "create or replace view facts.told as select 'anew' as said"]
    monkeypatch.setattr("tallybook.warehouse.definitions", lambda: more)
    with open_warehouse(tmp_path) as warehouse:
        assert warehouse.select("facts.told")["said"].to_list() == ["anew"]


def test_a_warehouse_that_an_older_version_made_is_opened(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "tallybook.duckdb"), config={"storage_compatibility_version": "v1.0.0"}).close()

    with open_warehouse(tmp_path) as opened:
        opened.insert("landing.stale_facts", polars.DataFrame([STALE]))
    with open_warehouse(tmp_path) as opened:
        assert opened.select("landing.stale_facts").to_dicts() == [STALE]


def kept(warehouse: Warehouse) -> int:
    used = warehouse._frame("select sum(memory_usage_bytes) as bytes from duckdb_memory()", {})
    return int(used["bytes"][0])


def test_memory_that_keeps_what_was_read_is_given_back_also_within_a_transaction(tmp_path: Path) -> None:
    with open_warehouse(tmp_path, limits=Limits(memory_bytes=128 * 2**20, threads=1)) as warehouse:
        warehouse._execute("create table marts.long as select range as n, hash(range) as h from range(4000000)", {})
        warehouse._execute("checkpoint", {})
        with warehouse.transaction():
            warehouse.select("marts.long")
            full = kept(warehouse)
            warehouse.give_back()
            assert kept(warehouse) < full / 4
            assert warehouse.select("marts.long").height == 4_000_000
        limit = warehouse._frame("select current_setting('memory_limit') as told", {})["told"][0]

    assert limit == "128.0 MiB"


def test_little_memory_is_kept_for_what_reads_it_again(tmp_path: Path) -> None:
    with open_warehouse(tmp_path, limits=Limits(memory_bytes=128 * 2**20, threads=1)) as warehouse:
        warehouse._execute("create table marts.short as select range as n, hash(range) as h from range(100000)", {})
        warehouse._execute("checkpoint", {})
        warehouse.select("marts.short")
        full = kept(warehouse)
        warehouse.give_back()

        assert kept(warehouse) == full > 0


def test_the_limit_stays_the_very_one_however_often_memory_is_given_back(tmp_path: Path) -> None:
    """DuckDB says 1.4 GiB of 1,500 MiB, 1.3 GiB of 1.4 and so on."""
    with open_warehouse(tmp_path, limits=Limits(memory_bytes=1500 * 2**20, threads=1)) as warehouse:
        for _ in range(3):
            warehouse.give_back()
        limit = warehouse._frame("select current_setting('memory_limit') as told", {})["told"][0]

    assert limit == "1.4 GiB"


def test_a_warehouse_in_memory_gives_back_too() -> None:
    with Warehouse.in_memory() as warehouse:
        warehouse.give_back()


def test_what_a_killed_process_left_of_what_did_not_fit_is_removed(tmp_path: Path) -> None:
    left = [folder / "duckdb_temp_storage_DEFAULT-0.tmp" for folder in (tmp_path / "tmp", tmp_path / "shared")]
    for path in left:
        path.parent.mkdir()
        path.write_bytes(b"rows")

    with open_warehouse(tmp_path):
        assert [path.exists() for path in left] == [False, True]
    with open_warehouse(tmp_path, limits=Limits(memory_bytes=2**27, threads=1, temp_dir=tmp_path / "shared")):
        assert left[1].exists()  # others may be at work there
