"""A document that does not fit its schema is refused, and judged as another validator judges it."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import jsonschema
import pytest

from tallybook.decode import LongList, decode, document_bytes, document_parts
from tallybook.pipeline.export import DocumentError, refuse_misfit
from tallybook.resources import root

EXAMPLES = {
    path.relative_to(root() / "reports" / "schemas").as_posix().removesuffix(".schema.json")
    for path in (root() / "reports" / "schemas").glob("*/*.schema.json")
}


def example(name: str) -> Any:
    path = root() / "src" / "tallybook" / "sandbox" / "examples" / f"{name}.json"
    return decode(path.read_bytes(), object)


def mutations(value: Any) -> Iterator[Any]:
    """The value with one thing changed: a number, a text, a name, a member more or less, another kind."""
    if isinstance(value, dict):
        yield {**value, "surplus": 1}
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: changed} for changed in mutations(part))
    elif isinstance(value, list):
        yield [*value, None]
        for index, part in enumerate(value[:2]):
            yield from ([*value[:index], changed, *value[index + 1 :]] for changed in mutations(part))
    yield from (other for other in (None, True, "text", -1, Decimal("0.5"), [], {}) if type(other) is not type(value))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_documents_own_example_fits_and_each_mutation_is_judged_as_the_schema_says(name: str) -> None:
    schema = decode((root() / "reports" / "schemas" / f"{name}.schema.json").read_bytes(), dict[str, Any])
    reference = jsonschema.Draft202012Validator(schema)
    refuse_misfit(name, document_bytes(example(name)))
    refused = 0
    for changed in mutations(example(name)):
        body = document_bytes(changed)
        if reference.is_valid(decode(body, object)):
            refuse_misfit(name, body)
        else:
            refused += 1
            with pytest.raises(DocumentError, match=f"{name} does not fit its schema: "):
                refuse_misfit(name, body)

    assert refused > 3


def test_a_misfit_names_its_place() -> None:
    document = example("ocore/usage")
    document["items"][0]["cpuCoreHours"] = "1"

    with pytest.raises(DocumentError, match=r'items\.0\.cpuCoreHours: "1" is not of type "number"'):
        refuse_misfit("ocore/usage", document_bytes(document))


def test_a_number_beyond_every_double_is_one_and_keeps_its_digits() -> None:
    document = example("ocore/usage")
    document["items"][0]["cpuCoreHours"] = Decimal("12345678901234567890.123456789012")
    body = document_bytes(document)
    refuse_misfit("ocore/usage", body)

    assert b"12345678901234567890.123456789012" in body


def test_each_slice_of_a_long_list_is_held_against_the_schema() -> None:
    document = example("ocore/usage")
    good, bad = document["items"][0], {**document["items"][0], "cpuCoreHours": "1"}
    sliced = {**document, "items": LongList(lambda: iter([[good], [good, bad]]))}

    parts = document_parts(sliced, partial(refuse_misfit, "ocore/usage"))

    with pytest.raises(DocumentError, match=r'items\.1\.cpuCoreHours: "1" is not of type "number"'):
        b"".join(parts)
