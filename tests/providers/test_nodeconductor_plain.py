"""Usage answers read whole are the same as those read point by point; what is not plain is left to that."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.contract import Parsed
from tallybook.providers.nodeconductor import parse
from tallybook.providers.nodeconductor.plain import read_points
from tests.providers.nodeconductor_answers import START, hours_of, series, usage_request

REQUEST = usage_request()
NUMBERS = st.one_of(
    st.none(),
    st.integers(-(2**40), 2**40),
    st.decimals(-(10**6), 10**6, places=12).map(lambda value: format(value, "f")),
)


def rows(parsed: Parsed) -> dict[str, dict[str, list[object]]]:
    return {
        table: {
            name: [getattr(value, "as_py", lambda value=value: value)() for value in column]
            for name, column in columns.items()
        }
        for table, columns in parsed.tables.items()
    } | {"notes": {"": list(parsed.notes)}}


def is_plain(points: list[dict[str, Any]]) -> bool:
    return read_points(series(("Warehouse", points)), REQUEST.asked) is not None


@given(values=st.lists(NUMBERS, max_size=8), is_descending=st.booleans())
def test_points_are_those_read_point_by_point(values: list[object], is_descending: bool) -> None:
    points = hours_of(values)[:: -1 if is_descending else 1]
    body = series(("Warehouse", points))

    assert is_plain(points)
    assert rows(parse.parse_usage(body, REQUEST)) == rows(parse._read_point_by_point(body, REQUEST))


def test_a_point_without_a_value_is_plain() -> None:
    body = series(("Warehouse", [{"from": START, "to": START + 3600}]))

    assert read_points(body, REQUEST.asked) is not None
    assert rows(parse.parse_usage(body, REQUEST)) == rows(parse._read_point_by_point(body, REQUEST))


@pytest.mark.parametrize(
    "points",
    [
        hours_of(["NaN"]),
        hours_of([2**40 + 1]),
        hours_of(["0.1234567890123"]),
        hours_of([True]),
        hours_of([1], first=-1),
        hours_of([1], first=744),
        hours_of([1, 2]) + hours_of([1]),
        [{"from": START, "to": START + 1800, "value": 1}],
        [{"from": START + 3600, "to": START, "value": 1}],
        [{"from": START, "value": 1}],
        [{"from": str(START), "to": START + 3600, "value": 1}],
        [{"from": START, "to": START + 3600, "value": 1, "unit": "MiB"}],
        [None],
        None,
    ],
    ids=str,
)
def test_points_with_something_to_tell_are_not_plain(points: Any) -> None:
    assert read_points(json.dumps([{"name": "Warehouse", "datapoints": points}]).encode(), REQUEST.asked) is None


@pytest.mark.parametrize(
    "body",
    [
        series(),
        series(("Other", hours_of([1]))),
        series(("Warehouse", hours_of([1])), ("Warehouse", hours_of([1]))),
        series(("Warehouse", hours_of([1]))).replace(b'"from"', b'"from": 1, "from"'),
        series(("Warehouse", hours_of([1]))).replace(b'"name"', b'"name": "Warehouse", "name"'),
        b'[]}\n{"series": []',
        b'[{"name": "Warehouse", "datapoints": [], "unit": 1}]',
        b'[{"name": "Ware\xffhouse", "datapoints": []}]',
        b"[null]",
        b"{}",
        b"",
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
def test_other_answers_are_not_plain(body: bytes) -> None:
    assert read_points(body, REQUEST.asked) is None
