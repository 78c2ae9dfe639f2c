"""The library over HTTP: the token is asked for in place of every page, and no answer may do more than be read."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, quote

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallybook.language import ENGLISH, Language, message
from tallybook.language import Message as Sentence  # Starlette's is a piece of an answer
from tallybook.render.html import render_notice
from tallybook.serving.access import SESSION_SECONDS, WINDOW_SECONDS, Gate, TooManyAttemptsError
from tallybook.serving.files import PublishedFiles

COOKIE = "tallybook_library"
_TITLE = message("Cloud cost reports")
_LONGEST_FORM = 4096  # bytes
# A page names its one script by hash itself, and pages of earlier versions have other ones: both policies hold.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "frame-ancestors 'none'",
}

log = logging.getLogger("tallybook")


class SafeHeaders:
    """Puts what browsers may do with an answer onto every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_EVERYWHERE)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["content-security-policy"] = _POLICY
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def create_app(
    reports_dir: Path,
    *,
    token: str,
    clock: Callable[[], float],
    is_secure: bool = False,
    language: Language = ENGLISH,
) -> Starlette:
    """The application that serves `reports_dir` to those who have the token.

    `clock` gives seconds that only grow. `is_secure`: readers come by https, and the cookie by nothing else. `language`
    is that of its own pages; programs are answered in English.
    """
    gate, files = Gate(token, clock=clock), PublishedFiles(reports_dir)

    async def read(request: Request) -> Response:
        if not _may_read(request, gate):
            return _ask_for_token(request)
        path = files.get_path(request.scope)
        try:
            return await files.get_response(path, request.scope)
        except HTTPException:
            return _not_there(request)

    async def sign_in(request: Request) -> Response:
        given, address = await _given_token(request), _address(request)
        if not gate.is_right(given, address):
            log.warning("library: a wrong token from %s", address)
            return _ask_for_token(request, is_wrong=True)
        log.info("library: signed in from %s", address)
        answer = RedirectResponse(_here(request), status_code=HTTPStatus.SEE_OTHER)
        # Lax, not Strict: links in e-mails and chats open the report, and nothing that a link can do changes anything.
        answer.set_cookie(
            COOKIE, gate.open_session(), max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=is_secure
        )
        return answer

    app = Starlette(
        routes=[Route("/{path:path}", read, methods=["GET"]), Route("/{path:path}", sign_in, methods=["POST"])],
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={TooManyAttemptsError: _refuse_for_a_while},
    )
    app.state.language = language
    return app


def _may_read(request: Request, gate: Gate) -> bool:
    """By the session of a cookie, or by the token itself in the header, as programs send it.

    The cookie first: a proxy may put credentials of its own into the header, which are no attempts of its readers.
    """
    if gate.knows(request.cookies.get(COOKIE, "")):
        return True
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and gate.is_right(given.strip(), _address(request))


async def _given_token(request: Request) -> str:
    """The token of the form; "" where there is none, or more than a form can be."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()


def _ask_for_token(request: Request, *, is_wrong: bool = False) -> Response:
    text = Sentence(message("Sign in with the token of this library. Whoever runs it can tell you."))
    if is_wrong:
        text = Sentence(message("That is not the token of this library. Whoever runs it can tell you."))
    answer = _notice(request, _TITLE, text, status=HTTPStatus.UNAUTHORIZED, asks_for_token=True)
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _not_there(request: Request) -> Response:
    if _path(request) in ("/", "/index.html"):
        text = Sentence(message("No report has been published yet. Make one with: tallybook run --month last"))
        return _notice(request, _TITLE, text, status=HTTPStatus.NOT_FOUND)
    text = Sentence(message("There is no such file in this library."))
    return _notice(request, message("Not found"), text, status=HTTPStatus.NOT_FOUND, link=_upwards(request))


async def _refuse_for_a_while(request: Request, _: Exception) -> Response:
    log.warning("library: too many wrong tokens from %s", _address(request))
    text = Sentence(
        message("Too many wrong tokens came from your address. Wait %(seconds)s seconds and try again."),
        {"seconds": WINDOW_SECONDS},
    )
    answer = _notice(
        request,
        _TITLE,
        text,
        status=HTTPStatus.TOO_MANY_REQUESTS,
        asks_for_token=request.method == "POST",
    )
    answer.headers["retry-after"] = str(WINDOW_SECONDS)
    return answer


def _notice(
    request: Request, title: str, text: Sentence, *, status: HTTPStatus, asks_for_token: bool = False, link: str = ""
) -> Response:
    """A page for browsers, a line for programs."""
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(f"{ENGLISH.tell(text)}\n", status_code=status)
    language: Language = request.app.state.language
    page = render_notice(
        language.say(title), language.tell(text), asks_for_token=asks_for_token, link=link, language=language
    )
    return HTMLResponse(page, status_code=status)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _path(request: Request) -> str:
    return str(request.scope["path"])


def _here(request: Request) -> str:
    """The page that was asked for, relative to itself: a proxy may serve the library below a path of its own."""
    return "./" + quote(_path(request).rpartition("/")[2])


def _upwards(request: Request) -> str:
    """The library, relative to the page that was asked for."""
    return "../" * (_path(request).count("/") - 1) + "index.html"
