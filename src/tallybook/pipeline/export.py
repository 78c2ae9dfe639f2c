"""Documented JSON documents: answered from the warehouse, validated against their schemas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jsonschema
import polars

from tallybook.contract import Document, Parameter, Provider
from tallybook.decode import decode, document_bytes
from tallybook.errors import TallybookError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import Connection, House, begun, load
from tallybook.resources import root
from tallybook.settings import ConnectionSettings
from tallybook.warehouse import Warehouse


class DocumentError(TallybookError):
    """A document that we made does not fit its own schema; nothing is written."""


@dataclass(frozen=True, slots=True)
class BoundReader:
    """A reader with a connection's parameters and a month bound."""

    warehouse: Warehouse
    parameters: Mapping[str, object]

    def frame(self, name: str, **parameters: object) -> polars.DataFrame:
        """The result of queries/<name>.sql."""
        return self.warehouse.frame(name, **{**self.parameters, **parameters})


def known_documents(house_providers: Sequence[Provider]) -> dict[str, tuple[Provider, Document]]:
    """All documents as provider/name."""
    return {
        f"{provider.name}/{document.name}": (provider, document)
        for provider in house_providers
        for document in provider.documents
    }


def export(
    house: House,
    name: str,
    period: BillingPeriod,
    *,
    values: Sequence[str],
    connection: str | None,
    now: datetime,
    available: Sequence[Provider],
) -> bytes:
    """One documented document as JSON bytes.

    Raises UsageError for an unknown document, parameter or value, and when the connection is not clear.
    """
    documents = known_documents(available)
    if name not in documents:
        raise UsageError(f"no document {name!r}; known: {', '.join(sorted(documents))}")
    begun(period, now=now)
    provider, document = documents[name]
    given = read_values(document, values)
    chosen = _connection(house, provider, connection)
    with house.warehouse() as warehouse:
        load(house, warehouse, now=now, periods=[period])
        return _made(provider, document, reader(warehouse, chosen, period), period, given)


def standard_documents(house: House, warehouse: Warehouse, period: BillingPeriod) -> Iterator[tuple[str, bytes]]:
    """The month's standard set: `<provider>/<connection>/<name>[-n].json` and its bytes."""
    for settings, provider in house.connections:
        bound = reader(warehouse, (settings, provider), period)
        for document in provider.documents:
            for index, chosen in enumerate(document.standard(bound)):
                suffix = f"-{index + 1}" if index else ""
                given = {p.name: chosen.get(p.name, p.default) for p in document.parameters}
                body = _made(provider, document, bound, period, given)
                yield f"{provider.name}/{settings.name}/{document.name}{suffix}.json", body


def reader(warehouse: Warehouse, connection: tuple[ConnectionSettings, Provider], period: BillingPeriod) -> BoundReader:
    """A reader for one connection and month."""
    settings, provider = connection
    return BoundReader(
        warehouse,
        {
            **provider.parameters(settings),
            "connection": settings.name,
            "billing_period": str(period),
            "period_start": period.start,
            "period_end": period.end,
        },
    )


def read_values(document: Document, values: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` texts as typed parameters, defaults filled in. Raises UsageError saying what is allowed."""
    known = {parameter.name: parameter for parameter in document.parameters}
    given: dict[str, list[str]] = {}
    for text in values:
        name, separator, value = text.partition("=")
        if not separator or name not in known:
            raise UsageError(f"--set {text!r}: give NAME=VALUE; {document.name} knows {', '.join(known) or 'none'}")
        given.setdefault(name, []).append(value)
    missing = [name for name, parameter in known.items() if parameter.is_required and name not in given]
    if missing:
        raise UsageError(f"{document.name} needs --set {missing[0]}=VALUE: {known[missing[0]].help}")
    return {
        name: _typed(parameter, given[name]) if name in given else parameter.default
        for name, parameter in known.items()
    }


def _typed(parameter: Parameter, texts: list[str]) -> Any:
    if parameter.kind == "texts":
        return tuple(texts)
    if len(texts) > 1:
        raise UsageError(f"{parameter.name} is given {len(texts)} times; it takes one value")
    text = texts[0]
    if parameter.kind == "choice" and text not in parameter.choices:
        raise UsageError(f"{parameter.name}={text!r}: allowed are {', '.join(parameter.choices)}")
    if parameter.kind == "boolean":
        if text not in ("true", "false"):
            raise UsageError(f"{parameter.name}={text!r}: allowed are true, false")
        return text == "true"
    if parameter.kind == "integer":
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{parameter.name}={text!r} is not a whole number") from None
    return text


def _connection(house: House, provider: Provider, name: str | None) -> Connection:
    if name is not None:
        settings = house.settings.connection(name)
        if settings.provider != provider.name:
            raise UsageError(f"connection {name!r} is not one of {provider.label}")
        return settings, provider
    candidates = [pair for pair in house.connections if pair[1].name == provider.name]
    if len(candidates) != 1:
        names = ", ".join(settings.name for settings, _ in candidates) or "none"
        raise UsageError(f"connections of {provider.label}: {names}; choose one with --connection NAME")
    return candidates[0]


def _made(
    provider: Provider, document: Document, bound: BoundReader, period: BillingPeriod, given: Mapping[str, Any]
) -> bytes:
    body = document_bytes(document.build(bound, period, given))
    path = root() / "reports" / "schemas" / provider.name / f"{document.name}.schema.json"
    schema = decode(path.read_bytes(), dict[str, Any])
    problem = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(decode(body, object))), None)
    if problem is not None:
        raise DocumentError(f"{provider.name}/{document.name} does not fit its schema: {problem.message[:200]}")
    return body
