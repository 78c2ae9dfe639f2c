"""Snapshots that are plainly as documented, read whole by Arrow; any other is read figure by figure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallybook.arrow_json import WIDE, are_figures, read_object, read_rows
from tallybook.providers.openscaler.checks import Levels
from tallybook.providers.openscaler.shapes import ACCOUNT, VM, VPC

WORDS = {"vm_id": pa.int64(), **dict.fromkeys(("name", "state", "region", "created_at", "os"), pa.string())}
_TEXTS = len(WORDS) - 1
_TEXT = re.compile(rb'"\s*:\s*"')  # a field that is a text; none holds such a thing, if no quote is escaped


def _numbers(keys: Mapping[str, str]) -> list[tuple[str, pa.DataType]]:
    return [(key, WIDE) for key in keys.values()]


_VMS = pa.list_(pa.struct([*WORDS.items(), *_numbers(VM)]))
_VPCS = pa.list_(pa.struct([("vpc_id", pa.int64()), *_numbers(VPC)]))
_DATA = pa.struct([*_numbers(ACCOUNT), ("vms", _VMS), ("vpcs", _VPCS)])
_SCHEMA = pa.schema([("timestamp", pa.int64()), ("step", pa.int64()), ("data", _DATA)])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as columns of staging: one row for the account, one for each machine, one for each network."""

    timestamp: int
    live: dict[str, pa.Array]
    vms: dict[str, pa.Array]
    vpcs: dict[str, pa.Array]


def read_plain(body: bytes) -> Snapshot | None:
    """The snapshot; None when it is not as documented, or its numbers have more digits than Arrow reads."""
    answer = None if b"\\" in body else read_object(body, _SCHEMA)
    if answer is None or not all(answer[name].is_valid for name in _SCHEMA.names):
        return None
    data = answer["data"]
    vms, vpcs = read_rows(data["vms"]), read_rows(data["vpcs"])
    if vms is None or vpcs is None or len(_TEXT.findall(body)) != _TEXTS * len(vms):
        return None  # a number in quotes is one text too many, and Arrow would take it
    snapshot = Snapshot(
        timestamp=answer["timestamp"].as_py(),
        live={name: pa.array([answer[name].as_py()], pa.int64()) for name in ("timestamp", "step")}
        | {column: pa.array([data[key].as_py()], WIDE) for column, key in ACCOUNT.items()},
        vms={name: vms.field(name) for name in WORDS} | {column: vms.field(key) for column, key in VM.items()},
        vpcs={"vpc_id": vpcs.field("vpc_id")} | {column: vpcs.field(key) for column, key in VPC.items()},
    )
    return snapshot if _is_whole(snapshot) else None


def _is_whole(snapshot: Snapshot) -> bool:
    """Whether nothing is absent, but figures of machines that do not run, and each figure can be one."""
    idle = pc.not_equal(pc.utf8_lower(snapshot.vms["state"]), "running")
    rows = [*snapshot.live.values(), *snapshot.vpcs.values(), *(snapshot.vms[name] for name in WORDS)]
    return (
        not any(column.null_count for column in rows)
        and all(_are_kept(column) for column in (*rows, *snapshot.vms.values()))
        and all(pc.all(pc.or_(pc.is_valid(snapshot.vms[name]), idle), min_count=0).as_py() for name in VM)
        and all(pc.count_distinct(ids).as_py() == len(ids) for ids in (snapshot.vms["vm_id"], snapshot.vpcs["vpc_id"]))
    )


def _are_kept(column: pa.Array) -> bool:
    """Whether these are words, or numbers that a figure can have and that are not below zero."""
    if column.type != WIDE:
        return True
    least = pc.min(column).as_py()
    return are_figures(column) and (least is None or least >= 0)


def levels_of(snapshot: Snapshot) -> Levels:
    """What its notes are made from."""
    account: dict[str, Any] = {column: snapshot.live[column][0].as_py() for column in ACCOUNT}
    return Levels(
        account=account,
        cpus=snapshot.vms["cpu"].to_pylist(),
        networks={column: snapshot.vpcs[column].to_pylist() for column in VPC},
    )
