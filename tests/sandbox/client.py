"""A client of the application in this process, with the right headers for each provider."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from starlette.applications import Starlette

from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.server import create_app
from tallybook.sandbox.world import World

HEADERS = {
    "openscaler": {"Authorization": f"Bearer {SECRETS['OPENSCALER_TOKEN']}"},
    "nodeconductor": {"Authorization": f"Token {SECRETS['NODECONDUCTOR_TOKEN']}"},
    "syseleven": {"X-Auth-Token": SECRETS["S11_TOKEN"]},
    "ocore": {"Authorization": f"Bearer {SECRETS['OCORE_TOKEN']}", "X-Org-Slug": "acme"},
    "scaleops": {"Authorization": f"Bearer {SECRETS['SCALEOPS_TOKEN']}"},
}


class SandboxClient:
    """Each call is one request to the application; a redirect is an answer, not followed."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.request_each(method, [path], **options)[0]

    def request_each(self, method: str, paths: Sequence[str], **options: Any) -> list[httpx.Response]:
        """One request after the other over one client."""

        async def send() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", trust_env=False) as client:
                return [await client.request(method, path, **options) for path in paths]

        return asyncio.run(send())

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        # None rather than {}: an empty mapping would strip the query that the path brings.
        return self.request("GET", path, params=params or None, headers=headers)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def ask(self, path: str, **params: Any) -> Any:
        """JSON of a GET below a provider's prefix; the status must be 200."""
        answer = self.answer(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answer(self, path: str, **params: Any) -> httpx.Response:
        """The answer to a GET with the provider's headers, whatever its status."""
        return self.get(path, params=params, headers=HEADERS[path.split("/")[1]])

    def report(self, name: str, **options: Any) -> Any:
        """A ScaleOps report over both clusters."""
        answer = self.post(
            f"/scaleops/detailedCostReport/{name}",
            json={"multiCluster": True, **options},
            headers=HEADERS["scaleops"],
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def set_clock(self, now: str) -> None:
        assert self.request("PUT", "/clock", json={"now": now}).status_code == 200

    def truth(self, month: str) -> Any:
        answer = self.get(f"/truth/{month}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def make_client(world: World, *, faults: Iterable[str] = ()) -> SandboxClient:
    return SandboxClient(create_app(world, faults=faults))


def quantities(truth: Any, provider: str) -> dict[tuple[str, str, str], str]:
    """(sub account, region, meter) -> quantity as text."""
    return {
        (row["sub_account_id"], row["region"], row["meter"]): row["quantity"]
        for row in truth["providers"][provider]["usage"]
    }
