"""Rows of a cost report as JSON text: what is written must be read back as it was."""

import json
from decimal import Decimal

import polars as pl
import pytest

from tallybook.providers.scaleops import json_rows as json_rows_module
from tallybook.providers.scaleops.json_rows import json_rows

NAMES = {"workload_name": "workloadName", "total_cost": "totalCost", "labels": "labels", "count": "amountOfWorkloads"}


def rows(**columns: object) -> list[str]:
    frame = pl.DataFrame(
        {"workload_name": ["a"], "total_cost": [Decimal(1)], "labels": ["[]"], "count": [1]} | columns,
        schema={
            "workload_name": pl.String,
            "total_cost": pl.Decimal(38, 12),
            "labels": pl.String,
            "count": pl.Int64,
        },
    )
    return [bytes(row).decode() for part in json_rows(frame, NAMES, documents=("labels",)) for row in part]


def test_a_row_is_an_object_with_the_documented_names_in_their_order() -> None:
    assert rows(labels=['[{"key":"team","value":"web"}]']) == [
        '{"workloadName":"a","totalCost":1,"labels":[{"key":"team","value":"web"}],"amountOfWorkloads":1}'
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("100", "100"),
        ("1.5", "1.5"),
        ("-0.000000000001", "-0.000000000001"),
        ("12345678901234567890.123456789012", "12345678901234567890.123456789012"),
    ],
)
def test_a_number_keeps_its_digits_and_ends_with_none_of_no_use(number: str, text: str) -> None:
    assert f'"totalCost":{text},' in rows(total_cost=[Decimal(number)])[0]


@pytest.mark.parametrize("name", ["", '"', "\\", '","totalCost":9,"', "\n\t\x00\x7f", "ü🎉\u2028", "{}", "null"])
def test_a_hostile_name_stays_a_text(name: str) -> None:
    assert json.loads(rows(workload_name=[name])[0])["workloadName"] == name


def test_what_is_not_known_is_null() -> None:
    (row,) = rows(workload_name=[None], total_cost=[None], labels=[None])
    assert json.loads(row) == {"workloadName": None, "totalCost": None, "labels": None, "amountOfWorkloads": 1}


def test_no_rows_are_none() -> None:
    assert rows(workload_name=[], total_cost=[], labels=[], count=[]) == []


def test_rows_come_in_slices_of_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows_module, "_ROWS", 2)
    frame = pl.DataFrame({"count": [3, 1, 2]})

    slices = list(json_rows(frame, {"count": "n"}, documents=()))

    assert [[bytes(row) for row in part] for part in slices] == [[b'{"n":3}', b'{"n":1}'], [b'{"n":2}']]
