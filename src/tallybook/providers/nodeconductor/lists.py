"""The lists of customers, project groups and projects: where the uuids come from.

The statistics document does not describe them; the fields are those of the server's own API. An object is kept
whole as JSON text, and only what usage needs becomes columns.
"""

import uuid
from typing import Annotated, Any

import msgspec

from tallybook.contract import Columns, Request
from tallybook.decode import decode, decode_answer
from tallybook.periods import parse_instant

_KNOWN = frozenset(
    {
        *("abbreviation", "contact_details", "created", "customer", "customer_abbreviation", "customer_name"),
        *("customer_native_name", "customer_uuid", "description", "name", "native_name", "owners"),
        *("project_groups", "projects", "quotas", "resource_quota", "resource_quota_usage", "url", "uuid"),
    }
)


class Owner(msgspec.Struct, frozen=True):
    """The customer that something belongs to."""

    uuid: str
    name: str


class Listed(msgspec.Struct, frozen=True):
    """One object of a list. A project names its customer, a project group only by url and name."""

    uuid: Annotated[str, msgspec.Meta(pattern=r"\S")]  # without one the server answers for all, or for nothing
    name: str
    customer: str | None = None
    customer_uuid: str | None = None
    customer_name: str | None = None
    created: str | None = None

    def owner(self, aggregate: str) -> Owner:
        """The customer; its uuid is the last part of its url where the list does not give it."""
        if aggregate == "customer":
            return Owner(hexadecimal(self.uuid), self.name)
        identity = self.customer_uuid or (self.customer or "").rstrip("/").rpartition("/")[2]
        return Owner(hexadecimal(identity), self.customer_name or "")


def read_list(body: bytes) -> list[Listed]:
    """One page of a list. Raises SchemaError naming what does not fit."""
    return decode_answer(body, list[Listed])


def list_columns(body: bytes, request: Request, aggregate: str) -> tuple[Columns, tuple[str, ...]]:
    """Rows of `aggregates`, and notes about fields that the server's API did not have."""
    rows, documents = read_list(body), decode(body, list[msgspec.Raw])
    owners = [row.owner(aggregate) for row in rows]
    columns: dict[str, list[Any]] = {
        "aggregate": [aggregate] * len(rows),
        "page": [int(request.asked["page"])] * len(rows),
        "position": list(range(len(rows))),
        "uuid": [hexadecimal(row.uuid) for row in rows],
        "name": [row.name for row in rows],
        "customer_uuid": [owner.uuid for owner in owners],
        "customer_name": [owner.name for owner in owners],
        "created": [row.created for row in rows],
        "created_at": [_instant(row.created) for row in rows],
        "document": [msgspec.json.format(bytes(document), indent=-1).decode() for document in documents],
    }
    names = {name for row in decode(body, list[dict[str, msgspec.Raw]]) for name in row}
    return columns, tuple(f"unknown field {name}: kept" for name in sorted(names - _KNOWN))


def hexadecimal(text: str) -> str:
    """A uuid as 32 hex digits: with dashes it silently matches nothing on some of the server's databases."""
    try:
        return uuid.UUID(text).hex
    except ValueError:
        return text


def _instant(text: str | None) -> Any:
    """Naive UTC, as the warehouse keeps it; None when it is missing or no time."""
    try:
        return parse_instant(text).replace(tzinfo=None) if text else None
    except (ValueError, OverflowError):
        return None
