"""HTTP: the only module that knows httpx. Streams answers, retries what may pass, never leaks a credential.

Retried with backoff and jitter: 408, 429 (Retry-After obeyed), 502, 503, 504 and broken connections. A 401
renews the credential once. No other 4xx and no 500 is tried again. Redirects stay on the same origin.
"""

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import certifi
import httpx
import stamina

from tallybook import __version__
from tallybook.contract import Auth, Request
from tallybook.errors import ProviderError
from tallybook.wire import (
    ACCEPTED_ENCODING,
    BrokenBodyError,
    decoded,
    excerpt,
    http_date,
    is_readable,
    origin,
    retry_after_seconds,
)

T = TypeVar("T")
log = logging.getLogger(__name__)

RETRIED = frozenset({408, 429, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_WAIT_SECONDS = 300.0  # a Retry-After beyond it fails the unit; a later run asks again
_ERROR_EXCERPT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back besides the body. `date` is the answer's own clock, when it told one."""

    status: int
    headers: Mapping[str, str]
    date: datetime | None


Consume = Callable[[Reply, Iterator[bytes]], T]


@dataclass(frozen=True, slots=True)
class StaticHeaders:
    """Auth with fixed headers; there is nothing to renew."""

    fixed: Mapping[str, str]

    def headers(self, credential: str) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's argument
        return self.fixed

    def renew(self, credential: str) -> bool:  # noqa: ARG002 - the protocol's argument
        return False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a request is tried again; `name` is the connection's, for the log."""

    name: str = ""
    attempts: int = 6
    timeout_seconds: float = 120.0
    wait_initial_seconds: float = 0.2
    wait_max_seconds: float = 20.0


class _TryAgainError(Exception):
    """A status that may pass."""

    def __init__(self, problem: ProviderError, wait_seconds: float | None) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.wait_seconds = wait_seconds


class Client:
    """Asks one connection. Safe to share between threads."""

    def __init__(
        self,
        *,
        base_url: str,
        auth: Auth,
        hint: str,
        timeout_seconds: float,
        max_bytes: int,
        max_connections: int,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._auth = auth
        self._hint = hint
        self._max_bytes = max_bytes
        self._retry = retry or RetryPolicy()
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds),
            limits=httpx.Limits(max_connections=max_connections),
            follow_redirects=False,
            headers={
                "User-Agent": f"tallybook/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED_ENCODING,
            },
            verify=_trust(),
            trust_env=False,  # no .netrc: it would override the configured credentials
        )
        # No cookies: a session opened with one credential would answer for the next one.
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, request: Request, consume: Consume[T]) -> tuple[Reply, T]:
        """Ask, and hand reply and body of a 200 to `consume` as it streams in; it starts anew on a retry.

        Raises ProviderError saying what was answered and what to check.
        """
        try:
            for attempt in stamina.retry_context(
                on=lambda error: self._backoff(request, error),
                attempts=self._retry.attempts,
                timeout=self._retry.timeout_seconds,
                wait_initial=self._retry.wait_initial_seconds,
                wait_max=self._retry.wait_max_seconds,
            ):
                with attempt:
                    return self._once(request, consume)
        except _TryAgainError as error:
            raise error.problem from None
        except (httpx.HTTPError, httpx.InvalidURL, BrokenBodyError) as error:
            raise ProviderError(
                f"{request.path} could not be asked ({_name(error)}); check base_url and that the provider is up"
            ) from error
        raise AssertionError("a retry loop ends by returning or raising")

    def _backoff(self, request: Request, error: Exception) -> bool | float:
        """Whether to try again, and after how many seconds; each time is told with the connection's name."""
        wait = _backoff(error)
        if wait is not False:
            what = str(error) if isinstance(error, _TryAgainError) else f"{request.path}: {_name(error)}"
            log.warning("%s: %s; asked again unless it failed too often", self._retry.name, what)
        return wait

    def _once(self, request: Request, consume: Consume[T]) -> tuple[Reply, T]:
        url, renewed, fell_back = self._base + request.path, False, False
        for _ in range(6):
            with self._http.stream(
                request.method,
                url,
                params=None
                if urlsplit(url).query
                else request.params or None,  # a Location with a query has the last word
                json=request.json,
                headers=self._credentials(request),
            ) as response:
                if response.status_code in REDIRECTS:
                    url = self._sameorigin(url, response)
                elif response.status_code == 401 and not renewed and self._auth.renew(request.credential):
                    renewed = True
                elif response.status_code == 404 and request.fallback_path and not fell_back:
                    url, fell_back = self._base + request.fallback_path, True
                else:
                    self._refuse_failures(request, response)
                    reply = _reply(response)
                    return reply, consume(reply, self._bounded(request, response))
        raise ProviderError(f"{request.path} redirects in circles; check base_url")

    def _credentials(self, request: Request) -> dict[str, str]:
        headers = dict(self._auth.headers(request.credential))
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ProviderError("the credential holds characters that no HTTP header can carry; check the secret")
        return headers

    def _sameorigin(self, url: str, response: httpx.Response) -> str:
        try:
            target = urljoin(url, response.headers.get("location", ""))
            is_same = urlsplit(target)[:2] == urlsplit(url)[:2]
        except ValueError as error:
            raise ProviderError(f"{urlsplit(url).path} redirects to what is no address; check base_url") from error
        if not is_same:
            raise ProviderError(
                f"{urlsplit(url).path} redirects to another origin, {origin(target)}: no credential is sent there; "
                "set base_url to the address that answers"
            )
        return str(target)

    def _refuse_failures(self, request: Request, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        problem = ProviderError(
            f"HTTP {status} for {request.path}{self._excerpt(request, response)}{self._advice(status)}"
        )
        if status in RETRIED:
            wait = retry_after_seconds(response.headers)
            if wait is None or wait <= _LONGEST_WAIT_SECONDS:
                raise _TryAgainError(problem, wait)
        raise problem

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            return f"; {self._hint}"
        if status in RETRIED or status >= 500:
            return "; the provider failed, run it again later"
        return "; check the connection's settings against the provider's README"

    def _excerpt(self, request: Request, response: httpx.Response) -> str:
        """The start of an error's body on one line, without anything we sent as a credential."""
        values = self._credentials(request).values()
        secrets = {*values, *(value.split(" ")[-1] for value in values)}
        body, encoding = b"", response.headers.get("content-encoding", "")
        try:
            for chunk in decoded(response.iter_raw(), encoding) if is_readable(encoding) else ():
                body += chunk
                if len(body) >= _ERROR_EXCERPT_BYTES:
                    break
        except (httpx.HTTPError, BrokenBodyError):
            log.debug("%s: the body of an error broke off", request.path)  # its status says enough
        line = excerpt(body, secrets, is_cut=len(body) >= _ERROR_EXCERPT_BYTES)
        return f": {line}" if line else ""

    def _bounded(self, request: Request, response: httpx.Response) -> Iterator[bytes]:
        encoding = response.headers.get("content-encoding", "")
        if not is_readable(encoding):
            raise ProviderError(f"{request.path} answered encoded as {encoding!r:.40}, which was not asked for")
        received = 0
        for chunk in decoded(response.iter_raw(), encoding):
            received += len(chunk)
            if received > self._max_bytes:
                raise ProviderError(
                    f"{request.path} answered more than {self._max_bytes // 2**20} MiB; raise max_response_mib"
                )
            yield chunk


def post(
    url: str, *, json: Mapping[str, Any], cookies: Mapping[str, str] | None = None, timeout_seconds: float
) -> tuple[Reply, bytes]:
    """POST once and follow no redirect; returns what was answered and the start of its body.

    Raises ProviderError naming the origin alone: path and body may be secrets.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # below it, whole addresses are logged
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    try:
        with httpx.stream(
            "POST",
            url,
            json=dict(json),
            headers={"User-Agent": f"tallybook/{__version__}", "Accept-Encoding": "identity", **cookie},
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            verify=_trust(),
        ) as response:
            return _reply(response), next(response.iter_raw(_ERROR_EXCERPT_BYTES), b"")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderError(f"{origin(url)} could not be asked ({_name(error)})") from None


@cache
def _trust() -> ssl.SSLContext:
    """The certificates to trust, read once: it takes longer than a request."""
    return ssl.create_default_context(cafile=certifi.where())


def _backoff(error: Exception) -> bool | float:
    if isinstance(error, _TryAgainError):
        return True if error.wait_seconds is None else error.wait_seconds
    broken = isinstance(error, httpx.TransportError | BrokenBodyError)
    return broken and not isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError)


def _reply(response: httpx.Response) -> Reply:
    return Reply(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        date=http_date(response.headers.get("date", "")),
    )


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
