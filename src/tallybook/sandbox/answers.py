"""Answers over HTTP: exact JSON, the context that every endpoint shares, and the guard before endpoints."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tallybook.sandbox.hours import hour_of
from tallybook.sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
Check = Callable[[Request], Response | None]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
ADDED_FIELD = "xSandboxAdded"


class Keyed(dict[str, object]):
    """An object whose keys are data (regions, flavors, severities), so that no field can be added to it."""


@dataclass(slots=True)
class Clock:
    """The world's now: aware UTC, moved from outside only."""

    now: datetime

    @property
    def hour(self) -> int:
        return hour_of(self.now)

    @property
    def seconds(self) -> int:
        """Unix seconds."""
        return int(self.now.timestamp())


@dataclass(frozen=True, slots=True)
class Context:
    """What endpoints know: the world, its clock, and the misbehaviour asked for."""

    world: World
    clock: Clock
    faults: frozenset[str] = frozenset()

    def encode(self, payload: object) -> bytes:
        """JSON bytes with exact decimals; the fault unknown-fields adds one field to every object."""
        return _ENCODER.encode(add_fields(payload) if "unknown-fields" in self.faults else payload)

    def answer(self, payload: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A JSON answer."""
        return raw_json(self.encode(payload), status=status, headers=headers)


def raw_json(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of bytes that are JSON already."""
    return Response(body, status, headers=headers, media_type="application/json")


def add_fields(payload: object) -> object:
    """The payload with an undocumented field in every object, however deep."""
    if isinstance(payload, Mapping):
        changed = {key: add_fields(value) for key, value in payload.items()}
        return changed if isinstance(payload, Keyed) else {**changed, ADDED_FIELD: "undocumented"}
    if isinstance(payload, list | tuple):
        return [add_fields(value) for value in payload]
    return payload


def guarded(check: Check, endpoint: Endpoint) -> Endpoint:
    """The endpoint behind a check that answers None for a request which may pass."""

    async def answer(request: Request) -> Response:
        refusal = check(request)
        return await endpoint(request) if refusal is None else refusal

    return answer


def has_token(request: Request, *, scheme: str, token: str) -> bool:
    """Whether the Authorization header is exactly scheme (in any case) and token."""
    given_scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given_scheme.lower() == scheme.lower() and compare_digest(given.encode(), token.encode())
