"""The documents' own examples over HTTP: the bodies of `examples/` unchanged, behind the same authentication.

The lists of NodeConductor and oCore that give uuids and ids have no example in the documents; they hold what the
examples name.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from tallybook.sandbox import chance
from tallybook.sandbox.answers import Check, Context, Endpoint, guarded, raw_json
from tallybook.sandbox.apis import (
    keystone,
    nodeconductor,
    nodeconductor_lists,
    ocore,
    openscaler,
    scaleops,
    syseleven,
)
from tallybook.sandbox.apis.keystone import TokenStore

FOLDER = Path(__file__).parent / "examples"
EXAMPLE_NOW = datetime(2024, 4, 19, 11, 14, 45, tzinfo=UTC)
"""The `timestamp` of OpenScaler's example, 1713525285."""

CUSTOMERS, PROJECTS, GROUPS = ("Customer5",), ("Proj27", "Proj28"), ("Group1",)

_NODECONDUCTOR = {
    "/api/stats/usage/": "usage",
    "/api/stats/customer/": "customer",
    "/stats/customer/": "customer",
    "/api/stats/resource/": "resource",
    "/stats/resource/": "resource",
    "/api/stats/creation-time/": "creation-time",
    "/api/stats/quota/": "quota",
    "/api/stats/alert/": "alert",
}
_OCORE = {"/projects/{id}/usage": "project-usage", "/usage": "usage", "/usage/totals": "usage-totals"}
_SCALEOPS = {"getAggregated": "aggregated", "getWorkloads": "workloads"}


def read_example(provider: str, name: str) -> bytes:
    """The example's bytes, as the document prints them (Python's quotes and fold marks apart)."""
    return (FOLDER / provider / f"{name}.json").read_bytes()


def make_example_routes(context: Context, tokens: TokenStore) -> list[BaseRoute]:
    """The five providers' routes; Keystone works as it does over a world."""
    live = guarded(openscaler.make_check(context), _verbatim("openscaler", "stats-live"))
    reports = [
        Route(
            f"/detailedCostReport/{path}",
            guarded(scaleops.make_check(context), _verbatim("scaleops", name)),
            methods=["GET", "POST"],
        )
        for path, name in _SCALEOPS.items()
    ]
    stack = [
        Route(f"/{{version}}/projects/{{project_id}}/{path}", _stack_endpoint(context, tokens, name))
        for path, name in (("quota", "quota"), ("current_usage", "current-usage"))
    ]
    return [
        Mount("/openscaler", routes=[Route("/v1/stats/live", live)]),
        Mount("/nodeconductor", routes=_nodeconductor_routes(context)),
        Mount("/syseleven", routes=[*keystone.make_routes(context, tokens), *stack]),
        Mount("/ocore/api", routes=_ocore_routes(context)),
        Mount("/scaleops", routes=reports),
    ]


def _verbatim(provider: str, name: str) -> Endpoint:
    body = read_example(provider, name)

    async def answer(request: Request) -> Response:  # noqa: ARG001
        return raw_json(body)

    return answer


def _stack_endpoint(context: Context, tokens: TokenStore, name: str) -> Endpoint:
    """Version 3 verbatim; the older versions are not printed in full, so their fields are picked out."""
    body = read_example("syseleven", name)
    regions = msgspec.json.decode(body, type=dict[str, dict[str, object]])

    async def answer(request: Request) -> Response:
        refusal = syseleven.check_token(context, tokens, request)
        if refusal is not None:
            return refusal
        version = request.path_params["version"]
        if version == "v3":
            return raw_json(body)
        older = {region: syseleven.of_version(full, version) for region, full in regions.items()}
        return context.answer(older)

    return answer


def _nodeconductor_routes(context: Context) -> list[Route]:
    check = nodeconductor.make_check(context)
    statistics = [
        Route(path, guarded(check, _verbatim("nodeconductor", name))) for path, name in _NODECONDUCTOR.items()
    ]
    lists = {"customers": CUSTOMERS, "projects": PROJECTS, "project-groups": GROUPS}
    return [
        *statistics,
        *(_list_route(context, check, kind, names) for kind, names in lists.items()),
    ]


def _list_route(context: Context, check: Check, kind: str, names: tuple[str, ...]) -> Route:
    async def answer(request: Request) -> Response:
        rows: list[dict[str, object]] = [
            {"url": f"{request.url}{uuid}/", "uuid": uuid, "name": name}
            for name in names
            for uuid in [chance.hexadecimal(32, kind, name)]
        ]
        return nodeconductor_lists.paged(context, request, rows)

    return Route(f"/api/{kind}/", guarded(check, answer))


def _ocore_routes(context: Context) -> list[Route]:
    check = ocore.make_check(context)

    async def projects(request: Request) -> Response:  # noqa: ARG001
        return context.answer({"projects": [{"id": "string", "name": "string"}]})

    return [
        Route("/projects", guarded(check, projects)),
        *(Route(path, guarded(check, _verbatim("ocore", name))) for path, name in _OCORE.items()),
    ]
