"""Documents of a bench's warehouse, asked as on the command line and read back as JSON."""

import json
from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema

from tallybook.decode import decode
from tallybook.periods import BillingPeriod
from tallybook.pipeline import export
from tallybook.pipeline.answering import Asked
from tallybook.pipeline.house import Connection
from tallybook.resources import root
from tallybook.warehouse import Warehouse

OCTOBER = BillingPeriod(2026, 10)


def asked_bytes(
    warehouse: Warehouse, connection: Connection, name: str, *values: str, period: BillingPeriod = OCTOBER
) -> bytes:
    """The document as it would be written; it holds against its schema."""
    provider = connection[1]
    document = {one.name: one for one in provider.documents}[name]
    given = export.read_values(document, values)
    question = Asked(provider, document, connection)
    return export.made(question, export.reader(warehouse, connection, period), period, given)


def asked(
    warehouse: Warehouse, connection: Connection, name: str, *values: str, period: BillingPeriod = OCTOBER
) -> Any:
    """The document, its numbers with every digit."""
    return exact(asked_bytes(warehouse, connection, name, *values, period=period))


def exact(body: bytes | str) -> Any:
    """JSON with decimals where it has fractions."""
    return json.loads(body, parse_float=Decimal)


def standard(
    warehouse: Warehouse, connection: Connection, name: str, period: BillingPeriod = OCTOBER
) -> list[dict[str, Any]]:
    """The parameter sets of the files that every report carries."""
    document = {one.name: one for one in connection[1].documents}[name]
    return [dict(one) for one in document.standard(export.reader(warehouse, connection, period))]


def problems(provider: str, name: str, instance: object) -> list[str]:
    """What a document's schema has against an instance."""
    return [problem.message for problem in _validator(provider, name).iter_errors(instance)]


@cache
def _validator(provider: str, name: str) -> jsonschema.Draft202012Validator:
    path = root() / "reports" / "schemas" / provider / f"{name}.schema.json"
    schema = decode(path.read_bytes(), dict[str, Any])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
