import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tallybook.render.csv import render_csv


def rows(frame: pl.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(render_csv(frame).decode("utf-8"), newline="")))


def column(values: list[object], dtype: pl.DataType | type[pl.DataType]) -> list[str]:
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype), "d": [1] * len(values)})
    return [row[0] for row in rows(frame)[1:]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12.500000000000", "12.5"),
        ("100.000000000000", "100"),
        ("-0.000000000001", "-0.000000000001"),
        ("0", "0"),
        ("12345678901234567890.123456789012", "12345678901234567890.123456789012"),
    ],
)
def test_decimals_keep_all_digits_and_no_zeros_at_the_end(value: str, expected: str) -> None:
    assert column([Decimal(value)], pl.Decimal(38, 12)) == [expected]


def test_whole_decimals_keep_their_zeros() -> None:
    assert column([Decimal(100)], pl.Decimal(38, 0)) == ["100"]


def test_floats_have_no_exponent_and_not_a_number_is_empty() -> None:
    assert column([1e-7, 1e22, float("nan")], pl.Float64) == [
        "0.0000001",
        "10000000000000000000000",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", " =1+1", "\t=1", "\r=1", "-"],  # noqa: RUF001 - the fullwidth forms are meant
)
def test_a_text_cell_that_looks_like_a_formula_begins_with_an_apostrophe(text: str) -> None:
    (cell,) = column([text], pl.String)

    assert cell.startswith("'")


@pytest.mark.parametrize("code", [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_what_reorders_text_is_taken_out_and_hides_no_formula(code: int) -> None:
    assert column([f"in{chr(code)}voice", f"{chr(code)}=1+1"], pl.String) == ["invoice", "'=1+1"]


def test_ordinary_text_and_negative_numbers_are_untouched() -> None:
    assert column(["a=1", "prod-eu-1", "1-2"], pl.String) == ["a=1", "prod-eu-1", "1-2"]
    assert column([Decimal("-3.5")], pl.Decimal(38, 12)) == ["-3.5"]
    assert column([-7], pl.Int64) == ["-7"]


def test_control_characters_are_removed_and_line_breaks_become_a_space() -> None:
    assert column(["a\x00\x07b\r\nc\td\x85e"], pl.String) == ["ab c d e"]


def test_quotes_commas_and_markup_stay_text() -> None:
    text = 'a "quoted", <b>name</b> {{ 7*7 }} 🦊'

    assert column([text], pl.String) == [text]


def test_null_is_empty_and_an_empty_text_is_quoted() -> None:
    frame = pl.DataFrame({"a": [None, ""], "b": [1, 2]}, schema={"a": pl.String, "b": pl.Int64})

    assert render_csv(frame) == b'a,b\r\n,1\r\n"",2\r\n'


def test_dates_are_iso_and_times_are_utc() -> None:
    berlin = datetime(2026, 10, 1, 2, 0, tzinfo=ZoneInfo("Europe/Berlin"))

    assert column([date(2026, 10, 1)], pl.Date) == ["2026-10-01"]
    assert column([berlin], pl.Datetime("us", "Europe/Berlin")) == ["2026-10-01T00:00:00Z"]
    assert column([datetime(2026, 10, 1, 0, 0, 0, 250000, tzinfo=UTC)], pl.Datetime("us", "UTC")) == [
        "2026-10-01T00:00:00.250Z"
    ]


def test_a_naive_time_and_a_list_are_refused() -> None:
    with pytest.raises(TypeError, match="naive"):
        render_csv(pl.DataFrame({"at": [datetime(2026, 10, 1)]}))  # noqa: DTZ001 - what is refused
    with pytest.raises(TypeError, match="cannot hold"):
        render_csv(pl.DataFrame({"tags": [["a"]]}))


def test_an_empty_table_has_its_header() -> None:
    assert render_csv(pl.DataFrame(schema={"a": pl.String, "b": pl.Date})) == b"a,b\r\n"


def test_codes_from_a_closed_list_are_text() -> None:
    assert column(["spot", "on_demand"], pl.Enum(["spot", "on_demand"])) == ["spot", "on_demand"]


def test_a_value_that_repeats_is_written_as_if_it_stood_alone() -> None:
    once = pl.DataFrame(
        {
            "text": [None, "", "=1+1", "a\nb", "plain"],
            "at": [None, *(datetime(2026, 10, day, 12, tzinfo=UTC) for day in range(1, 5))],
        }
    )
    alone = b"".join(render_csv(row, with_header=False) for row in once.iter_slices(1))

    assert render_csv(pl.concat([once] * 3), with_header=False) == 3 * alone


def test_many_rows_are_written_as_few_are() -> None:
    few = pl.DataFrame(
        {
            "same": ['say "a, b"'] * 4,
            "none": pl.Series([None] * 4, dtype=pl.String),
            "empty": [""] * 4,
            "text": ['a "b", c', "", None, "=1,2"],
            "code": pl.Series(["x,y", "z", None, "z"], dtype=pl.Enum(["x,y", "z"])),
            "cost": pl.Series([Decimal("1.50"), None, Decimal(-2), Decimal(0)], dtype=pl.Decimal(38, 12)),
            "whole": pl.Series([Decimal(10), None, Decimal(20), Decimal(0)], dtype=pl.Decimal(38, 0)),
            "is": [True, None, False, True],
            "pct": [0.5, float("nan"), None, 1e-7],
            "day": [date(2026, 10, 1), None, date(2026, 10, 3), date(2026, 10, 4)],
            "fixed": [7] * 4,
        }
    )

    assert render_csv(pl.concat([few] * 400)) == render_csv(few.clear()) + 400 * render_csv(few, with_header=False)


def test_many_rows_of_one_column_keep_the_empty_ones() -> None:
    one = pl.DataFrame({"name": ["a", ""]})

    assert render_csv(pl.concat([one] * 600), with_header=False) == 600 * render_csv(one, with_header=False)
