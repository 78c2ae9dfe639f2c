"""Secrets that the configuration names: where they lie, and how they are read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from tallybook.errors import ConfigurationError

SecretReader = Callable[["SecretRef"], str]


class SecretRef(BaseModel):
    """Where a secret lies; never the secret itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = None
    file: str | None = None
    prefect: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_literals(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a message
                'a secret is never written into the file: give { env = "NAME" }, { file = "path" } '
                'or { prefect = "block-name" }'
            )
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if sum(source is not None for source in (self.env, self.file, self.prefect)) != 1:
            raise ValueError("give exactly one of env, file and prefect")
        return self


def secret_reader(
    base: Path, environment: Mapping[str, str], prefect_secret: Callable[[str], str] | None
) -> SecretReader:
    """A reader of secrets; files are relative to `base`. It raises ConfigurationError saying what is not there."""

    def read(ref: SecretRef) -> str:
        if ref.env is not None:
            return _usable(environment.get(ref.env, ""), f"environment variable {ref.env}", "is not set; export it")
        if ref.file is not None:
            return _usable(_secret_file(base / ref.file), f"secret file {ref.file}", "is empty")
        if prefect_secret is None:
            raise ConfigurationError(
                f"the secret {ref.prefect!r} is a Prefect block, which only flows can read: "
                "run the deployment, or use env or file here"
            )
        return _usable(prefect_secret(str(ref.prefect)), f"Prefect block {ref.prefect}", "is empty")

    return read


def _secret_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path with a NUL
        raise ConfigurationError(f"secret file {path} cannot be read: {error}") from error


def _usable(text: str, where: str, when_empty: str) -> str:
    """The secret without the line break that shells and editors add; it is never repeated in a message."""
    secret = text.strip()
    if not secret:
        raise ConfigurationError(f"{where} {when_empty}")
    if any(ord(character) < 32 or ord(character) == 127 for character in secret):
        raise ConfigurationError(f"{where} holds a line break or another control character within the secret")
    return secret
