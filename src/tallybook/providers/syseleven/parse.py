"""Answers of quota and current_usage as rows: one per answer, and one per region, field and type.

The answer is an open object, region -> dotted field -> value, so it is staged long. What an answer does not hold
is unknown: no row is made up for it. Rows that stand for something without figures have a null value:
resource '' is a region that answered nothing, a field with type '' and null an empty list or object.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import msgspec

from tallybook.contract import Parsed, Request
from tallybook.decode import decode, decode_answer, encode, is_figure, number_text, unknown_names
from tallybook.errors import SchemaError
from tallybook.providers.syseleven.checks import flavors_disagree
from tallybook.providers.syseleven.fields import ALIASES, Form, documented, required

T = TypeVar("T")

RawObject = dict[str, msgspec.Raw]
_ENTRY = frozenset({"type", "space_bytes"})
_LEAST = {"usage": 0, "quota": -1}  # a limit of -1 is "unlimited"; the document knows nothing below


@dataclass(frozen=True, slots=True)
class Value:
    """One row. `type` is a kind of object storage or a flavor's name, '' for a plain number."""

    region: str
    resource: str
    type: str = ""
    value: Decimal | None = None
    is_documented: bool = True
    unknown_fields: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as far as it says what the answer must hold."""

    kind: str
    project_id: str
    version: str
    regions: str
    components: str

    @classmethod
    def of(cls, request: Request) -> "Question":
        asked = request.asked
        return cls(
            request.kind, asked["project_id"], asked["version"], asked.get("regions", ""), asked.get("filter", "")
        )


@dataclass(slots=True)
class _Answer:
    values: list[Value] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def parse_usage(body: bytes, request: Request) -> Parsed:
    """Rows of usage_answers and usage_values; SchemaError names region and field."""
    return _parse(body, Question.of(request), table="usage")


def parse_quota(body: bytes, request: Request) -> Parsed:
    """Rows of quota_answers and quota_values; SchemaError names region and field."""
    return _parse(body, Question.of(request), table="quota")


def _parse(body: bytes, question: Question, *, table: str) -> Parsed:
    regions = decode_answer(body, RawObject)
    answer = _Answer()
    for region, raw in regions.items():
        _read_region(region, raw, question, answer)
    for region in filter(None, question.regions.split(",")):
        if region not in regions:
            answer.notes.append(f"region {region} was asked for and not answered: unknown, not zero")
    values = answer.values
    return Parsed(
        tables={
            f"{table}_answers": {
                "project_id": [question.project_id],
                "api_version": [question.version],
                "asked_regions": [question.regions],
                "asked_filter": [question.components],
                "region_count": [len(regions)],
            },
            f"{table}_values": {
                "project_id": [question.project_id] * len(values),
                "api_version": [question.version] * len(values),
                "position": list(range(len(values))),
                "region": [value.region for value in values],
                "resource": [value.resource for value in values],
                "type": [value.type for value in values],
                "value": [number_text(value.value, value.resource) for value in values],
                "is_documented": [value.is_documented for value in values],
                "unknown_fields": [value.unknown_fields for value in values],
            },
        },
        notes=tuple(dict.fromkeys(answer.notes)),
    )


def _read_region(region: str, raw: msgspec.Raw, question: Question, answer: _Answer) -> None:
    fields = _region_fields(region, raw)
    if not fields:
        answer.values.append(Value(region, "", unknown_fields="" if fields is not None else "null"))
        answer.notes.append(f"region {region} answered nothing: unknown, not zero")
        return
    values = [
        value
        for name, raw_value in fields.items()
        for value in _field_values(region, name, raw_value, least=_LEAST[question.kind])
    ]
    answer.values += values
    answer.notes += _unknown_notes(values)
    if not any(documented(name) or "." in name for name in fields):
        answer.notes.append(f"region {region} answered no figures, perhaps an error: kept; its state is unknown")
        return
    answer.notes += _check_components(region, fields, question)
    answer.notes += _check_flavors(region, values)


def _unknown_notes(values: list[Value]) -> Iterator[str]:
    for value in values:
        prefix = f"{value.resource}." if value.is_documented else ""
        for name in unknown_names([value.unknown_fields]):
            yield f"unknown field {prefix}{name}: kept"


def _region_fields(region: str, raw: msgspec.Raw) -> RawObject | None:
    """The fields of a region; None for null, which says nothing."""
    text = bytes(raw).strip()
    if text == b"null":
        return None
    if not text.startswith(b"{"):
        raise SchemaError(f"the answer does not fit its document: {region!r} holds no region but {_excerpt(text)}")
    return decode(text, RawObject)


def _field_values(region: str, name: str, raw: msgspec.Raw, *, least: int) -> Iterator[Value]:
    known, where = documented(name), f"{region}.{name}"
    if known is None:
        text = bytes(raw).strip()
        is_number = text[:1] in b"-0123456789"
        value = _number(raw, where, least=None) if is_number else None
        yield Value(region, name, value=value, is_documented=False, unknown_fields=encode({name: raw}))
    elif known.form is Form.NUMBER:
        yield Value(region, name, value=_number(raw, where, least=least))
    elif known.form is Form.COUNTS:
        counts = _decoded(raw, RawObject, where, "an object of numbers")
        yield from [
            Value(region, name, key, _number(one, f"{where}.{key}", least=least)) for key, one in counts.items()
        ] or [Value(region, name)]
    else:
        entries = _decoded(raw, list[RawObject], where, "a list of objects")
        values = [
            _size(region, name, entry, where=f"{where}[{index}]", least=least) for index, entry in enumerate(entries)
        ]
        _refuse_repeats([value.type for value in values], where)
        yield from values or [Value(region, name)]


def _size(region: str, name: str, entry: RawObject, *, where: str, least: int) -> Value:
    for key in sorted(_ENTRY):
        if key not in entry:
            raise SchemaError(f"the answer does not fit its document: `{where}` lacks {key}")
    unknown = {key: value for key, value in entry.items() if key not in _ENTRY}
    return Value(
        region,
        name,
        _decoded(entry["type"], str, f"{where}.type", "a text"),
        _number(entry["space_bytes"], f"{where}.space_bytes", least=least),
        unknown_fields=encode(unknown) if unknown else "",
    )


def _number(raw: msgspec.Raw, where: str, *, least: int | None) -> Decimal:
    text = bytes(raw).strip()
    if text[:1] not in b"-0123456789":  # the decoder would take a number in quotes, too
        raise SchemaError(f"the answer does not fit its document: `{where}` is no number but {_excerpt(text)}")
    value = decode(text, Decimal)
    if not is_figure(value) or (least is not None and value < least):
        raise SchemaError(f"the answer does not fit its document: `{where}` is out of range: {_excerpt(text)}")
    return value


def _decoded(raw: msgspec.Raw, kind: type[T], where: str, wanted: str) -> T:
    try:
        return decode(bytes(raw), kind)
    except SchemaError as error:
        raise SchemaError(
            f"the answer does not fit its document: `{where}` is not {wanted} but {_excerpt(bytes(raw))}"
        ) from error


def _refuse_repeats(types: list[str], where: str) -> None:
    for one in sorted(set(types)):
        if types.count(one) > 1:
            raise SchemaError(f"the answer does not fit its document: `{where}` has type {one!r} twice")


def _check_components(region: str, fields: Mapping[str, object], question: Question) -> Iterator[str]:
    """A component comes whole or not at all: part of one is a changed document, none of it is unknown."""
    present = {ALIASES.get(name, name) for name in fields}
    components = {known.component for name in present if (known := documented(name)) is not None}
    asked = set(filter(None, question.components.split(",")))
    for component, names in required(question.kind, int(question.version.removeprefix("v"))).items():
        if component in components:
            for name in sorted(names - present):
                raise SchemaError(f"the answer does not fit its document: region {region} lacks `{name}`")
        elif component != "network.lb" and (component in asked or not asked):
            yield f"region {region} answered nothing about {component}: unknown, not zero"


def _check_flavors(region: str, values: list[Value]) -> Iterator[str]:
    numbers = {value.resource: value.value for value in values if not value.type}
    flavors = {
        value.type: value.value
        for value in values
        if value.resource == "compute.flavors" and value.type and value.value is not None
    }
    cores, memory_mib = numbers.get("compute.cores"), numbers.get("compute.ram_mb")
    if flavors and flavors_disagree(flavors, cores=cores, memory_mib=memory_mib):
        yield f"region {region}: cores and memory are not what the flavor table gives: kept as answered"


def _excerpt(text: bytes) -> str:
    return repr(text[:40].decode("utf-8", "replace"))
