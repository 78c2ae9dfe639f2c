"""NodeConductor: six statistics below /api/stats/ and the lists that give their uuids.

Served is what the document promises, correctly summed and as numbers; with the fault old-server what the server
of its days answered. Two of its paths are printed without /api,
so these answer with and without.
"""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tallybook.sandbox.answers import Check, Context, Endpoint, guarded, has_token
from tallybook.sandbox.apis import nodeconductor_lists as lists
from tallybook.sandbox.apis import nodeconductor_old as old
from tallybook.sandbox.apis import nodeconductor_stats as stats
from tallybook.sandbox.apis.nodeconductor_selection import BadParameterError
from tallybook.sandbox.credentials import NODECONDUCTOR_TOKEN

Statistic = Callable[[Mapping[str, str]], object]


def make_routes(context: Context) -> list[Route]:
    """Routes below /nodeconductor."""
    estate, clock = context.world.nodeconductor, context.clock
    source = old if "old-server" in context.faults else stats
    statistics: dict[str, Statistic] = {
        "/api/stats/usage/": lambda query: source.usage(estate, query, clock),
        "/api/stats/customer/": lambda query: stats.customers(estate, clock),  # noqa: ARG005
        "/stats/customer/": lambda query: stats.customers(estate, clock),  # noqa: ARG005
        "/api/stats/resource/": lambda query: source.resource(estate, query, clock),
        "/stats/resource/": lambda query: source.resource(estate, query, clock),
        "/api/stats/creation-time/": lambda query: source.creation_time(estate, query, clock),
        "/api/stats/quota/": lambda query: source.quota(estate, query, clock),
        "/api/stats/alert/": lambda query: source.alerts(estate, query, clock),
        "/api/version/": lambda query: {"version": "0.49.1"},  # noqa: ARG005
    }
    listings = {
        "/api/customers/": lists.list_customers,
        "/api/projects/": lists.list_projects,
        "/api/project-groups/": lists.list_groups,
    }
    endpoints = {path: _statistic(context, function) for path, function in statistics.items()}
    endpoints |= {path: _listing(context, function) for path, function in listings.items()}
    return [
        *(Route(path, guarded(make_check(context), one)) for path, one in endpoints.items()),
        *(Route(path.rstrip("/"), _append_slash) for path in endpoints),
    ]


def make_check(context: Context) -> Check:
    """Token and 40 hexadecimal digits; any other scheme counts as no credentials."""

    def check(request: Request) -> Response | None:
        if has_token(request, scheme="Token", token=NODECONDUCTOR_TOKEN):
            return None
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        detail = "Invalid token." if scheme == "token" else "Authentication credentials were not provided."
        headers = {"WWW-Authenticate": "Token"}
        return context.answer({"detail": detail}, status=401, headers=headers)

    return check


def _statistic(context: Context, function: Statistic) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return context.answer(function(request.query_params))
        except old.CrashError:
            return HTMLResponse("<h1>Server Error (500)</h1>", 500)
        except BadParameterError as error:
            text: object = error.text if error.field == "detail" else [error.text]
            return context.answer({error.field: text}, status=400)

    return answer


def _listing(context: Context, function: Callable[[Context, Request], Response]) -> Endpoint:
    async def answer(request: Request) -> Response:
        return function(context, request)

    return answer


async def _append_slash(request: Request) -> Response:
    return RedirectResponse(request.url.replace(path=f"{request.url.path}/"), status_code=301)
