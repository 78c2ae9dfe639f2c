"""Decoding answers: exact decimals, errors that name the field, unknown fields kept and noted."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from tallybook.errors import SchemaError
from tallybook.money import CONTEXT

T = TypeVar("T")

# A figure is below 10^18: in bytes that is an exabyte. The warehouse's DECIMAL(38, 12) has 26 digits before the point,
# so that a hundred million of the largest still add up; what is beyond would stop the sums of everybody else.
FIGURE_DIGITS = 18
_DIGITS_BEHIND = 1100  # the longest exact double has 1074
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=Decimal)  # untyped numbers keep their digits too


def decode(body: bytes, kind: type[T]) -> T:
    """Decode a JSON body into a msgspec type; numbers typed Decimal, and untyped ones, keep every digit.

    Raises SchemaError naming the field that is missing or changed its type, or saying that it is no JSON.
    """
    try:
        result: T = _decoder(cast("Hashable", kind)).decode(body)
    except msgspec.ValidationError as error:
        raise SchemaError(f"the answer does not fit its document: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as error:
        # none of the body: an echo of a credential would end up in reports
        raise SchemaError(f"the answer is not JSON ({error})") from error
    return result


def decode_answer(body: bytes, kind: type[T]) -> T:
    """`decode` for a whole answer, or a part kept as text: an object that names a field twice is refused too.

    Readers differ in which of the two they take (RFC 8259, section 4), so that nobody can say what was meant.
    """
    result = decode(body, kind)
    try:
        json.loads(body.decode(), object_pairs_hook=_refuse_repeats, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise SchemaError("the answer is not JSON that can be read") from error
    return result


def _refuse_repeats(fields: list[tuple[str, Any]]) -> None:
    if len(dict(fields)) < len(fields):
        names = [name for name, _ in fields]
        repeated = next(name for name in names if names.count(name) > 1)
        raise SchemaError(
            f"the answer names {repeated[:40]!r} twice in one object, and nobody can say which one counts"
        )


def known_fields(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The JSON names a struct knows."""
    return frozenset(struct.__struct_encode_fields__)


def unknown_fields(items: Iterable[dict[str, Any]], struct: type[msgspec.Struct]) -> list[str]:
    """For each object, its fields that `struct` does not know, as JSON text; `""` when there are none."""
    known = known_fields(struct)
    texts = []
    for item in items:
        extra = {name: value for name, value in item.items() if name not in known}
        texts.append(encode(extra) if extra else "")
    return texts


def unknown_names(texts: Iterable[str]) -> list[str]:
    """The distinct names in the texts that `unknown_fields` made, sorted."""
    return sorted({name for text in set(texts) if text for name in decode(text.encode(), dict[str, Any])})


def encode(value: Any) -> str:
    """Compact JSON text with sorted keys; Decimals are written as JSON numbers with all digits."""
    return _ENCODER.encode(value).decode()


def encode_lines(values: Iterable[Any]) -> bytes:
    """`encode` of each value, with a line break behind it; none is within."""
    return _ENCODER.encode_lines(values)


def is_figure(value: Decimal) -> bool:
    """Whether a provider's figure can have this value: a number below 10^18, on either side of zero."""
    return value.is_finite() and (not value or value.adjusted() < FIGURE_DIGITS)


def number_text(value: Decimal | None, field: str) -> str | None:
    """A decimal as plain text for a staging column; None stays None.

    Raises SchemaError naming the field for what is no figure (see `is_figure`) or has no end: 1e-999999999 would be
    written out in a thousand million digits.
    """
    if value is None:
        return None
    if not is_figure(value) or _exponent(value) < -_DIGITS_BEHIND:
        raise SchemaError(
            f"{field} is {value!s:.40}, which is no number that a figure can have (below 10^{FIGURE_DIGITS})"
        )
    return format(value, "f")


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@dataclass(frozen=True, slots=True)
class LongList:
    """A list in a document that may be too long for memory: `slices` gives its items, some at once, in their order."""

    slices: Callable[[], Iterable[Sequence[Any]]]


def document_bytes(value: Any) -> bytes:
    """A provider's document as JSON: keys in the given order, decimals as numbers without noise or trailing zeros."""
    return b"".join(document_parts(value))


def document_parts(value: Any, check: Callable[[bytes], None] = lambda _: None) -> Iterator[bytes]:
    """`document_bytes` part by part. One value of a document, at most, is a `LongList`; each slice of it is a part.

    `check` gets every part before it is given, as a document of its own that has only the items of one slice.
    """
    name = (
        next((key for key, part in value.items() if isinstance(part, LongList)), None) if type(value) is dict else None
    )
    if name is None:
        whole = _formatted(value)
        check(whole)
        yield whole
        return
    before, behind = _formatted({**value, name: []}).split(f'\n  "{name}": []'.encode())  # nowhere else so far left
    start, end = before + f'\n  "{name}": ['.encode(), b"\n  ]" + behind
    lead = start
    for items in filter(len, value[name].slices()):
        part = _formatted({**value, name: items})
        check(part)
        yield lead
        yield part[len(start) : -len(end)]
        lead = b","
    if lead is start:
        yield from document_parts({**value, name: []}, check)
    else:
        yield end


def _formatted(value: Any) -> bytes:
    encoder = msgspec.json.Encoder(decimal_format="number")
    return msgspec.json.format(encoder.encode(_trimmed(value)), indent=2) + b"\n"


def _trimmed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize(CONTEXT)
    if isinstance(value, dict):
        return {key: _trimmed(item) for key, item in value.items()}
    return [_trimmed(item) for item in value] if isinstance(value, list | tuple) else value
