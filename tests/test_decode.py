import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from tallybook.decode import (
    LongList,
    decode,
    decode_answer,
    document_bytes,
    document_parts,
    encode,
    encode_lines,
    known_fields,
    number_text,
    unknown_fields,
    unknown_names,
)
from tallybook.errors import SchemaError


class Row(msgspec.Struct, rename="camel"):
    unit_cost: Decimal
    name: str = ""


def test_a_decimal_keeps_every_digit_of_the_text() -> None:
    row = decode(b'{"unitCost": 1234567890123.123456789012345}', Row)

    assert row.unit_cost == Decimal("1234567890123.123456789012345")


def test_untyped_numbers_keep_every_digit_too() -> None:
    value = decode(b'{"new": 0.12345678901234567890123, "big": 1180591620717411303424}', dict[str, Any])

    assert encode(value) == '{"big":1180591620717411303424,"new":0.12345678901234567890123}'


def test_an_unknown_number_beyond_a_double_does_not_spoil_the_answer() -> None:
    assert decode(b'{"new": 1e400}', dict[str, Any]) == {"new": Decimal("1e400")}


def test_a_missing_field_is_named() -> None:
    with pytest.raises(SchemaError, match="unitCost"):
        decode(b"{}", Row)


def test_a_changed_type_names_its_field() -> None:
    with pytest.raises(SchemaError, match=r"\$\[1\]\.name"):
        decode(b'[{"unitCost": 1}, {"unitCost": 1, "name": 7}]', list[Row])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b'{"unitCost": 1',
        b'{"unitCost": NaN}',
        b'{"unitCost": 1} x',
        b"\xff\xfe",
        b'"\xff"',
        b'{"x": 1e999999999999999999999}',
        b"[" * 100000,
    ],
)
def test_what_is_not_json_says_so(body: bytes) -> None:
    with pytest.raises(SchemaError, match="is not JSON"):
        decode(body, Any)


def test_what_is_not_json_is_not_shown_since_it_may_echo_a_secret() -> None:
    with pytest.raises(SchemaError, match="the answer is not JSON") as caught:
        decode(b"invalid token SECRET123", Row)
    assert "SECRET123" not in str(caught.value)


def test_unknown_fields_are_kept_as_text_and_their_names_listed_once() -> None:
    items = decode(b'[{"unitCost": 1}, {"unitCost": 1, "b": [1.50], "a": null}, {"b": 2}]', list[dict[str, Any]])

    texts = unknown_fields(items, Row)

    assert texts == ["", '{"a":null,"b":[1.50]}', '{"b":2}']
    assert unknown_names(texts) == ["a", "b"]


def test_a_line_each_is_what_each_is_encoded_as() -> None:
    values = [{"b": Decimal("1.50"), "a": {"d": "\n", "c": None}}, [], "x"]

    assert encode_lines(values).decode().split("\n") == [*map(encode, values), ""]


def test_known_fields_are_the_names_in_the_json() -> None:
    assert known_fields(Row) == {"unitCost", "name"}


def test_numbers_are_written_plainly() -> None:
    assert number_text(None, "cost") is None
    assert number_text(Decimal("1E+3"), "cost") == "1000"
    assert number_text(Decimal("1E-12"), "cost") == "0.000000000001"
    assert number_text(Decimal("-999999999999999999.999999999999"), "cost") == "-999999999999999999.999999999999"


def test_the_smallest_number_of_json_is_written_out() -> None:
    assert number_text(decode(b"5e-324", Decimal), "cost") == "0." + "0" * 323 + "5"


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e18", "-1e18", "9e24", "1e-999999999", '"NaN"', '"-Infinity"', '"sNaN"']
)
def test_a_number_that_no_figure_can_have_is_refused_at_once(text: str) -> None:
    with pytest.raises(SchemaError, match=r"^cost is .*no number that a figure can have"):
        number_text(decode(text.encode(), Decimal), "cost")


@pytest.mark.parametrize("text", ["0", "0e5", "0e30", "-0"])
def test_zero_is_zero_however_it_is_written(text: str) -> None:
    assert Decimal(number_text(decode(text.encode(), Decimal), "cost") or "missing") == 0


def test_what_is_encoded_is_json_with_sorted_keys() -> None:
    text = encode({"b": Decimal("1.10"), "a": "ü"})

    assert text == '{"a":"ü","b":1.10}'
    assert json.loads(text) == {"a": "ü", "b": 1.1}


@pytest.mark.parametrize(
    "body",
    [
        b'{"unitCost": 1, "unitCost": 2}',
        b'{"unitCost": 1, "unit\\u0043ost": 2}',
        b'{"unitCost": 1, "new": [{"unitCost": 1, "unitCost": 1}]}',
    ],
)
def test_an_answer_that_names_a_field_twice_is_refused_since_readers_differ_in_which_counts(body: bytes) -> None:
    with pytest.raises(SchemaError, match="names 'unitCost' twice"):
        decode_answer(body, Row)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"unitCost": 1}, {"unitCost": 2}]',
        b'[{"unitCost": 1, "new": {"unitCost": 2}}]',
        b'[{"unitCost": 1, "new": ' + b"7" * 5000 + b"}]",
    ],
)
def test_a_name_that_comes_again_elsewhere_is_no_repeat(body: bytes) -> None:
    assert decode_answer(body, list[Row]) == decode(body, list[Row])


def test_an_unknown_text_that_is_no_unicode_is_refused_as_such() -> None:
    with pytest.raises(SchemaError, match="not JSON"):
        decode_answer(b'{"unitCost": 1, "new": "\xff"}', Row)


ITEMS = [
    {"cost": Decimal("1.50"), "note": '\n  "items": []'},
    msgspec.Raw(b'{"cost":2}'),
    {"cost": None},
    {"items": []},
]


@pytest.mark.parametrize("cuts", [[0, 4], [0, 1, 4], [0, 1, 2, 3, 4], [0, 0, 2, 2, 4], [0, 0], [0]])
@pytest.mark.parametrize("names", ["items total", "total items", "items"])
def test_a_document_with_a_long_list_is_the_same_in_slices_of_any_size(cuts: list[int], names: str) -> None:
    values = {"total": {"items": [], "cost": Decimal("3.500")}}
    slices = [ITEMS[start:end] for start, end in pairwise(cuts)]
    plain = {name: values.get(name, ITEMS[: cuts[-1]]) for name in names.split()}
    checked: list[bytes] = []

    parts = list(document_parts({**plain, "items": LongList(lambda: iter(slices))}, checked.append))

    assert b"".join(parts) == document_bytes(plain)
    assert checked == [document_bytes({**plain, "items": one}) for one in filter(None, slices)] or checked == [
        document_bytes(plain)
    ]


def test_no_slice_is_made_before_the_one_before_it_was_taken() -> None:
    made = []

    def slices() -> Iterator[list[int]]:
        for number in range(3):
            made.append(number)
            yield [number]

    parts = document_parts({"items": LongList(slices)})
    seen = [len(made) for _ in zip(range(4), parts, strict=False)]

    assert seen == [1, 1, 2, 2]  # each is two parts: what leads to it, and itself
