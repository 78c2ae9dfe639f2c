"""Canonical JSON of any document: the same document is always the same bytes."""

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from tallybook.documents.values import Figure
from tallybook.render.filters import plain


def render_json(document: object) -> bytes:
    """UTF-8 in the order of the dataclass's fields, two spaces of indent, a newline at the end.

    Decimals are strings without exponent, so that no reader rounds them; dates are ISO 8601 and times
    UTC with `Z`. A `Figure` is `{"exact": "12.345", "shown": "12.35"}`, null where not known. Raises
    TypeError for what has no such form (floats among them: a figure is a Decimal).
    """
    text = json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False)
    # Lone surrogates have no UTF-8 form; a name may hold one.
    return (text + "\n").encode("utf-8", errors="backslashreplace")


def _plain(value: object) -> Any:
    simple = _scalar(value)
    if simple is not NotImplemented:
        return simple
    if isinstance(value, Figure):
        return {"exact": _decimal(value.exact), "shown": _decimal(value.shown, keep_zeros=True)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form in a document")


def _scalar(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            return _decimal(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return NotImplemented


def _decimal(value: Decimal | None, *, keep_zeros: bool = False) -> str | None:
    """The digits of a decimal; a shown value keeps the zeros that say how it was rounded."""
    if value is None:
        return None
    return format(value, "f") if keep_zeros else plain(value)
