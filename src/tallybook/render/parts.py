"""Tables that are too long for memory, as Parquet and CSV."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow
from pyarrow.parquet import ParquetWriter

from tallybook.limits import give_back_memory
from tallybook.render.csv import aware, is_constant, render_csv

_ROWS = 50_000  # of CSV at once


def write_parts(parts: Iterable[pyarrow.Table], folder: Path, name: str) -> None:
    """Write <name>.parquet and <name>.csv from the parts of one table, in their order; there is at least one. OSError.

    The rows of each part are put in a fixed order: by all columns from the left, null behind the rest. Naive times are
    UTC. A part is written while the next one is made, so that two of them are in memory.
    """
    drawn = iter(parts)
    first = next(drawn)
    schema = first.schema
    with (
        (folder / f"{name}.csv").open("wb") as lines,
        ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as rows,
        ThreadPoolExecutor(1) as beside,
    ):

        def write(part: pl.DataFrame) -> None:
            rows.write_table(part.to_arrow().cast(schema))
            for start in range(0, part.height, _ROWS):
                lines.write(render_csv(aware(part.slice(start, _ROWS)), with_header=False))

        lines.write(render_csv(aware(pl.DataFrame(schema.empty_table()))))
        last = beside.submit(write, _in_order(first))
        del first  # or it would be in memory until the end
        for frame in map(_in_order, drawn):
            last.result()
            give_back_memory()
            last = beside.submit(write, frame)
        last.result()


def _in_order(part: pyarrow.Table) -> pl.DataFrame:
    """The rows in the order of all columns; those that are the same in all rows, most of them, decide nothing.

    Less than half of what DuckDB's `order by all` takes, which makes a key of every column.
    """
    frame = pl.DataFrame(part)
    deciding = [column.name for column in frame if not is_constant(column)]
    if not deciding:
        return frame
    order = frame.select(pl.arg_sort_by(deciding, nulls_last=True)).to_series()
    return frame.with_columns(frame.select(deciding)[order])
