"""ScaleOps reports read whole are the same as those read row by row; what is not plain is left to that."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.errors import SchemaError
from tallybook.providers.scaleops import parse, plain
from tallybook.providers.scaleops.plain import read_plain
from tallybook.providers.scaleops.shapes import LISTS, NUMBERS, TEXTS, Read
from tests.providers.test_scaleops import report, sample, workload

_NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(-(10**6), 10**6, places=12).map(lambda value: format(value, "f")),
    st.decimals(-100, 100, places=14).map(lambda value: f"{value:f}5"),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.floats(-1e-3, 1e-3, allow_nan=False).map(repr),
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def told(read: Read | None) -> dict[str, Any]:
    """All that a report was read as, comparable."""
    assert read
    return asdict(replace(read, columns={name: column.to_pylist() for name, column in read.columns.items()}))


def row_by_row(body: bytes) -> dict[str, Any]:
    return told(parse._read_in_full(body))


@pytest.mark.parametrize("name", ["workloads", "aggregated", "two_workloads"])
def test_the_documented_examples_are_plain(name: str) -> None:
    assert told(read_plain(sample(name))) == row_by_row(sample(name))


@given(numbers=st.lists(_NUMBERS, min_size=1, max_size=8), text=_TEXTS, is_escaped=st.booleans())
def test_numbers_and_texts_are_those_read_row_by_row(numbers: list[str], text: str, is_escaped: bool) -> None:
    rows = [workload(id=f"{text}{number}", workloadName=text, totalCost=0.0625) for number in range(len(numbers))]
    body = json.dumps(json.loads(report(*rows)), ensure_ascii=is_escaped)
    for number in numbers:
        body = body.replace("0.0625", number, 1)

    assert told(read_plain(body.encode())) == row_by_row(body.encode())


@pytest.mark.parametrize(
    "text", ['a "b" c', "a\\b", "a\\", '\\"', "a\nb", "\r\n", "\x00", "\x7f\x85", "</td>", "ü🎉", ""]
)
@pytest.mark.parametrize("is_escaped", [True, False])
def test_a_text_that_json_escapes_is_read_in_columns_too(text: str, is_escaped: bool) -> None:
    rows = [workload(id="a"), workload(id="b", workloadName=text, labels=[text], ownerLabels=[])]
    body = json.dumps(json.loads(report(*rows, clusters=[text])), ensure_ascii=is_escaped).encode()

    assert told(read_plain(body)) == row_by_row(body)
    assert row_by_row(body)["columns"]["workload_name"][1] == text


@pytest.mark.parametrize("key", ["totalCost", "amountOfWorkloads"])  # the second is where reports are cut
def test_a_report_that_is_read_in_pieces_is_that_read_row_by_row(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(plain, "_PIECE_BYTES", 1)
    rows = [workload(id=str(n), totalCost=n, labels=[{"a": n}, {"b": n}]) for n in range(5)]
    twisted = [*rows, workload(id="5", annotations=[{"key": 1}, {key: 2}, {key: 3}])]

    for each in (rows, twisted):
        body = json.dumps(json.loads(report(*each)), separators=(",", ":")).encode()
        assert told(parse._read(body)) == row_by_row(body)


def test_every_column_is_read() -> None:
    assert set(told(read_plain(sample("two_workloads")))["columns"]) == {
        "position", "amount_of_workloads", "unknown_fields", *TEXTS, *NUMBERS, *LISTS,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"totalCost": "1.5"},
        {"totalCost": None},
        {"spotHours": True},
        {"spotHours": [1, 2]},
        {"spotHours": []},
        {"ownerGpuRequest": {}},
        {"clusterName": 1},
        {"services": [1]},
        {"amountOfWorkloads": 2**63},
    ],
    ids=str,
)
def test_a_workload_that_is_not_as_documented_is_not_plain(changes: dict[str, Any]) -> None:
    assert read_plain(report(workload(), workload(**changes))) is None


def test_a_missing_field_is_not_plain() -> None:
    broken = workload()
    del broken["replicas"]

    assert read_plain(report(broken)) is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", report(aggregatedWorkloads=None)])
def test_a_report_that_is_not_as_documented_is_not_plain(body: bytes) -> None:
    assert read_plain(body) is None


def test_a_key_that_is_given_twice_is_not_plain() -> None:
    body = report(workload()).replace(b'"totalCost"', b'"totalCost": 1, "totalCost"')

    assert read_plain(body) is None


@pytest.mark.parametrize("text", [rb"\u0022\u0022", rb"\u0022c\u0022"])
def test_a_key_that_is_given_twice_is_not_hidden_by_other_quotation_marks(text: bytes) -> None:
    twice = b'"totalCost":1,"totalCost"'
    body = report(workload(workloadName="NAME"), clusters=["NAME"]).replace(b'"totalCost"', twice)

    assert read_plain(body.replace(b"NAME", text, 1)) is None
    assert read_plain(body[::-1].replace(b"EMAN", text[::-1], 1)[::-1]) is None


@pytest.mark.parametrize("field", ["labels", "services", "totalCost", "workloadName"])
def test_a_text_that_is_no_utf_8_is_refused_as_row_by_row(field: str) -> None:
    body = report(workload(**{field: ["X"]})).replace(b"X", b"\xff")

    assert read_plain(body) is None
    with pytest.raises(SchemaError):
        parse._read(body)


def test_no_workloads_are_no_rows() -> None:
    read = read_plain(json.dumps(json.loads(report())).encode())

    assert read
    assert read.count == 0
    assert {len(column) for column in read.columns.values()} == {0}
