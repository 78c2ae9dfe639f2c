"""Misbehaviour on demand: a layer around the providers' routes, deterministic by seed, request and world hour.

A request that a fault chooses is hit the first time it is made; the same request made again passes, so a client
that tries again gets through. The fault gap lasts as long as its hours do.
"""

import asyncio
from collections.abc import Iterable
from hashlib import blake2b

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallybook.sandbox import chance
from tallybook.sandbox.answers import Clock
from tallybook.sandbox.hours import instant_of

ONE_IN = {"rate-limit": 5, "server-error": 10, "unavailable": 10, "truncated": 10, "slow": 10}
"""Faults of single requests, in the order in which they strike, and how many requests share one."""

ELSEWHERE = ("gap", "restated", "hostile-names", "wrong-window", "unknown-fields", "old-server")
KNOWN = (*ONE_IN, *ELSEWHERE)
SLOW_SECONDS = 0.3
GAP_DAY, GAP_HOURS = 10, range(7, 12)
SAMPLED = ("/openscaler/", "/syseleven/")

_STATUS = {"rate-limit": 429, "server-error": 500, "unavailable": 503}


def check_names(names: Iterable[str]) -> frozenset[str]:
    """The faults by name.

    Raises:
        ValueError: a name is unknown; the known ones are listed.
    """
    found = frozenset(names)
    unknown = sorted(found - set(KNOWN))
    if unknown:
        raise ValueError(f"unknown fault {', '.join(unknown)}; known are {', '.join(sorted(KNOWN))}")
    return found


def is_gap(hour: int) -> bool:
    """Whether the sampled providers are away: 07:00 to 11:59 on the 10th of each month."""
    instant = instant_of(hour)
    return instant.day == GAP_DAY and instant.hour in GAP_HOURS


class FaultLayer:
    """ASGI layer around the providers; it remembers which requests have been hit."""

    def __init__(self, app: ASGIApp, *, faults: frozenset[str], seed: int, clock: Clock) -> None:
        self._app = app
        self._faults = faults
        self._seed = seed
        self._clock = clock
        self._hit: set[tuple[str, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_provider(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await _read_body(receive)
        refusal = self._refusal(scope, body)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if self._strikes("slow", _request_key(scope, body, self._clock)):
            await asyncio.sleep(SLOW_SECONDS)
        cut = self._strikes("truncated", _request_key(scope, body, self._clock))
        await self._app(scope, _replay(body), _truncated(send) if cut else send)

    def _refusal(self, scope: Scope, body: bytes) -> Response | None:
        """The answer of a fault that comes instead of the provider's."""
        if "gap" in self._faults and is_gap(self._clock.hour) and scope["path"].startswith(SAMPLED):
            return JSONResponse({"message": "maintenance"}, 503)
        key = _request_key(scope, body, self._clock)
        for fault, status in _STATUS.items():
            if self._strikes(fault, key):
                headers = {"Retry-After": "1"} if fault == "rate-limit" else None
                return JSONResponse({"message": f"sandbox fault {fault}"}, status, headers=headers)
        return None

    def _strikes(self, fault: str, key: str) -> bool:
        """Whether the fault is on, chooses the request, and has not hit it before."""
        if fault not in self._faults or (fault, key) in self._hit:
            return False
        if chance.number(self._seed, fault, key) % ONE_IN[fault]:
            return False
        self._hit.add((fault, key))
        return True


def _is_provider(path: str) -> bool:
    return path.startswith((*SAMPLED, "/nodeconductor/", "/ocore/", "/scaleops/"))


def _request_key(scope: Scope, body: bytes, clock: Clock) -> str:
    """What makes a request distinct: method, address, body, and the world's hour."""
    digest = blake2b(body, digest_size=16).hexdigest()
    query = scope["query_string"].decode("latin-1")
    return f"{scope['method']} {scope['path']}?{query} {digest} {clock.hour}"


async def _read_body(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _truncated(send: Send) -> Send:
    """Sends half of the body and leaves the answer open; the server then closes the connection."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return cut
