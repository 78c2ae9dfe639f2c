"""Documented JSON documents: answered from the warehouse, validated against their schemas."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import jsonschema_rs
import polars

from tallybook.contract import Document, Parameter, Provider
from tallybook.decode import decode, document_parts
from tallybook.errors import TallybookError, UsageError
from tallybook.facts import refresh_coverage
from tallybook.periods import BillingPeriod
from tallybook.pipeline.answering import Asked, choose
from tallybook.pipeline.house import Connection, House, begun, load
from tallybook.pipeline.unseen import Span, hints
from tallybook.resources import root
from tallybook.warehouse import Warehouse

_KEPT = 4  # frames of a reader
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class DocumentError(TallybookError):
    """A document that we made does not fit its own schema; nothing is written."""


@dataclass(frozen=True, slots=True)
class BoundReader:
    """A reader with a connection's parameters and a month bound. `spans` are those that were read of, when told.

    It reads of one moment: what was asked lately is not asked again. A report makes a document of each project.
    """

    warehouse: Warehouse
    parameters: Mapping[str, object]
    spans: list[Span] = field(default_factory=list)
    known: dict[str, polars.DataFrame] = field(default_factory=dict)

    def frame(self, name: str, **parameters: object) -> polars.DataFrame:
        """The result of queries/<name>.sql."""
        start, end = parameters.get("start"), parameters.get("end")
        if isinstance(start, datetime) and isinstance(end, datetime):
            self.spans.append((start, end))
        asked = f"{name} {sorted(parameters.items())}"
        frame = self.known.pop(asked, None)
        if frame is None:
            frame = self.warehouse.frame(name, **{**self.parameters, **parameters})
        self.known[asked] = frame  # the newest is the last
        for oldest in list(self.known)[:-_KEPT]:
            del self.known[oldest]
        return frame


@dataclass(frozen=True, slots=True)
class Exported:
    """A document as JSON bytes, and a sentence for each of its datasets and months that was not seen whole."""

    body: bytes
    hints: tuple[str, ...]


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
) -> Exported:
    """One documented document as JSON bytes, with what is missing from it.

    Raises UsageError for an unknown document, parameter or value, and when the connection is not clear.
    """
    documents = known_documents(available)
    if name not in documents:
        raise UsageError(f"no document {name!r}; known: {', '.join(sorted(documents))}")
    begun(period, now=now)
    provider, document = documents[name]
    given = read_values(document, values)
    asked = choose(house, provider, document, connection)
    with house.warehouse_to_read() as warehouse:
        load(house, warehouse, now=now, periods=[period] if asked.across else [])
        refresh_coverage(warehouse, *asked.connection, period=period, now=now)
        bound = reader(warehouse, asked.connection, period)
        body = made(asked, bound, period, given)
        missing = hints(warehouse, asked, period, spans=bound.spans, now=now)
        return Exported(body, tuple(missing))


def write_standard_documents(house: House, warehouse: Warehouse, period: BillingPeriod, folder: Path) -> None:
    """Write the month's standard set below a folder: `<provider>/<connection>/<name>[-n].json`. OSError.

    Beside those of a connection its `index.json`, which says what each file is and with which parameters it was made.
    """
    for settings, provider in house.connections:
        bound, below = reader(warehouse, (settings, provider), period), folder / provider.name / settings.name
        made_from = {}
        for document in provider.documents:
            warehouse.give_back()
            for index, chosen in enumerate(document.standard(bound)):
                suffix = f"-{index + 1}" if index else ""
                given = {p.name: chosen.get(p.name, p.default) for p in document.parameters}
                path = below / f"{document.name}{suffix}.json"
                below.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    file.writelines(_parts(Asked(provider, document, (settings, provider)), bound, period, given))
                asked = {name: value for name, value in given.items() if value not in (None, "", (), [])}
                made_from[path.name] = {"document": f"{provider.name}/{document.name}", "parameters": asked}
        if made_from:
            listed = json.dumps(made_from, indent=2, ensure_ascii=False, default=str)
            (below / "index.json").write_bytes(f"{listed}\n".encode())


def reader(warehouse: Warehouse, connection: Connection, period: BillingPeriod) -> BoundReader:
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
            wrong = f"no parameter {name!r}" if separator and name else "give NAME=VALUE"
            raise UsageError(f"--set {text!r}: {wrong}; {document.name} knows {', '.join(known) or 'none'}")
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
        if not _WHOLE.fullmatch(text):
            raise UsageError(f"{parameter.name}={text!r} is not a whole number of up to 18 digits")
        return int(text)
    return text


def made(asked: Asked, bound: BoundReader, period: BillingPeriod, given: Mapping[str, Any]) -> bytes:
    """A document's bytes, which fit its schema."""
    return b"".join(_parts(asked, bound, period, given))


def _parts(asked: Asked, bound: BoundReader, period: BillingPeriod, given: Mapping[str, Any]) -> Iterator[bytes]:
    """The same one after the other; of a long list a slice at a time is made and held against the schema."""
    return document_parts(asked.build(bound, period, given), partial(refuse_misfit, asked.name))


def refuse_misfit(name: str, body: bytes) -> None:
    """Raise DocumentError when a document's bytes do not fit the schema of `provider/name`."""
    try:
        _validator(name).validate(decode(body, object))
    except jsonschema_rs.ValidationError as problem:
        where = ".".join(map(str, problem.instance_path)) or "the document"
        raise DocumentError(f"{name} does not fit its schema: {where}: {problem.message[:200]}") from None


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    path = root() / "reports" / "schemas" / f"{name}.schema.json"
    return jsonschema_rs.Draft202012Validator(path.read_text(encoding="utf-8"))
