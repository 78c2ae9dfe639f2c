"""Answers of NodeConductor for one customer with two projects in October 2026."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tallybook.contract import Request

CUSTOMER = "c0000000000000000000000000000001"
WAREHOUSE = "a0000000000000000000000000000001"
ARCHIVE = "a0000000000000000000000000000002"
START = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
LISTS = {"customer": "customers", "project_group": "project-groups", "project": "projects"}

Answer = tuple[Request, bytes]


def listed(aggregate: str, body: bytes, *, page: int = 1) -> Answer:
    """A page of a list."""
    kind = LISTS[aggregate]
    return Request(kind, f"/api/{kind}/", params=(("page", str(page)),), asked={"page": str(page)}), body


def hours_of(values: Sequence[object], *, first: int = 0) -> list[dict[str, Any]]:
    """Datapoints of consecutive hours, from the month's hour `first`."""
    start = START + first * 3600
    return [
        {"from": start + index * 3600, "to": start + (index + 1) * 3600, "value": value}
        for index, value in enumerate(values)
    ]


def series(*named: tuple[str, Sequence[dict[str, Any]]]) -> bytes:
    """The document of some series."""
    return json.dumps([{"name": name, "datapoints": list(points)} for name, points in named]).encode()


def usage_request(
    item: str = "memory", *, aggregate: str = "project", uuid: str = WAREHOUSE, name: str = "Warehouse"
) -> Request:
    """The question for one series."""
    asked = {"aggregate": aggregate, "uuid": uuid, "item": item, "name": name}
    bounds = {"from": str(START), "to": str(START + 744 * 3600), "datapoints": "744"}
    return Request("usage", "/api/stats/usage/", params=tuple(asked.items()), asked=asked | bounds)


def usage(item: str, points: Sequence[dict[str, Any]], **of: str) -> Answer:
    """One answered series."""
    return usage_request(item, **of), series((of.get("name", "Warehouse"), points))
