"""A table in parts is one file of each form, in the order of its parts."""

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow
import pyarrow.parquet
import pytest

from tallybook.render import parts as parts_module
from tallybook.render.parts import write_parts

SCHEMA = pyarrow.schema(
    [("year", pyarrow.int64()), ("day", pyarrow.int64()), ("connection", pyarrow.string()), ("cost", pyarrow.int64())]
)


def test_parts_are_one_table_with_one_header_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_ROWS", 2)
    days = pl.datetime_range(pl.datetime(2026, 10, 1), pl.datetime(2026, 10, 5), eager=True)
    rows = pl.DataFrame({"at": days, "name": ["=a", "b", None, "d", "e"]})

    write_parts([rows[:3].to_arrow(), rows[3:].to_arrow()], tmp_path, "rows")

    lines = (tmp_path / "rows.csv").read_bytes().decode().split("\r\n")
    assert lines[0] == "at,name"
    assert lines[1:] == [
        *(f"2026-10-0{day}T00:00:00Z,{name}" for day, name in enumerate(["'=a", "b", "", "d", "e"], 1)),
        "",
    ]
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(rows)


def test_the_rows_of_a_part_are_ordered_by_all_columns_and_null_is_last(tmp_path: Path) -> None:
    day = date(2026, 10, 1)
    schema = pyarrow.schema(
        [("day", pyarrow.date32()), ("name", pyarrow.string()), ("cost", pyarrow.decimal128(38, 12))]
    )
    rows = [
        (day, None, Decimal(1)),
        (day, "b", Decimal(-2)),
        (day, "a", None),
        (day, "a", Decimal(10)),
        (day, "a", Decimal(9)),
    ]
    part = pyarrow.table([list(column) for column in zip(*rows, strict=True)], schema=schema)

    write_parts([part, part[:2]], tmp_path, "rows")

    first = ["2026-10-01,a,9", "2026-10-01,a,10", "2026-10-01,a,", "2026-10-01,b,-2", "2026-10-01,,1"]
    assert (tmp_path / "rows.csv").read_text().split() == ["day,name,cost", *first, *first[3:]]
    assert pyarrow.parquet.read_table(tmp_path / "rows.parquet").schema.equals(schema)


@pytest.mark.parametrize("piece_rows", [1, 2, 5, 1_000])
def test_pieces_of_rows_that_are_alike_change_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_rows: int
) -> None:
    monkeypatch.setattr(parts_module, "_PIECE_ROWS", piece_rows)
    chosen = random.Random(7)  # noqa: S311 - no secret
    rows = [
        (2026, chosen.choice([1, 2, None]), chosen.choice(["b", "a", None]), chosen.randrange(9)) for _ in range(60)
    ]
    names = ("year", "day", "connection", "cost")
    parts = [
        pyarrow.table(dict(zip(names, zip(*some, strict=True), strict=True)), schema=SCHEMA)
        for some in (rows[:40], rows[40:])
    ]

    write_parts(parts, tmp_path, "rows", alike=("day", "connection"))

    expected = [
        row
        for some in (rows[:40], rows[40:])
        for row in sorted(some, key=lambda row: [(one is None, one) for one in row])
    ]
    assert pl.read_parquet(tmp_path / "rows.parquet").rows() == expected
    lines = ["" if one is None else str(one) for row in expected for one in row]
    assert (tmp_path / "rows.csv").read_text().replace("\n", ",").split(",")[4:-1] == lines


def test_equal_rows_are_all_kept(tmp_path: Path) -> None:
    write_parts([pyarrow.table({"name": ["a", "a"]})], tmp_path, "rows")

    assert (tmp_path / "rows.csv").read_bytes() == b"name\r\na\r\na\r\n"


def test_a_table_without_rows_has_its_header(tmp_path: Path) -> None:
    write_parts([pyarrow.schema([("name", pyarrow.string())]).empty_table()], tmp_path, "rows")

    assert (tmp_path / "rows.csv").read_bytes() == b"name\r\n"
    assert pl.read_parquet(tmp_path / "rows.parquet").columns == ["name"]


@pytest.mark.parametrize("last", [False, True])
def test_a_part_that_cannot_be_written_is_told(tmp_path: Path, *, last: bool) -> None:
    def parts() -> Iterator[pyarrow.Table]:
        yield pyarrow.table({"tags": ["a"]})
        yield pyarrow.table({"other": ["a"]})
        if not last:
            yield pyarrow.table({"tags": ["a"]})

    with pytest.raises(ValueError, match="schema"):
        write_parts(parts(), tmp_path, "rows")
