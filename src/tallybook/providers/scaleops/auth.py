"""ScaleOps authentication: a bearer token, given or issued by the installation's own login.

The login answers with a redirect whose Location carries the URL-encoded token; a token may hold "=" and "+",
so the query is parsed and decoded once, never split by hand. No Location or no token in it is a failed login.
"""

import threading
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from tallybook.contract import Auth
from tallybook.credentials import SecretReader
from tallybook.errors import ProviderError
from tallybook.http import REDIRECTS, StaticHeaders, post
from tallybook.providers.scaleops.settings import ScaleopsSettings
from tallybook.wire import origin

Login = Callable[[], str]


def authenticate(settings: ScaleopsSettings, read_secret: SecretReader) -> Auth:
    """The headers of a connection: the token, and the cluster behind a host of many where one is configured."""
    extra = {settings.cluster_header: settings.cluster} if settings.cluster else {}
    if settings.token is not None:
        return StaticHeaders({"Authorization": f"Bearer {read_secret(settings.token)}", **extra})
    if settings.username is None or settings.password is None:
        raise ProviderError(f"{settings.name} has neither a token nor a user name and password")
    form = {"username": read_secret(settings.username), "password": read_secret(settings.password)}

    def login() -> str:
        return login_redirect(
            settings.base_url.rstrip("/") + settings.login_path,
            json=form,
            cookies={"auth_state": "TOKEN"},
            timeout_seconds=settings.timeout_seconds,
        )

    return LoginAuth(login, extra)


class LoginAuth:
    """Logs in when first asked for headers, and once more after a refused token. Safe between threads."""

    def __init__(self, login: Login, extra: Mapping[str, str]) -> None:
        self._login = login
        self._extra = dict(extra)
        self._token = ""
        self._lock = threading.Lock()

    def headers(self, credential: str) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's argument
        with self._lock:
            if not self._token:
                self._token = token_of(self._login())
            return {"Authorization": f"Bearer {self._token}", **self._extra}

    def renew(self, credential: str) -> bool:  # noqa: ARG002 - the protocol's argument
        with self._lock:
            self._token = ""
        return True


def login_redirect(url: str, *, json: Mapping[str, str], cookies: Mapping[str, str], timeout_seconds: float) -> str:
    """POST a login form and return the Location of the redirect that answers it, which is not followed.

    Raises ProviderError when no redirect comes back; the message holds nothing of what was sent.
    """
    try:
        reply, _ = post(url, json=json, cookies=cookies, timeout_seconds=timeout_seconds)
    except ProviderError as error:
        raise ProviderError(f"the login at {error}") from None
    location = reply.headers.get("location", "")
    if reply.status not in REDIRECTS or not location:
        raise ProviderError(
            f"the login at {origin(url)} answered HTTP {reply.status} without a redirect; check user name and password"
        )
    return location


def token_of(location: str) -> str:
    """The token in the Location of a login's redirect, decoded once; "+" stays a plus sign.

    Raises ProviderError, without the Location in it, when there is none: the login failed.
    """
    parts = urlsplit(location)
    for pair in f"{parts.query}&{parts.fragment.partition('?')[2]}".split("&"):
        name, _, value = pair.partition("=")
        token = unquote(value)
        if name == "token" and token and token.isascii() and token.isprintable():
            return token
    raise ProviderError("the login redirected without a token; check user name and password")
