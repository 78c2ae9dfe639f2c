"""oCore's answers read whole or in parts say what they say item by item; what is not plain is left to that."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook import cutting
from tallybook.contract import Parsed
from tallybook.errors import SchemaError
from tallybook.providers.ocore import parse
from tallybook.providers.ocore.plain import read_plain
from tallybook.providers.ocore.shapes import QUANTITIES
from tallybook.stream import Stream
from tests.providers.test_ocore import EXAMPLE, USAGE, item, usage

NUMBERS = st.one_of(
    st.integers(0, 10**15).map(str),
    st.decimals(0, 10**6, places=12).map(lambda value: format(value, "f")),
    st.floats(0, 1e6, allow_nan=False).filter(lambda value: not value or value > 1e-3).map(repr),
)


def staged(parsed: Parsed, table: str) -> list[dict[str, Any]]:
    """The rows as the warehouse would have them."""
    import pyarrow as pa

    rows = pa.table(dict(parsed.tables[table]))
    kinds = [
        pa.field(name, pa.decimal128(38, 12) if name in QUANTITIES else rows.schema.field(name).type)
        for name in rows.schema.names
    ]
    return list(Stream([rows], pa.schema(kinds)).reader().read_all().to_pylist()) if rows.num_rows else []


def item_by_item(body: bytes) -> dict[str, list[dict[str, Any]]]:
    items, rest = parse._parts([parse._read_in_full(body)], USAGE)
    return {"items": staged(items, "usage_items"), "totals": staged(rest, "usage_totals"), "notes": list(rest.notes)}


def whole(body: bytes) -> dict[str, list[Any]]:
    parsed = parse.parse_usage(body, USAGE)
    return {
        "items": staged(parsed, "usage_items"),
        "totals": staged(parsed, "usage_totals"),
        "notes": list(parsed.notes),
    }


def in_parts(body: bytes) -> dict[str, list[Any]]:
    *parts, last = parse.parse_long_usage(chunks(body), USAGE)
    rows = [row for part in parts for row in staged(part, "usage_items")]
    return {"items": rows, "totals": staged(last, "usage_totals"), "notes": list(last.notes)}


def chunks(body: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: (body[start : start + 300] for start in range(0, len(body), 300))


@pytest.fixture(autouse=True)
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_PIECE_BYTES", 1000)
        yield


@given(numbers=st.lists(NUMBERS, min_size=1, max_size=8), text=st.text(st.characters(exclude_categories=["Cs"])))
def test_numbers_and_texts_are_those_read_item_by_item(numbers: list[str], text: str) -> None:
    items = [item(projectId=f"p{n}", projectName=text, ramGbHours="HERE") for n in range(len(numbers))]
    body = usage(*items, totals=EXAMPLE).decode()
    for number in numbers:
        body = body.replace('"HERE"', number, 1)

    assert read_plain(body.encode())
    assert whole(body.encode()) == item_by_item(body.encode()) == in_parts(body.encode())


@pytest.mark.parametrize("totals", [None, {}, {"cpuCoreHours": 2.5, "projectId": "p"}, EXAMPLE], ids=str)
def test_totals_may_say_little(totals: object) -> None:
    body = usage(item(), totals=totals)

    assert read_plain(body)
    assert whole(body) == item_by_item(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"cpuCoreHours": None},
        {"cpuCoreHours": True},
        {"cpuCoreHours": 10**18},
        {"projectName": None},
        {"projectId": 1},
        {"tenant": "x"},
    ],
    ids=str,
)
def test_an_item_that_is_not_as_documented_is_not_plain(changes: dict[str, Any]) -> None:
    assert read_plain(usage(item(), item(**changes))) is None


def test_an_item_without_a_field_is_not_plain() -> None:
    whole_item = item()
    del whole_item["instanceHours"]

    assert read_plain(usage(item(), whole_item)) is None


@pytest.mark.parametrize("more", [{"next": "x"}, {"period": None}, {"items": None}, {"totals": {"tenant": 1}}], ids=str)
def test_an_answer_with_more_or_less_than_is_documented_is_not_plain(more: dict[str, object]) -> None:
    assert read_plain(json.dumps(json.loads(usage(item())) | more).encode()) is None


def test_a_field_that_is_given_twice_is_not_plain() -> None:
    body = usage(item())

    assert read_plain(body.replace(b'"totals"', b'"period": "daily", "totals"')) is None
    assert read_plain(body.replace(b'"projectId"', b'"projectId": "p-0", "projectId"')) is None


def test_parts_tell_what_is_odd_as_the_whole_does() -> None:
    odd = item(periodStart="2026-11-01T00:00:00Z", periodType="daily", tenant="x")
    body = usage(*[item(projectName="n" * 200, projectId=f"p{n}") for n in range(20)], odd, totals=EXAMPLE)

    assert len(list(parse.parse_long_usage(chunks(body), USAGE))) > 3
    assert in_parts(body) == whole(body) == item_by_item(body)
    assert len(whole(body)["notes"]) == 3


def test_parts_that_say_there_are_more_pages_are_refused() -> None:
    answer = json.loads(usage(*[item(projectName="n" * 200) for _ in range(20)])) | {"total": 21}

    with pytest.raises(SchemaError, match="total is 21 and 20 rows came"):
        list(parse.parse_long_usage(chunks(json.dumps(answer).encode()), USAGE))
