"""A report that is read in parts says what it says when it is read whole, whatever its names hold."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook import cutting, staging
from tallybook.errors import SchemaError
from tallybook.providers.scaleops import parse
from tests.providers.support import Bench, settings
from tests.providers.test_scaleops import day, report, workload

TWO_LABELS = [{"key": "app", "value": "a"}, {"key": "team", "value": "b"}]
TEXTS = st.text(st.sampled_from('},{"[]\\:aé\n'), max_size=12)


@pytest.fixture(autouse=True)
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_PIECE_BYTES", 1000)
        yield


def chunks(body: bytes) -> Any:
    return lambda: (body[start : start + 300] for start in range(0, len(body), 300))


def in_parts(body: bytes) -> dict[str, list[object]]:
    *parts, last = parse.parse_long_workloads(chunks(body), day(1))
    rows = [part.tables["workloads"] for part in parts]
    return {name: [value for part in rows for value in _listed(part[name])] for name in rows[0]} | {
        "window": [dict(last.tables["workload_windows"])],
        "notes": list(last.notes),
    }


def whole(body: bytes) -> dict[str, list[object]]:
    parsed = parse.parse_workloads(body, day(1))
    return {name: _listed(values) for name, values in parsed.tables["workloads"].items()} | {
        "window": [dict(parsed.tables["workload_windows"])],
        "notes": list(parsed.notes),
    }


def _listed(column: Any) -> list[object]:
    return list(column.to_pylist())


@given(texts=st.lists(TEXTS, max_size=6), indent=st.sampled_from([None, 1]))
def test_parts_say_what_the_whole_says(texts: list[str], indent: int | None) -> None:
    rows = [
        workload(id=f"{text}{number}", workloadName=text, ownerLabels=[*TWO_LABELS, {"key": text, "value": text}])
        for number, text in enumerate(texts)
    ]
    body = json.dumps(json.loads(report(*rows)), indent=indent, separators=(",", ":")).encode()

    assert in_parts(body) == whole(body)


def test_a_report_is_cut_behind_its_workloads() -> None:
    body = report(*(workload(id=str(number), ownerLabels=TWO_LABELS) for number in range(10))).replace(b"}, {", b"},{")

    pieces = list(cutting.shorter(chunks(body), "aggregatedWorkloads"))

    assert len(pieces) > 3
    assert {json.dumps(json.loads(piece)["window"]) for piece in pieces} == {json.dumps(json.loads(body)["window"])}
    rows = [row for piece in pieces for row in json.loads(piece)["aggregatedWorkloads"]]
    assert rows == json.loads(body)["aggregatedWorkloads"]


def test_an_id_that_another_part_has_is_noted() -> None:
    body = report(*(workload(id=str(number % 9)) for number in range(10))).replace(b"}, {", b"},{")

    read = in_parts(body)

    assert read == whole(body)
    assert read["window"][0]["are_ids_distinct"] == [False]  # type: ignore[index]
    assert str(read["notes"]).count("answered more than once: 1 rows too many") == 1


def test_unknown_fields_of_any_part_are_kept() -> None:
    rows = [workload(id=str(number)) for number in range(9)]
    body = report(*rows, workload(id="last", networkCost=1), next="page").replace(b"}, {", b"},{")

    assert in_parts(body) == whole(body)


def test_what_is_wrong_is_told_with_its_place() -> None:
    rows = [workload(id=str(number)) for number in range(9)]
    body = report(*rows, workload(totalCost="1.5")).replace(b"}, {", b"},{")

    with pytest.raises(SchemaError, match=r"totalCost`, counted from workload \d on"):
        in_parts(body)


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: body[:-1],
        lambda body: body[:-200],
        lambda body: body.replace(b"}],", b"},],"),
        lambda body: body + b"]",
    ],
    ids=["cut", "cut early", "comma", "more"],
)
def test_what_is_no_json_is_refused(broken: Any) -> None:
    body = report(*(workload(id=str(number)) for number in range(10))).replace(b"}, {", b"},{")

    with pytest.raises(SchemaError):
        in_parts(broken(body))


@pytest.mark.parametrize("again", ["aggregatedWorkloads", "aggregated\\u0057orkloads"])
def test_a_list_that_is_given_twice_is_refused_as_everywhere(again: str) -> None:
    body = report(*(workload(id=str(number)) for number in range(10))).replace(b"}, {", b"},{")
    twice = body[:-1] + b', "' + again.encode() + b'": []}'

    for read in (in_parts, whole):
        with pytest.raises(SchemaError, match="twice in one object"):
            read(twice)


def test_a_report_whose_workloads_come_last_is_read_whole() -> None:
    told = json.loads(report(*(workload(id=str(number)) for number in range(10))))
    body = json.dumps(dict(reversed(told.items()))).encode()

    assert in_parts(body) == whole(body)


def test_a_long_answer_is_staged_in_parts(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_LONG_BYTES", 2000)
    body = report(*(workload(id=str(number)) for number in range(10))).replace(b"}, {", b"},{")
    bench = Bench(tmp_path, settings("scaleops", currency="USD"))
    bench.land("workloads", [(day(1), body), (day(2), report(workload(), number=2))])

    (staged,) = bench.stage()

    assert (staged.outcome, staged.row_count) == ("staged", 13)  # 11 workloads, two windows
    assert sorted(row["position"] for row in bench.rows("staging.scaleops_workloads")) == [0, *range(10)]
    assert len(bench.rows("facts.costs")) == 11
