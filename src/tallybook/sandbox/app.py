"""The one application: five providers below their prefixes, and the sandbox's own /clock, /truth, /books."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from email.utils import format_datetime

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallybook.sandbox.answers import Clock, Context, Endpoint, raw_json
from tallybook.sandbox.apis import keystone, nodeconductor, ocore, openscaler, scaleops, syseleven
from tallybook.sandbox.apis.keystone import TokenStore
from tallybook.sandbox.books import make_files
from tallybook.sandbox.configuration import PREFIXES
from tallybook.sandbox.example_routes import EXAMPLE_NOW, make_example_routes
from tallybook.sandbox.faults import FaultLayer, check_names
from tallybook.sandbox.truth import tell_truth
from tallybook.sandbox.world import World, with_hostile_names


class DateLayer:
    """Puts the world's now into the Date header of every answer."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now, usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


def create_app(world: World, *, faults: Iterable[str] = ()) -> Starlette:
    """The sandbox over a world, its clock at the beginning of the day `until`.

    Raises:
        ValueError: an unknown fault; the known ones are listed.
    """
    names = check_names(faults)
    if "hostile-names" in names:
        world = with_hostile_names(world)
    clock = Clock(datetime.combine(world.calendar.until, time(), UTC))
    context = Context(world, clock, names)
    tokens = TokenStore(world.recipe.seed)
    providers: list[BaseRoute] = [
        Mount("/openscaler", routes=openscaler.make_routes(context)),
        Mount("/nodeconductor", routes=nodeconductor.make_routes(context)),
        Mount(
            "/syseleven",
            routes=[*keystone.make_routes(context, tokens), *syseleven.make_routes(context, tokens)],
        ),
        Mount("/ocore/api", routes=ocore.make_routes(context)),
        Mount("/scaleops", routes=scaleops.make_routes(context)),
    ]
    return assemble(context, tokens, providers)


def create_example_app(world: World) -> Starlette:
    """Every documented endpoint answers its document's own example; the clock stands where OpenScaler's does."""
    context = Context(world, Clock(EXAMPLE_NOW))
    tokens = TokenStore(world.recipe.seed)
    return assemble(context, tokens, make_example_routes(context, tokens))


def assemble(context: Context, tokens: TokenStore, providers: list[BaseRoute]) -> Starlette:
    """The providers' routes, the sandbox's own, and the layers around both."""
    layers = [
        Middleware(DateLayer, clock=context.clock),
        Middleware(FaultLayer, faults=context.faults, seed=context.world.recipe.seed, clock=context.clock),
    ]
    app = Starlette(routes=[*make_own_routes(context, tokens), *providers], middleware=layers)
    app.router.redirect_slashes = False
    return app


def make_own_routes(context: Context, tokens: TokenStore) -> list[BaseRoute]:
    """What is the sandbox's and no provider's; none of it asks for a token."""
    plain = Context(context.world, context.clock)

    async def index(request: Request) -> Response:  # noqa: ARG001
        return plain.answer(describe(context))

    async def clock(request: Request) -> Response:
        if request.method == "PUT":
            try:
                context.clock.now = read_now(await request.body())
            except ValueError as error:
                return plain.answer({"error": str(error)}, status=400)
        return plain.answer({"now": context.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")})

    async def expire_tokens(request: Request) -> Response:  # noqa: ARG001
        return plain.answer({"expired": tokens.revoke_all()})

    async def books(request: Request) -> Response:
        url = request.query_params.get("url") or str(request.base_url).rstrip("/")
        max_gap = request.query_params.get("max_gap", "1h")
        return plain.answer(make_files(context.world, url=url, max_gap=max_gap))

    return [
        Route("/", index),
        Route("/truth/{month}", make_truth(context)),
        Route("/clock", clock, methods=["GET", "PUT"]),
        Route("/expire-tokens", expire_tokens, methods=["POST"]),
        Route("/books", books),
    ]


def make_truth(context: Context) -> Endpoint:
    """The endpoint of /truth/{month}; each month is told once per hour of the world."""
    plain = Context(context.world, context.clock)
    known: dict[tuple[str, int], bytes] = {}

    async def truth(request: Request) -> Response:
        month = request.path_params["month"]
        key = (month, context.clock.hour)
        if key not in known:
            try:
                restates = "restated" in context.faults
                told = tell_truth(context.world, month, now=context.clock.now, restates=restates)
            except ValueError as error:
                return plain.answer({"error": str(error)}, status=404)
            known[key] = plain.encode(told)
        return raw_json(known[key])

    return truth


def describe(context: Context) -> dict[str, object]:
    """What is served here, for someone who opens the address."""
    return {
        "sandbox": "five providers over one deterministic world",
        "seed": context.world.recipe.seed,
        "months": context.world.calendar.months,
        "faults": sorted(context.faults),
        "providers": list(PREFIXES.values()),
        "own": ["/clock", "/truth/{month}", "/books", "/expire-tokens"],
    }


def read_now(body: bytes) -> datetime:
    """The instant of {"now": "2026-10-01T05:00:00Z"}, in UTC.

    Raises:
        ValueError: the body is something else, or the instant has no offset.
    """
    try:
        now = datetime.fromisoformat(msgspec.json.decode(body, type=dict[str, str])["now"])
    except (msgspec.MsgspecError, KeyError, ValueError):
        raise ValueError('send {"now": "2026-10-01T05:00:00Z"}') from None
    if now.tzinfo is None:
        raise ValueError("now needs an offset, such as Z")
    return now.astimezone(UTC)
