"""Usage answers with nothing to tell about them, read whole by Arrow: one series of the asked name and segments."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallybook.arrow_json import EXACT, read_object, read_rows
from tallybook.contract import Columns
from tallybook.providers.nodeconductor.numbers import is_amount

_POINT = pa.struct([("from", pa.int64()), ("to", pa.int64()), ("value", EXACT)])
_SERIES = pa.schema([("series", pa.list_(pa.struct([("name", pa.string()), ("datapoints", pa.list_(_POINT))])))])


def read_points(body: bytes, asked: Mapping[str, str]) -> Columns | None:
    """The datapoints as columns of staging; None for any other answer, which is read point by point."""
    answer = read_object(b'{"series":' + body + b"}", _SERIES)
    series = answer and read_rows(answer["series"])
    if not series or len(series) != 1 or series[0]["name"].as_py() != asked["name"]:
        return None
    points = read_rows(series[0]["datapoints"])
    if points is None:
        return None
    starts, ends, values = points.flatten()
    if not _are_as_asked(starts, ends, asked) or not all(map(is_amount, pc.min_max(values).as_py().values())):
        return None
    columns: dict[str, Any] = {
        "position": pa.array(range(len(starts)), pa.int64()),
        "from_epoch": starts,
        "to_epoch": ends,
        "from_at": starts.cast(pa.timestamp("s")),
        "to_at": ends.cast(pa.timestamp("s")),
        "value": values,
    }
    return columns


def _are_as_asked(starts: pa.Array, ends: pa.Array, asked: Mapping[str, str]) -> bool:
    """Whether the segments lie within the asked time, each as long as asked for, none of them twice."""
    if starts.null_count or ends.null_count:
        return False
    if not len(starts):
        return True
    first, last = int(asked["from"]), int(asked["to"])
    lengths = pc.min_max(pc.subtract(ends, starts)).as_py()
    return (
        set(lengths.values()) == {(last - first) // int(asked["datapoints"])}
        and first <= pc.min(starts).as_py()
        and pc.max(ends).as_py() <= last
        and pc.count_distinct(starts).as_py() == len(starts)
    )
