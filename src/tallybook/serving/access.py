"""Who may read the library: those who gave its token, by a session in a cookie or with each request."""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable

SESSION_SECONDS = 12 * 60 * 60  # a working day: the token is asked for again the next one
ATTEMPTS = 10
WINDOW_SECONDS = 60
_REMEMBERED = 1000  # failed attempts, so that many guessers take no memory


class TooManyAttemptsError(Exception):
    """An address gave too many wrong tokens: even the right one is refused for a while."""


class Gate:
    """Compares tokens in constant time and keeps sessions in memory: a restart, as for a new token, signs all out.

    `clock` gives seconds that only grow. Attempts are counted for the address that connects, never for one that
    a header names, which a guesser could make up: behind a proxy all readers are one address.
    """

    def __init__(self, token: str, *, clock: Callable[[], float]) -> None:
        self._digest = _digest(token)
        self._clock = clock
        self._sessions: dict[str, float] = {}
        self._failures: deque[tuple[float, str]] = deque(maxlen=_REMEMBERED)

    def knows(self, session: str) -> bool:
        """Whether a session was opened here and has not ended."""
        return self._sessions.get(session, 0.0) > self._clock()

    def is_right(self, token: str, address: str) -> bool:
        """Whether this is the token. Raises TooManyAttemptsError after too many wrong ones from the address."""
        since = self._clock() - WINDOW_SECONDS
        if sum(at > since and who == address for at, who in self._failures) >= ATTEMPTS:
            raise TooManyAttemptsError
        is_right = hmac.compare_digest(_digest(token), self._digest)
        if not is_right:
            self._failures.append((self._clock(), address))
        return is_right

    def open_session(self) -> str:
        """A new session's secret, for the cookie of somebody whose token was right."""
        now = self._clock()
        self._sessions = {session: end for session, end in self._sessions.items() if end > now}
        session = secrets.token_urlsafe(32)
        self._sessions[session] = now + SESSION_SECONDS
        return session


def _digest(token: str) -> bytes:
    """Of one length whatever the token's, which comparing would tell otherwise."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
