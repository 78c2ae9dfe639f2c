"""Answers of NodeConductor as rows."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from tallybook.contract import Columns, Parsed, Request
from tallybook.decode import decode, decode_answer, unknown_fields, unknown_names
from tallybook.providers.nodeconductor.checks import odd_series
from tallybook.providers.nodeconductor.lists import list_columns
from tallybook.providers.nodeconductor.numbers import decimals, instants
from tallybook.providers.nodeconductor.plain import read_points
from tallybook.providers.nodeconductor.plan import LISTS
from tallybook.providers.nodeconductor.shapes import Datapoint, Series

_AGGREGATES = {kind: aggregate for aggregate, kind in LISTS.items()}
_USAGE_KEYS = ("aggregate", "uuid", "item")


class Count(msgspec.Struct, rename={"from_": "from"}, frozen=True):
    """How many objects were created in `[from, to)`."""

    from_: int
    to: int
    value: int


class Customer(msgspec.Struct, frozen=True):
    """What a customer has. `abbreviation` is answered but not documented."""

    name: str
    projects: int
    project_groups: int
    instances: int
    abbreviation: str | None = None


class Resource(msgspec.Struct, frozen=True):
    """Capacity of a cloud: *_mb and the two quotas MiB, *_gb GiB. Statistics may arrive as text ("7660")."""

    vcpus_used: Decimal
    vcpu_quota: Decimal
    vcpus: Decimal
    free_ram_mb: Decimal
    memory_mb_used: Decimal
    memory_quota: Decimal
    memory_mb: Decimal
    free_disk_gb: Decimal
    storage_quota: Decimal


class Quota(msgspec.Struct, frozen=True):
    """Limits and what of them is used. Any key may be missing; {} is no cloud at all. ram and storage MiB."""

    vcpu: Decimal | None = None
    ram: Decimal | None = None
    storage: Decimal | None = None
    max_instances: Decimal | None = None
    vcpu_usage: Decimal | None = None
    ram_usage: Decimal | None = None
    storage_usage: Decimal | None = None
    max_instances_usage: Decimal | None = None


def parse_usage(body: bytes, request: Request) -> Parsed:
    """Rows of usage_series and usage_points, or of aggregates for a page of a list.

    One object is asked for. Of several answered series only the one that has its name counts.
    """
    if request.kind in _AGGREGATES:
        columns, said = list_columns(body, request, _AGGREGATES[request.kind])
        return Parsed(tables={"aggregates": columns}, notes=said)
    plain = read_points(body, request.asked)
    return _read_point_by_point(body, request) if plain is None else _plain_usage(plain, request)


def _plain_usage(points: Columns, request: Request) -> Parsed:
    """Rows of the one series that was asked for, with nothing to tell about it."""
    count = len(points["from_epoch"])
    keys = {name: request.asked[name] for name in _USAGE_KEYS}
    stamps = {**keys, "series_position": 0, "is_asked": True, "unknown_fields": ""}
    series = {
        **keys,
        "position": 0,
        "name": request.asked["name"],
        "point_count": count,
        "are_points_distinct": True,
        "is_asked": True,
        "unknown_fields": "",
    }
    return Parsed(
        tables={
            "usage_series": {name: [value] for name, value in series.items()},
            "usage_points": {**points, **{name: pa.repeat(value, count) for name, value in stamps.items()}},
        }
    )


def _read_point_by_point(body: bytes, request: Request) -> Parsed:
    series = decode_answer(body, list[Series])
    raw = decode(body, list[dict[str, Any]])
    counts = _counted(series, request)
    unknown = unknown_fields(raw, Series)
    unknown_in_points = unknown_fields((point for one in raw for point in one["datapoints"]), Datapoint)
    points = _point_columns(series, request, counts) | {"unknown_fields": unknown_in_points}
    notes = (*_notes([*unknown, *unknown_in_points]), *odd_series(series, counts, request.asked))
    rows: dict[str, Any] = {
        **_asked(request, _USAGE_KEYS, len(series)),
        "position": list(range(len(series))),
        "name": [one.name for one in series],
        "point_count": [len(one.datapoints) for one in series],
        "are_points_distinct": [
            len({point.from_ for point in one.datapoints}) == len(one.datapoints) for one in series
        ],
        "is_asked": counts,
        "unknown_fields": unknown,
    }
    return Parsed(tables={"usage_series": rows, "usage_points": points}, notes=notes)


def _counted(series: Sequence[Series], request: Request) -> list[bool]:
    """A single series is the asked one, also under a new name; else the only one with the asked name is."""
    named = [one.name == request.asked["name"] for one in series]
    return [True] if len(series) == 1 else [is_named and sum(named) == 1 for is_named in named]


def _point_columns(series: Sequence[Series], request: Request, counts: Sequence[bool]) -> dict[str, Any]:
    points = [point for one in series for point in one.datapoints]
    sizes = [len(one.datapoints) for one in series]
    return {
        **_asked(request, _USAGE_KEYS, len(points)),
        "series_position": [index for index, size in enumerate(sizes) for _ in range(size)],
        "is_asked": [is_asked for is_asked, size in zip(counts, sizes, strict=True) for _ in range(size)],
        "position": [position for size in sizes for position in range(size)],
        **_segments(points),
        "value": decimals((point.value for point in points), "datapoints.value"),
    }


def _segments(points: Sequence[Datapoint | Count], *, offset: int = 0) -> dict[str, Any]:
    return {
        "from_epoch": [point.from_ for point in points],
        "to_epoch": [point.to for point in points],
        "from_at": instants(point.from_ - offset for point in points),
        "to_at": instants(point.to - offset for point in points),
    }


def parse_quota(body: bytes, request: Request) -> Parsed:
    """One row of quotas. The lists asked on the way are staged with the usage."""
    if request.kind in _AGGREGATES:
        return Parsed(tables={})
    quota = decode_answer(body, Quota)
    unknown = unknown_fields([decode(body, dict[str, Any])], Quota)
    names = ("aggregate", "uuid", "name", "customer_uuid", "customer_name")
    rows = {**_asked(request, names, 1), **_wide([quota], Quota), "unknown_fields": unknown}
    return Parsed(tables={"quotas": rows}, notes=_notes(unknown))


def parse_customer(body: bytes, request: Request) -> Parsed:
    """Rows of customers. Counts are of what the caller may see."""
    customers = decode_answer(body, list[Customer])
    unknown = unknown_fields(decode(body, list[dict[str, Any]]), Customer)
    names = ("name", "abbreviation", "projects", "project_groups", "instances")
    rows = {
        "position": list(range(len(customers))),
        **{name: [getattr(customer, name) for customer in customers] for name in names},
        "unknown_fields": unknown,
    }
    return Parsed(tables={"customers": rows}, notes=_notes(unknown))


def parse_resource(body: bytes, request: Request) -> Parsed:
    """Rows of resources: documented as a list, shown and served as one object; both are read."""
    is_list = body.lstrip()[:1] == b"["
    resources = decode_answer(body, list[Resource]) if is_list else [decode_answer(body, Resource)]
    raw = decode(body, list[dict[str, Any]]) if is_list else [decode(body, dict[str, Any])]
    unknown = unknown_fields(raw, Resource)
    rows = {
        **_asked(request, ("auth_url",), len(resources)),
        "position": list(range(len(resources))),
        **_wide(resources, Resource),
        "unknown_fields": unknown,
    }
    return Parsed(tables={"resources": rows}, notes=_notes(unknown))


def parse_creation_time(body: bytes, request: Request) -> Parsed:
    """Rows of creation_times; `from_at` and `to_at` are UTC, without the server's clock offset."""
    counts = decode_answer(body, list[Count])
    unknown = unknown_fields(decode(body, list[dict[str, Any]]), Count)
    rows = {
        **_asked(request, ("type",), len(counts)),
        "position": list(range(len(counts))),
        **_segments(counts, offset=int(request.asked.get("offset", "0"))),
        "value": [count.value for count in counts],
        "unknown_fields": unknown,
    }
    return Parsed(tables={"creation_times": rows}, notes=_notes(unknown))


def parse_alert(body: bytes, request: Request) -> Parsed:
    """Rows of alerts, one for each severity that was answered; {} is none. The lists are staged with the usage."""
    if request.kind in _AGGREGATES:
        return Parsed(tables={})
    counts = decode_answer(body, dict[str, int])
    rows = {
        "aggregate": [request.asked["aggregate"]] * len(counts),
        "uuid": [request.asked.get("uuid", "")] * len(counts),
        "asked_from": [int(request.asked["from"])] * len(counts),
        "asked_to": [int(request.asked["to"])] * len(counts),
        "position": list(range(len(counts))),
        "severity": list(counts),
        "alert_count": pa.array(counts.values(), pa.int64()),
    }
    return Parsed(tables={"alerts": rows})


def _asked(request: Request, names: Iterable[str], count: int) -> dict[str, list[str]]:
    return {name: [request.asked[name]] * count for name in names}


def _wide(rows: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: decimals((getattr(row, name) for row in rows), name) for name in kind.__struct_fields__}


def _notes(unknown: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"unknown field {name}: kept" for name in unknown_names(unknown))
