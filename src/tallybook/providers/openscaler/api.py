"""OpenScaler: one live snapshot of the account is asked for, and becomes rows.

Grain: `live` one row per snapshot, `live_vms` and `live_vpcs` one row per machine and network in it. The
snapshot's own `timestamp` is its capture time, so a stale answer keeps its old instant. Keys are flat
strings with dots in them ("memory.used"); reads, writes, rx and tx are rates in bytes per second, the
account's cpu is a mean, its network figures are sums over VPCs.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from tallybook.contract import Auth, Columns, Parsed, Request, Session
from tallybook.credentials import SecretReader
from tallybook.decode import (
    decode,
    decode_answer,
    encode,
    is_figure,
    known_fields,
    number_text,
    unknown_fields,
    unknown_names,
)
from tallybook.errors import SchemaError
from tallybook.http import StaticHeaders
from tallybook.periods import BillingPeriod, parse_instant
from tallybook.providers.openscaler import checks
from tallybook.providers.openscaler.plain import Snapshot, levels_of, read_plain
from tallybook.providers.openscaler.settings import OpenscalerSettings
from tallybook.providers.openscaler.shapes import ACCOUNT, VM, VPC, Account, Live, Metric, Vm, Vpc

RawObject = dict[str, msgspec.Raw]
_NO_TIME = "a created_at of vms is no time: kept as text"


def authenticate(settings: OpenscalerSettings, read_secret: SecretReader) -> Auth:
    """Bearer token; how it could be renewed is not documented."""
    return StaticHeaders({"Authorization": f"Bearer {read_secret(settings.token)}"})


def parameters(settings: OpenscalerSettings) -> Mapping[str, object]:
    """How long a sample holds, in whole seconds."""
    return {"max_gap_seconds": settings.max_gap_seconds}


def plan_live(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """The one question; it has no parameters and knows only now."""
    yield Request("live", "/v1/stats/live")


def parse_live(body: bytes, request: Request) -> Parsed:
    """Rows of one snapshot, captured at its own `timestamp` (unix seconds).

    Raises SchemaError naming the field that is missing, changed its type or cannot be kept.
    """
    snapshot = read_plain(body)
    return _read_figure_by_figure(body) if snapshot is None else _as_columns(snapshot)


def _as_columns(snapshot: Snapshot) -> Parsed:
    """Rows of a snapshot that is as documented."""
    created = [_instant(text) for text in snapshot.vms["created_at"].to_pylist()]
    vms, vpcs = len(created), len(snapshot.vpcs["vpc_id"])
    return Parsed(
        tables={
            "live": {**snapshot.live, "unknown_fields": [""]},
            "live_vms": {
                **snapshot.vms,
                "position": list(range(vms)),
                "created_at_utc": pa.array(created, pa.timestamp("us")),
                "unknown_fields": pa.repeat("", vms),
            },
            "live_vpcs": {**snapshot.vpcs, "position": list(range(vpcs)), "unknown_fields": pa.repeat("", vpcs)},
        },
        notes=(*([_NO_TIME] if None in created else []), *checks.notes(levels_of(snapshot))),
        captured_at=_captured_at(snapshot.timestamp),
    )


def _read_figure_by_figure(body: bytes) -> Parsed:
    live = decode_answer(body, Live)
    top = decode(body, RawObject)
    account = decode(bytes(top["data"]), RawObject)
    raw_vms = decode(bytes(account["vms"]), list[RawObject])
    raw_vpcs = decode(bytes(account["vpcs"]), list[RawObject])
    _check_numbers(live, account, raw_vms, raw_vpcs)
    _refuse_repeats([vm.vm_id for vm in live.data.vms], "vms", "vm_id")
    _refuse_repeats([vpc.vpc_id for vpc in live.data.vpcs], "vpcs", "vpc_id")
    unknown = _unknown_account(top, account)
    unknown_vms = unknown_fields(raw_vms, Vm)
    unknown_vpcs = unknown_fields(raw_vpcs, Vpc)
    created = [_instant(vm.created_at) for vm in live.data.vms]
    return Parsed(
        tables={
            "live": _live_columns(live, unknown),
            "live_vms": _vm_columns(live.data.vms, created, unknown_vms),
            "live_vpcs": _vpc_columns(live.data.vpcs, unknown_vpcs),
        },
        notes=(
            *(f"unknown field {name}: kept" for name in _names(top, account)),
            *(f"unknown field data.vms.{name}: kept" for name in unknown_names(unknown_vms)),
            *(f"unknown field data.vpcs.{name}: kept" for name in unknown_names(unknown_vpcs)),
            *([_NO_TIME] if None in created else []),
            *checks.notes(checks.levels(live.data)),
        ),
        captured_at=_captured_at(live.timestamp),
    )


def _captured_at(timestamp: int) -> datetime:
    try:
        moment = datetime.fromtimestamp(timestamp, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SchemaError(f"timestamp {timestamp} is not a time in unix seconds") from error
    if not 2000 <= moment.year < 2200:
        raise SchemaError(f"timestamp {timestamp} is not a time in unix seconds")
    return moment


def _check_numbers(live: Live, account: RawObject, raw_vms: list[RawObject], raw_vpcs: list[RawObject]) -> None:
    _check_metrics(live.data, account, ACCOUNT, where="data")
    for index, (vm, raw) in enumerate(zip(live.data.vms, raw_vms, strict=True)):
        where = f"data.vms[{index}]"
        _check_metrics(vm, raw, VM, where=where)
        # Only of a machine that does not run may figures be absent: the document shows running ones.
        if vm.state.lower() == "running":  # in another case it counts as running too, and is told
            for column, key in VM.items():
                if getattr(vm, column) is None:
                    raise SchemaError(f"the answer lacks the number `{where}[{key!r}]` of a running machine")
    for index, (vpc, raw) in enumerate(zip(live.data.vpcs, raw_vpcs, strict=True)):
        _check_metrics(vpc, raw, VPC, where=f"data.vpcs[{index}]")


def _check_metrics(item: Metric, raw: RawObject, keys: Mapping[str, str], *, where: str) -> None:
    """The document has no number in quotes (the decoder would take one), below zero or beyond any figure."""
    for column, key in keys.items():
        value: Decimal | None = getattr(item, column)
        if value is None:
            continue
        if bytes(raw[key]).lstrip().startswith(b'"'):
            raise SchemaError(f"a text stands where the document has a number - at `{where}[{key!r}]`")
        if not is_figure(value) or value < 0:
            raise SchemaError(f"the number at `{where}[{key!r}]` is out of range")


def _refuse_repeats(ids: Sequence[int], where: str, name: str) -> None:
    for one, following in zip(sorted(ids), sorted(ids)[1:], strict=False):
        if one == following:
            raise SchemaError(f"data.{where} has {name} {one} twice: it would be counted twice")


def _names(top: RawObject, account: RawObject) -> list[str]:
    texts = unknown_fields([top], Live), unknown_fields([account], Account)
    return unknown_names(texts[0]) + [f"data.{name}" for name in unknown_names(texts[1])]


def _unknown_account(top: RawObject, account: RawObject) -> str:
    """Unknown fields beside `data` and, under that name, those within it; "" when there are none."""
    outer = {name: value for name, value in top.items() if name not in known_fields(Live)}
    inner = {name: value for name, value in account.items() if name not in known_fields(Account)}
    unknown = {**outer, "data": inner} if inner else outer
    return encode(unknown) if unknown else ""


def _live_columns(live: Live, unknown: str) -> Columns:
    return {
        "timestamp": [live.timestamp],
        "step": [live.step],
        **_numbers([live.data], ACCOUNT),
        "unknown_fields": [unknown],
    }


def _vm_columns(vms: Sequence[Vm], created: list[datetime | None], unknown: list[str]) -> Columns:
    words = ("vm_id", "name", "state", "region", "created_at", "os")
    return {
        "position": list(range(len(vms))),
        **{word: [getattr(vm, word) for vm in vms] for word in words},
        "created_at_utc": created,
        **_numbers(vms, VM),
        "unknown_fields": unknown,
    }


def _vpc_columns(vpcs: Sequence[Vpc], unknown: list[str]) -> Columns:
    return {
        "position": list(range(len(vpcs))),
        "vpc_id": [vpc.vpc_id for vpc in vpcs],
        **_numbers(vpcs, VPC),
        "unknown_fields": unknown,
    }


def _numbers(rows: Sequence[Metric], keys: Mapping[str, str]) -> dict[str, list[Any]]:
    return {column: [number_text(getattr(row, column), key) for row in rows] for column, key in keys.items()}


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text).replace(tzinfo=None)  # the warehouse keeps UTC without a zone
    except ValueError:
        return None
