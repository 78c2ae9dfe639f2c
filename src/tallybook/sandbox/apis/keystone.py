"""Keystone v3 as far as SysEleven's API needs it: tokens by password or application credential, one hour long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tallybook.sandbox import chance
from tallybook.sandbox.answers import Context
from tallybook.sandbox.credentials import (
    APPLICATION_CREDENTIALS,
    PASSWORD,
    SYSELEVEN_TOKENS,
    USER_DOMAIN,
    USERNAME,
)

BASE = "/keystone/v3"
LIFETIME = timedelta(hours=1)
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.000000Z"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is good for, and until when."""

    project_id: str
    expires_at: datetime


class TokenStore:
    """Every token that has been issued, until it is revoked; the preset ones never end."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._issued: dict[str, Token] = {}
        self._count = 0

    def issue(self, project_id: str, *, now: datetime) -> tuple[str, Token]:
        """A new token of a project, good for an hour of the world's time."""
        self._count += 1
        text = "gAAAAAB" + chance.hexadecimal(60, self._seed, project_id, now, self._count)
        self._issued[text] = token = Token(project_id, now + LIFETIME)
        return text, token

    def project_of(self, text: str, *, now: datetime) -> str | None:
        """The project of a token that is good at `now`, else None."""
        for project_id, preset in SYSELEVEN_TOKENS.items():
            if text == preset:
                return project_id
        token = self._issued.get(text)
        return token.project_id if token is not None and now < token.expires_at else None

    def revoke_all(self) -> int:
        """Ends every issued token; answers how many there were."""
        count = len(self._issued)
        self._issued.clear()
        return count


def make_routes(context: Context, tokens: TokenStore) -> list[Route]:
    """Keystone's routes below /syseleven."""

    async def describe(request: Request) -> Response:
        link = {"rel": "self", "href": f"{str(request.url).rstrip('/')}/"}
        return context.answer({"version": {"id": "v3.14", "status": "stable", "links": [link]}})

    async def issue(request: Request) -> Response:
        try:
            project_id = find_project(msgspec.json.decode(await request.body()))
        except (msgspec.DecodeError, KeyError, TypeError, IndexError):
            return _error(context, 400, "Bad Request", "The request body is not an identity.")
        if project_id is None:
            return _error(context, 401, "Unauthorized", "The request you have made requires authentication.")
        text, token = tokens.issue(project_id, now=context.clock.now)
        body = _token_body(token, now=context.clock.now)
        return context.answer(body, status=201, headers={"X-Subject-Token": text})

    return [
        Route(BASE, describe),
        Route(f"{BASE}/", describe),
        Route(f"{BASE}/auth/tokens", issue, methods=["POST"]),
    ]


def find_project(body: Mapping[str, Mapping[str, object]]) -> str | None:
    """The project that an authentication request is entitled to, or None.

    An application credential fixes the project, so a scope beside it is refused.

    Raises:
        KeyError, TypeError, IndexError: the body has another shape.
    """
    return _find(msgspec.convert(body, type=dict[str, dict[str, object]])["auth"])


def _find(auth: Mapping[str, object]) -> str | None:
    identity = msgspec.convert(auth["identity"], type=dict[str, object])
    methods = msgspec.convert(identity["methods"], type=list[str])
    if methods == ["application_credential"]:
        if "scope" in auth:
            return None
        given = msgspec.convert(identity["application_credential"], type=dict[str, str])
        secret, project_id = APPLICATION_CREDENTIALS.get(given["id"], ("", ""))
        return project_id if secret and given["secret"] == secret else None
    if methods == ["password"]:
        user = msgspec.convert(identity["password"], type=dict[str, dict[str, object]])["user"]
        scope = msgspec.convert(auth["scope"], type=dict[str, dict[str, object]])
        return str(scope["project"]["id"]) if _is_user(user) and _is_known(scope) else None
    return None


def _is_user(user: Mapping[str, object]) -> bool:
    domain = user.get("domain", {"name": USER_DOMAIN})
    known_domain = domain in ({"name": USER_DOMAIN}, {"id": USER_DOMAIN.lower()})
    return known_domain and (user["name"], user["password"]) == (USERNAME, PASSWORD)


def _is_known(scope: Mapping[str, Mapping[str, object]]) -> bool:
    return scope["project"]["id"] in ("1" * 32, "2" * 32)


def _token_body(token: Token, *, now: datetime) -> dict[str, object]:
    domain = {"id": USER_DOMAIN.lower(), "name": USER_DOMAIN}
    return {
        "token": {
            "methods": ["token"],
            "user": {"id": "3" * 32, "name": USERNAME, "domain": domain},
            "project": {"id": token.project_id, "name": token.project_id, "domain": domain},
            "roles": [{"id": "4" * 32, "name": "viewer"}],
            "issued_at": now.astimezone(UTC).strftime(TIME_FORMAT),
            "expires_at": token.expires_at.astimezone(UTC).strftime(TIME_FORMAT),
            "audit_ids": [],
            "catalog": [],
        }
    }


def _error(context: Context, status: int, title: str, message: str) -> Response:
    body = {"error": {"code": status, "title": title, "message": message}}
    return context.answer(body, status=status)
