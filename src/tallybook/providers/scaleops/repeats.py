"""Workloads that a report answers more than once: which of them count is queries/facts/scaleops/costs.sql's to say.

An id is compared without regard to case. Without one a workload is told apart by its names, as they are.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallybook.money import CONTEXT

_NAMES = ("cluster_name", "namespace", "workload_type", "workload_name")
_BETWEEN = "\0"
TELLING = ("id", *_NAMES, "total_cost")
"""The columns that tell workloads apart, and the cost that depends on it."""


def are_ids_distinct(ids: pa.ChunkedArray) -> bool:
    """Whether each workload has an id of its own."""
    named = pc.utf8_lower(ids.filter(pc.not_equal(ids, "")))
    return bool(pc.count_distinct(named).as_py() == len(ids))


def repeats(workloads: Mapping[str, Any]) -> Iterator[str]:
    """Notes on the rows that are answered again, with the cost that depends on it."""
    texts = {name: pa.chunked_array(chunks_of(workloads[name])) for name in ("id", *_NAMES)}
    is_named = pc.not_equal(texts["id"], "")
    names = pc.binary_join_element_wise(*(texts[name] for name in _NAMES), _BETWEEN)
    keys = pc.if_else(is_named, pc.utf8_lower(texts["id"]), pc.binary_join_element_wise("", names, _BETWEEN))
    costs = pa.chunked_array(chunks_of(workloads["total_cost"]))
    rows = pa.table({"key": keys, "row": pa.array(range(len(keys)), pa.int64())})
    firsts = rows.group_by("key").aggregate([("row", "min")])["row_min"]
    again = len(keys) - len(firsts)
    if again:
        left_out = _shown(_total(costs) - _total(costs.take(firsts)))
        yield (
            f"workloads answered more than once: {again} rows too many, kept, the first of each counts and "
            f"{left_out} of cost does not"
        )
    twins = pc.and_(pc.invert(is_named), pc.is_in(names, value_set=names.filter(is_named)))
    if pc.any(twins).as_py():
        yield (
            f"workloads without an id have the names of others with one: {pc.sum(twins).as_py()} rows, "
            f"{_shown(_total(costs.filter(twins)))} of cost that may count twice"
        )


def chunks_of(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    """The arrays that a column is made of."""
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _total(costs: pa.ChunkedArray) -> Decimal:
    return Decimal(pc.sum(costs).as_py() or 0)


def _shown(cost: Decimal) -> str:
    return format(cost.normalize(CONTEXT), "f")
