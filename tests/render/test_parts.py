"""A table in parts is one file of each form, in the order of its parts."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow
import pytest

from tallybook.render import parts as parts_module
from tallybook.render.parts import write_parts


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
