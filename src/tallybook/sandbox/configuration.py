"""A folder with tallybook.toml and books/ for a running sandbox, and the secrets that it accepts."""

import json
import shlex
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode
from urllib.request import urlopen

from tallybook.sandbox.books import make_files
from tallybook.sandbox.credentials import SECRETS
from tallybook.sandbox.world import World

__all__ = ["PREFIXES", "SECRETS", "addresses", "export_lines", "write_configuration"]

TIMEOUT_SECONDS = 10

PREFIXES = MappingProxyType(
    {
        "openscaler": "/openscaler",
        "nodeconductor": "/nodeconductor",
        "syseleven": "/syseleven",
        "ocore": "/ocore/api",
        "scaleops": "/scaleops",
    }
)
"""Provider -> where its API begins below the sandbox's url."""


def addresses(url: str) -> dict[str, str]:
    """Provider -> its base_url at the sandbox that serves at `url`."""
    return {provider: url.rstrip("/") + prefix for provider, prefix in PREFIXES.items()}


def export_lines() -> list[str]:
    """Lines for a shell that give a process the secrets which the written configuration names."""
    return [f"export {name}={shlex.quote(secret)}" for name, secret in SECRETS.items()]


def write_configuration(folder: Path, *, url: str, max_gap: str = "1h", world: World | None = None) -> Path:
    """Writes a complete configuration of the five providers below `url`; answers the path of tallybook.toml.

    The books match the given world, or the one that the sandbox at `url` serves. Existing files are replaced.

    Raises:
        OSError: the folder cannot be written, or no world is given and no sandbox answers at `url`.
    """
    url = url.rstrip("/")
    files = fetch_files(url, max_gap=max_gap) if world is None else make_files(world, url=url, max_gap=max_gap)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder / "tallybook.toml"


def fetch_files(url: str, *, max_gap: str) -> dict[str, str]:
    """The files as the sandbox at `url` offers them.

    Raises:
        OSError: no sandbox answers.
    """
    query = urlencode({"url": url, "max_gap": max_gap})
    with urlopen(f"{url}/books?{query}", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        files = json.loads(answer.read())
    return {str(name): str(text) for name, text in files.items()}
