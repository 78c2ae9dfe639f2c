"""Fields that ScaleOps' document does not name are read as columns, and are what they are row by row."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.errors import SchemaError
from tallybook.providers.scaleops import parse, plain, unknown
from tallybook.providers.scaleops.plain import read_plain
from tests.providers.test_scaleops import report, workload
from tests.providers.test_scaleops_plain import row_by_row, told

_SPELLED = [
    "a",
    "ü",
    r"\u00fc",
    "/",
    r"\/",
    r"\"",
    r"\u0022",
    r"\\",
    r"\u005c",
    r"\n",
    r"\ud83d\ude00",
    "},{",
    "[",
    ":",
]
_TEXTS = st.lists(st.sampled_from(_SPELLED), max_size=4).map(lambda parts: f'"{"".join(parts)}"')
_NAMES = st.sampled_from(['"a"', '"ab"', r'"\u0061"', '"ä b"', '"Z"', '""', '"total_cost"'])
_SCALARS = st.one_of(
    _TEXTS, st.sampled_from(["null", "true", "-0", "1.50", "1e5", "0.12345678901234567890123", "9" * 30])
)


def _objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.builds("{}:{}".format, _NAMES, values), max_size=3)


_VALUES = st.recursive(
    _SCALARS,
    lambda values: st.one_of(
        st.lists(values, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        _objects(values).map(lambda fields: f"{{{','.join(fields)}}}"),
    ),
    max_leaves=4,
)
_FIELDS = _objects(_VALUES)


@pytest.fixture(autouse=True)
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_PIECE_BYTES", 1)
        yield


def compact(body: bytes | str) -> str:
    return json.dumps(json.loads(body), separators=(",", ":"))


def written(rows: list[tuple[list[str], str]], beside: list[str]) -> bytes:
    """A report with these fields, its rows with these and a name each, all as the JSON texts that they are."""
    one = compact(json.dumps(workload(workloadName="NAME")))
    texts = [_with(one.replace('"NAME"', name), fields) for fields, name in rows]
    return _with(compact(report()).replace("[]", f"[{','.join(texts)}]", 1), beside).encode()


def _with(json_object: str, fields: list[str]) -> str:
    return ",".join([json_object[:-1], *fields]) + "}"


def outcome(read: Any, body: bytes) -> dict[str, Any] | str:
    try:
        return told(read(body))
    except SchemaError as error:
        return str(error)


@given(rows=st.lists(st.tuples(_FIELDS, _TEXTS), max_size=4), beside=_FIELDS)
def test_reports_are_read_or_refused_as_row_by_row(rows: list[tuple[list[str], str]], beside: list[str]) -> None:
    body = written(rows, beside)

    expected = outcome(parse._read_in_full, body)

    assert outcome(parse._read, body) == expected
    assert (read_plain(body) is None) == isinstance(expected, str)


def test_fields_that_rows_have_or_not_are_kept_as_text_in_the_order_of_their_names() -> None:
    tags = {"b": [1.5, None], "a": "x"}
    rows = [workload(), workload(team="web"), workload(networkCost=0.25, _tags=tags, Egress=None), workload(team="")]

    read = read_plain(compact(report(*rows, nextPage="p")).encode())

    assert told(read)["columns"]["unknown_fields"] == [
        "",
        '{"team":"web"}',
        '{"Egress":null,"_tags":{"a":"x","b":[1.5,null]},"networkCost":0.25}',
        '{"team":""}',
    ]
    assert told(read)["unknown"] == '{"nextPage":"p"}'
    assert told(read)["unknown_names"] == ("Egress", "_tags", "networkCost", "nextPage", "team")


@pytest.mark.parametrize("count", [unknown._MOST, unknown._MOST + 1])
def test_only_so_many_names_are_learned(count: int) -> None:
    body = compact(report(*(workload(**{f"field{n}": n}) for n in range(count)))).encode()

    assert (read_plain(body) is None) == (count > unknown._MOST)
    assert told(parse._read(body)) == row_by_row(body)


@pytest.mark.parametrize("name", ['"', "\\", "\n"])
def test_a_name_that_is_escaped_is_left_to_row_by_row(name: str) -> None:
    body = report(workload(**{name: 1}))

    assert read_plain(body) is None
    assert told(parse._read(body)) == row_by_row(body)


@pytest.mark.parametrize("number", ["1e9999999999999999999", "1" * 5000], ids=["exponent", "digits"])
def test_a_number_that_cannot_be_kept_is_refused_as_row_by_row(number: str) -> None:
    body = report(workload(networkCost="X")).replace(b'"X"', number.encode())

    assert read_plain(body) is None
    with pytest.raises(SchemaError):
        parse._read(body)


@pytest.mark.parametrize("twice", ['"x":1,"x":1', '"x":{"y":1,"y":1}', r'"x":1,"\u0078":"\""', r'"x":"\\","x":"\\\""'])
def test_an_unknown_field_that_is_given_twice_is_refused(twice: str) -> None:
    body = written([([], '"a"'), ([twice], '"b"')], [])

    assert read_plain(body) is None
    with pytest.raises(SchemaError, match=r"names '[xy]' twice in one object"):
        parse._read(body)


@pytest.mark.parametrize("marks", [r"\u0022\u0022", r"\u0022c\u0022", r"\"\"", r"\u005c\u0022\u0022"])
def test_a_field_that_is_given_twice_is_not_hidden_by_escaped_quotation_marks(marks: str) -> None:
    named = '"totalCost":1'
    in_a_value = written([([f'"x":"{marks}"', named], '"a"')], [])
    beside = written([([named], '"a"')], [f'"{marks}":1'])

    for body in (in_a_value, beside):
        assert read_plain(body) is None
        assert told(read_plain(body.replace(f",{named}}}".encode(), b"}")))["unknown_names"]
