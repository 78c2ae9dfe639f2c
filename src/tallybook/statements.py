"""What a statement of the warehouse is given: the parameters it names, checked names, times as it keeps them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tallybook.periods import as_utc

COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


def used(text: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Those of the parameters that a statement names, as DuckDB takes them."""
    names = set(_PARAMETER.findall(COMMENT.sub("", text)))
    return {name: _value(value) for name, value in parameters.items() if name in names}


def where(equals: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The clause that these columns equal these values, and its parameters; nothing for no columns."""
    if not equals:
        return "", {}
    clauses = " and ".join(f"{checked_name(column)} = ${column}" for column in equals)
    return f" where {clauses}", {column: _value(value) for column, value in equals.items()}


def checked_name(identifier: str) -> str:
    """The name of a table or column, as it can stand in a statement; ValueError for what is none."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is no table or column of ours")
    return identifier


def naive_utc(instant: datetime) -> datetime:
    """An aware instant as the warehouse keeps it; ValueError for a naive one."""
    return as_utc(instant).replace(tzinfo=None)


def aware_utc(instant: datetime) -> datetime:
    """A time of the warehouse as an aware instant."""
    return instant.replace(tzinfo=UTC)


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return naive_utc(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value
