"""The schemas of all documents are as strict as the documents: each documented field, its type, and no other."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.pipeline.export import known_documents
from tallybook.resources import root
from tallybook.sandbox.example_routes import FOLDER
from tests.documents.providers.document_bench import problems

EVERY = sorted(known_documents([providers.load(name) for name in providers.names()]))
Place = tuple[Any, ...]

# Where the document leaves something open, and so does the schema. A path ends with the field's name.
MAY_BE_MISSING: dict[str, Callable[[Place], bool]] = {
    "nodeconductor/alert": lambda _: True,  # a severity without alerts
    "syseleven/quota": lambda path: len(path) == 1 or path[-1] in ("dns.zones", "objectstorage"),
    # a region, a component of one field, a flavor
    "syseleven/current-usage": lambda path: (
        len(path) == 1 or path[-1] in ("dns.zones", "objectstorage") or path[-2] in FLAVORS
    ),
}
MAY_BE_ADDED: dict[str, Callable[[Place], bool]] = {
    "nodeconductor/alert": lambda _: True,  # releases have other severities
    "openscaler/stats-live": lambda _: True,  # unknown fields are written back, as below
    "syseleven/quota": lambda path: path != (),  # but a region is an object
    "syseleven/current-usage": lambda path: path != (),
    "scaleops/aggregated": lambda path: "ownerLabels" in path,
    "scaleops/workloads": lambda path: "ownerLabels" in path,
}
FLAVORS = ("compute.flavors", "loadbalancer.flavors")
ANYTHING = ("annotations", "labels")  # shown as null and not described
NULLABLE = ("ownerLabels", "services")  # servers write an empty list as null


def example(name: str) -> Any:
    return json.loads((Path(FOLDER) / f"{name}.json").read_bytes())


def fields(value: Any, *path: Any) -> Iterator[Place]:
    """The paths to all fields, of the first object in each list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from fields(inner, *path, key)
    elif isinstance(value, list) and value:
        yield from fields(value[0], *path, 0)


def objects(value: Any) -> Iterator[Place]:
    """The paths to all objects."""
    yield from {path[:-1] for path in fields(value)}


def changed(document: Any, path: Place, change: Callable[[Any], None]) -> Any:
    """A copy in which `change` was done to the object or list that the path leads to."""
    again = copy.deepcopy(document)
    place = again
    for step in path:
        place = place[step]
    change(place)
    return again


def fits(name: str, instance: object) -> bool:
    return not problems(*name.split("/"), instance)


@pytest.mark.parametrize("name", EVERY)
def test_the_schema_names_its_source_and_holds_for_the_documented_example(name: str) -> None:
    schema = json.loads((root() / "reports" / "schemas" / f"{name}.schema.json").read_bytes())

    assert schema["$id"].startswith(f"urn:tallybook:schema:{name.replace('/', ':')}:")
    assert schema["description"].startswith("Answer of ")
    assert fits(name, example(name))


@pytest.mark.parametrize("name", EVERY)
def test_an_example_without_a_field_does_not_fit(name: str) -> None:
    document = example(name)
    may_be_missing = MAY_BE_MISSING.get(name, lambda _: False)
    for path in fields(document):
        missing = changed(document, path[:-1], lambda place, key=path[-1]: place.pop(key))  # type: ignore[misc]
        assert fits(name, missing) == may_be_missing(path), path


@pytest.mark.parametrize("name", EVERY)
def test_an_example_with_a_field_of_another_type_does_not_fit(name: str) -> None:
    document = example(name)
    for path in fields(document):
        was = document
        for step in path:
            was = was[step]
        others = [one for one in ("7", 7.5, True, ["7"], {"not": "this"}) if type(one) is not type(was)]
        if isinstance(was, int | float) and not isinstance(was, bool):
            others = [one for one in others if not isinstance(one, float)]
        for other in others:
            retyped = changed(document, path[:-1], lambda place, key=path[-1], new=other: place.update({key: new}))  # type: ignore[misc]
            assert fits(name, retyped) == (path[-1] in ANYTHING), (path, other)


@pytest.mark.parametrize("name", EVERY)
def test_null_stands_only_where_it_may(name: str) -> None:
    document = example(name)
    for path in fields(document):
        nothing = changed(document, path[:-1], lambda place, key=path[-1]: place.update({key: None}))  # type: ignore[misc]
        is_aggregate = name == "openscaler/stats-live" and len(path) == 2 and path[-1] not in ("vms", "vpcs")
        assert fits(name, nothing) == (is_aggregate or path[-1] in (*ANYTHING, *NULLABLE)), path


@pytest.mark.parametrize("name", EVERY)
def test_an_example_with_another_field_does_not_fit(name: str) -> None:
    document = example(name)
    may_be_added = MAY_BE_ADDED.get(name, lambda _: False)
    for path in objects(document):
        more = changed(document, path, lambda place: place.update({"another": 1}))
        assert fits(name, more) == may_be_added(path), path


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("instance", [None, "text", 7, [7], [[]]])
def test_another_form_does_not_fit(name: str, instance: object) -> None:
    assert not fits(name, instance)
