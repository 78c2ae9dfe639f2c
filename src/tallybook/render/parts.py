"""Tables that are too long for memory, as Parquet and CSV."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import groupby
from pathlib import Path

import polars as pl
import pyarrow
from pyarrow.parquet import ParquetWriter

from tallybook.render.csv import aware, is_constant, render_csv

_ROWS = 50_000  # of CSV at once
_GROUP_ROWS = 150_000  # of Parquet at once: a long part is not copied whole
_PIECE_ROWS = 2_000  # on average, or a piece is no gain


def write_parts(parts: Iterable[pyarrow.Table], folder: Path, name: str, *, alike: Sequence[str] = ()) -> None:
    """Write <name>.parquet and <name>.csv from the parts of one table, in their order; there is at least one. OSError.

    The rows of each part are put in a fixed order: by all columns from the left, null behind the rest. Naive times are
    UTC. A part is written while the next one is made, so that two of them are in memory, but of long ones only one.

    `alike` are the first columns, those of one value only left out: rows that have the same in them, of one day and one
    connection, have the same in most others too, which is faster to order and to write.
    """
    drawn = iter(parts)
    first = next(drawn)
    schema = first.schema
    with (
        (folder / f"{name}.csv").open("wb") as lines,
        ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as rows,
        ThreadPoolExecutor(1) as beside,
    ):

        def write(pieces: list[pl.DataFrame]) -> None:
            for some in pl.concat(pieces).iter_slices(_GROUP_ROWS):
                rows.write_table(some.to_arrow().cast(schema))
            for piece in pieces:
                for some in piece.iter_slices(_ROWS):
                    lines.write(render_csv(aware(some), with_header=False))

        def hand_over(pieces: list[pl.DataFrame]) -> Future[None]:
            written = beside.submit(write, pieces)
            if sum(map(len, pieces)) > _GROUP_ROWS:
                wait([written])  # two such parts would take more memory than all before them
            return written

        lines.write(render_csv(aware(pl.DataFrame(schema.empty_table()))))
        last = hand_over(_in_order(first, alike))
        del first  # or it would be in memory until the end
        for pieces in map(partial(_in_order, alike=alike), drawn):  # which keeps no part that is in order
            last.result()
            last = hand_over(pieces)
            del pieces  # or it would be in memory beside the next
        last.result()


def _in_order(part: pyarrow.Table, alike: Sequence[str]) -> list[pl.DataFrame]:
    """The rows in the order of all columns, in pieces."""
    frame = pl.DataFrame(part)
    parting = [name for name in alike if not is_constant(frame[name])]
    if not parting or frame.select(parting).n_unique() * _PIECE_ROWS > frame.height:
        return [_sorted(frame)]
    found = frame.partition_by(parting, as_dict=True, maintain_order=False)
    del frame  # and each piece once it is in order: there is a day of a long month in each of them
    pieces = [_sorted(found.pop(key)) for key in sorted(found, key=lambda key: [(one is None, one) for one in key])]
    return list(_joined(pieces))


def _joined(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The pieces with short neighbours as one: each takes some milliseconds to write."""
    for is_long, run in groupby(pieces, key=lambda piece: piece.height >= _PIECE_ROWS):
        if is_long:
            yield from run
        else:
            yield pl.concat(run, rechunk=True)


def _sorted(piece: pl.DataFrame) -> pl.DataFrame:
    """By the columns that decide: half of what DuckDB's `order by all` takes, which makes a key of every column."""
    deciding = [column.name for column in piece if not is_constant(column)]
    if not deciding:
        return piece
    order = piece.select(pl.arg_sort_by(deciding, nulls_last=True)).to_series()
    return piece.with_columns(piece.select(deciding)[order])
