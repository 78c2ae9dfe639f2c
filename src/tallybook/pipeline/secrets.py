"""Reading the secrets of connections: all of them before the first request, and all that is wrong told at once."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from tallybook.credentials import SecretReader, SecretRef
from tallybook.errors import ConfigurationError
from tallybook.pipeline.house import Connection
from tallybook.wire import SHORTEST_SECRET


def secrets_of(value: object, key: str = "") -> Iterator[tuple[str, SecretRef]]:
    """The secrets that a settings model names, with their keys as in `projects.1.token`."""
    if isinstance(value, SecretRef):
        yield key, value
    elif isinstance(value, BaseModel):
        for name, part in value:
            yield from secrets_of(part, f"{key}.{name}" if key else name)
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from secrets_of(part, f"{key}.{index}")


def read_secrets(connections: Sequence[Connection], read_secret: SecretReader) -> Mapping[SecretRef, str]:
    """The secrets of these connections. Raises ConfigurationError naming connection and key of each that is wrong."""
    secrets: dict[SecretRef, str] = {}
    problems: list[str] = []
    for settings, _ in connections:
        for key, ref in secrets_of(settings):
            try:
                secrets[ref] = _long_enough(key, read_secret(ref))
            except ConfigurationError as problem:
                problems.append(f"connection {settings.name!r}, key {key!r}: {problem}")
    if len(problems) > 1:
        raise ConfigurationError("\n  ".join([f"{len(problems)} secrets cannot be used:", *problems]))
    if problems:
        raise ConfigurationError(problems[0])
    return secrets


def _long_enough(key: str, secret: str) -> str:
    """A secret of a letter or two could not be kept out of messages without breaking their words."""
    is_name = key.rpartition(".")[2] == "username"  # it may lie where the secrets lie, and be short
    if len(secret) < SHORTEST_SECRET and not is_name:
        raise ConfigurationError(
            f"the secret has fewer than {SHORTEST_SECRET} characters: no token or password is that short; give it whole"
        )
    return secret
