"""A real HTTP server on 127.0.0.1 that answers as a test tells it, and remembers what it was asked."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `told_length` is what Content-Length claims; a chunked one that is cut lacks its last chunk."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    told_length: int | None = None
    is_chunked: bool = False
    is_cut: bool = False
    hangs_up: bool = False
    after_seconds: float = 0.0

    def raw(self) -> bytes:
        """The bytes on the wire."""
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in self.headers.items())]
        if self.is_chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n" % (len(self.body), self.body) + (b"" if self.is_cut else b"0\r\n\r\n")
        else:
            lines.append(f"Content-Length: {len(self.body) if self.told_length is None else self.told_length}")
            body = self.body
        return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answering = Callable[[Asked], Said]


@dataclass(slots=True)
class Web:
    """The running server. `asked` holds the requests in order, `most_at_once` how many were open at one time."""

    answering: Answering
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    open_now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Said:
        with self.lock:
            self.asked.append(asked)
            self.open_now += 1
            self.most_at_once = max(self.most_at_once, self.open_now)
        said = self.answering(asked)
        time.sleep(said.after_seconds)
        return said

    def done(self) -> None:
        with self.lock:
            self.open_now -= 1

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


def in_turn(*said: Said) -> Answering:
    """The answers one after the other, then the last one for ever."""
    left = list(said)
    lock = threading.Lock()

    def answer(_: Asked) -> Said:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


@contextmanager
def serving(answering: Answering | Said | Sequence[Said]) -> Iterator[Web]:
    """A server that runs as long as the block."""
    if isinstance(answering, Said):
        answering = in_turn(answering)
    elif not callable(answering):
        answering = in_turn(*answering)
    web = Web(answering)
    server = _Server(("127.0.0.1", 0), _handler(web))
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the test."""


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = web.answer(Asked(self.command, self.path, headers, body))
            try:
                if not said.hangs_up:
                    self.wfile.write(said.raw())
            finally:
                web.done()
            if said.hangs_up or said.is_cut or said.told_length is not None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the overridden name
            """Nothing."""

    return Handler
