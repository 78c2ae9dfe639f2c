"""Tables that are too long for memory, as Parquet and CSV."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow
from pyarrow.parquet import ParquetWriter

from tallybook.render.csv import render_part

_ROWS = 50_000  # of CSV at once


def write_parts(parts: Iterable[pyarrow.Table], folder: Path, name: str) -> None:
    """Write <name>.parquet and <name>.csv from the parts of one table, in their order; there is at least one. OSError.

    A part is written while the next one is made, so that two of them are in memory.
    """
    drawn = iter(parts)
    first = next(drawn)
    with (
        (folder / f"{name}.csv").open("wb") as lines,
        ParquetWriter(folder / f"{name}.parquet", first.schema, compression="zstd") as rows,
        ThreadPoolExecutor(1) as beside,
    ):

        def write(part: pyarrow.Table) -> None:
            rows.write_table(part)
            for start in range(0, len(part), _ROWS):
                lines.write(render_part(part.slice(start, _ROWS)))

        lines.write(render_part(first.schema.empty_table(), with_header=True))
        last = beside.submit(write, first)
        del first  # or it would be in memory until the end
        for part in drawn:
            last.result()
            last = beside.submit(write, part)
        last.result()
