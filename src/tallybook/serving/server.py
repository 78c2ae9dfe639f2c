"""Serving the library on this machine until the process is told to stop, and the token that it asks for."""

import ipaddress
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tallybook.errors import ConfigurationError, StorageError, UsageError
from tallybook.language import Language
from tallybook.serving.app import create_app
from tallybook.settings import Settings

TOKEN_FILE = "library-token"  # noqa: S105 - the name of a file
_SHORTEST_TOKEN = 16  # characters: ten attempts a minute find none of them


@dataclass(frozen=True, slots=True)
class Token:
    """The library's token; `path` is the file that keeps it, None when the configuration names another place."""

    text: str
    path: Path | None
    is_new: bool


def library_token(settings: Settings) -> Token:
    """The token of `library_token`, or without that key the one in `data_dir`, made at the first time.

    Raises ConfigurationError for one that is too short, StorageError for a file that cannot be read or written.
    """
    if settings.library_token is not None:
        return Token(_long_enough(settings.read_secret(settings.library_token), "library_token"), None, is_new=False)
    path = settings.data_dir / TOKEN_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _make(path)
        return Token(made or _long_enough(path.read_text(encoding="utf-8").strip(), str(path)), path, is_new=bool(made))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"the library's token {path} cannot be kept ({error}); set library_token") from error


def serve(
    reports_dir: Path,
    *,
    token: str,
    host: str,
    port: int,
    is_secure: bool,
    language: Language,
    on_ready: Callable[[str], object],
) -> None:
    """Serve `reports_dir` until the process is told to stop; port 0 takes a free one.

    `on_ready` is called with the address as soon as connections are accepted. Raises UsageError for an address that
    cannot be listened at.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        problem = error.strerror or error
        raise UsageError(f"{host} port {port} cannot be served ({problem}); give another --port, or 0") from error
    config = uvicorn.Config(
        create_app(reports_dir, token=token, clock=time.monotonic, is_secure=is_secure, language=language),
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who connects is who is counted
        log_level="error",
        lifespan="off",
    )
    name = f"[{host}]" if ":" in host else host
    on_ready(f"http://{name}:{listener.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listener])


def is_this_machine_only(host: str) -> bool:
    """Whether nobody else can connect to what listens here."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _make(path: Path) -> str:
    """A new token in a new file that only this user can read; "" when the file is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return ""
    text = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return text


def _long_enough(text: str, where: str) -> str:
    if len(text) < _SHORTEST_TOKEN:
        raise ConfigurationError(
            f"the library's token of {where} has fewer than {_SHORTEST_TOKEN} characters; "
            "make one with: openssl rand -hex 32"
        )
    return text
