"""JSON Schemas (draft 2020-12) of our own documents, made from their dataclasses.

The committed files in `reports/schemas` are this module's output; a test holds them equal. After a change
of the documents: `python -m tallybook.render.schema`.
"""

import dataclasses
import inspect
import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tallybook import resources
from tallybook.documents.model import SCHEMA_VERSION, MonthlyReport
from tallybook.documents.pages import ProjectStatement
from tallybook.documents.restated import DeltaStatement
from tallybook.documents.values import Figure
from tallybook.render.manifest import Manifest

Schema = dict[str, Any]

DOCUMENTS: dict[str, type] = {
    "monthly-report": MonthlyReport,
    "project-statement": ProjectStatement,
    "manifest": Manifest,
    "delta": DeltaStatement,
}

_DIGITS = r"^-?[0-9]+(\.[0-9]+)?$"
_SCALARS: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Decimal: {"type": "string", "pattern": _DIGITS},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time", "pattern": "Z$"},
}


def schema_of(name: str) -> Schema:
    """The schema of one of `DOCUMENTS`: every field required, no others allowed."""
    definitions: dict[str, Schema] = {}
    root = _object(DOCUMENTS[name], definitions)
    root["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tallybook:schema:{name}:{SCHEMA_VERSION}",
        "title": name,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text(name: str) -> str:
    """The schema as it is committed."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def write_schemas() -> None:
    """Write all schemas into `reports/schemas` of this checkout."""
    for name in DOCUMENTS:
        path = resources.root() / "reports" / "schemas" / f"{name}.schema.json"
        path.write_text(schema_text(name), encoding="utf-8")


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind)
    fields = [field.name for field in dataclasses.fields(kind)]
    return {
        "description": inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": {name: _schema(hints[name], definitions) for name in fields},
        "required": fields,
        "additionalProperties": False,
    }


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return {"anyOf": [_schema(argument, definitions) for argument in arguments]}
    if origin is tuple:
        return _array(arguments, definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _figure() if hint is Figure else _object(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"{hint} has no JSON Schema")


def _array(arguments: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    items = [_schema(argument, definitions) for argument in arguments]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


def _figure() -> Schema:
    digits: Schema = {"anyOf": [_SCALARS[Decimal], _SCALARS[NoneType]]}
    return {
        "description": "A value: exact, and as shown. Both null: not known.",
        "type": "object",
        "properties": {"exact": digits, "shown": digits},
        "required": ["exact", "shown"],
        "additionalProperties": False,
    }


if __name__ == "__main__":
    write_schemas()
