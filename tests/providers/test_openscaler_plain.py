"""Snapshots read whole are the same as those read figure by figure; what is not plain is left to that."""

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.contract import Parsed
from tallybook.providers.openscaler import api
from tallybook.providers.openscaler.plain import read_plain
from tallybook.providers.openscaler.shapes import ACCOUNT
from tallybook.stream import Stream
from tests.providers.test_openscaler import EXAMPLE, LIVE, example

RATES = ("cpu", "read", "write", "usage", "rx", "tx")
NUMBERS = st.one_of(
    st.integers(0, 10**16).map(str),
    st.floats(0, 1e12, allow_nan=False).filter(lambda value: not value or value > 1e-3).map(repr),
    st.decimals(0, 10**6, places=18).map(lambda value: format(value, "f")),
)


def kept(parsed: Parsed) -> dict[str, Any]:
    """What the warehouse would have: rates and percents with 18 decimals, bytes with 12."""
    tables = {}
    for table, columns in parsed.tables.items():
        rows = pa.table(dict(columns))
        kinds = [
            pa.field(
                name, pa.decimal128(38, 18 if name.rpartition("_")[2] in RATES else 12) if name in ACCOUNT else kind
            )
            for name, kind in zip(rows.schema.names, rows.schema.types, strict=True)
        ]
        tables[table] = Stream([rows], pa.schema(kinds)).reader().read_all().to_pylist() if rows.num_rows else []
    return tables | {"notes": parsed.notes, "captured_at": parsed.captured_at}


def encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, default=float).encode()


def test_the_documented_example_is_plain() -> None:
    assert read_plain(EXAMPLE)
    assert kept(api.parse_live(EXAMPLE, LIVE)) == kept(api._read_figure_by_figure(EXAMPLE))


@given(numbers=st.lists(NUMBERS, min_size=4, max_size=4), name=st.text(st.characters(exclude_categories=["Cs"])))
def test_figures_and_names_are_those_read_figure_by_figure(numbers: list[str], name: str) -> None:
    document = example()
    document["data"] |= {"cpu": "HERE", "memory.total": "HERE"}
    document["data"]["vms"][1] |= {"name": name, "network.rx": "HERE", "created_at": name}
    document["data"]["vpcs"][0] |= {"network.tx": "HERE"}
    body = json.dumps(document, default=float, ensure_ascii=False)
    for number in numbers:
        body = body.replace('"HERE"', number, 1)

    assert kept(api.parse_live(body.encode(), LIVE)) == kept(api._read_figure_by_figure(body.encode()))


def test_a_machine_that_does_not_run_may_lack_figures() -> None:
    document = example()
    del document["data"]["vms"][0]["cpu"]
    document["data"]["vms"][0]["state"] = "stopped"

    assert read_plain(encoded(document))
    assert kept(api.parse_live(encoded(document), LIVE)) == kept(api._read_figure_by_figure(encoded(document)))


@pytest.mark.parametrize(
    "changes",
    [
        {"cpu": None},
        {"cpu": "1"},
        {"memory.total": -1},
        {"memory.total": True},
        {"disk.read": Decimal(10) ** 20},
        {"name": None},
        {"vm_id": 5},
        {"vm_id": "4"},
        {"gpu": 1},
        {"name": "back\\slash"},
    ],
    ids=str,
)
def test_a_machine_with_something_to_tell_is_not_plain(changes: dict[str, Any]) -> None:
    document = example()
    document["data"]["vms"][0] |= changes

    assert read_plain(encoded(document)) is None


@pytest.mark.parametrize("name", ["cpu", "network.tx", "vms", "vpcs"])
def test_an_account_without_a_field_is_not_plain(name: str) -> None:
    document = example()
    del document["data"][name]

    assert read_plain(encoded(document)) is None


def test_a_field_that_is_given_twice_is_not_plain() -> None:
    assert read_plain(EXAMPLE.replace(b'"step"', b'"step": 1, "step"')) is None
