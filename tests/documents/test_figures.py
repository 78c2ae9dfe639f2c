"""Rounding that adds up, differences and percentages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.documents.figures import (
    UNKNOWN,
    column_figures,
    coverage_shown,
    difference,
    fit,
    money,
    percent_of,
    quantity,
    shares,
    total_of,
    trimmed,
)
from tallybook.documents.values import Figure
from tallybook.money import quantise


def d(text: str) -> Decimal:
    return Decimal(text)


def test_what_is_not_known_stays_unknown() -> None:
    assert (
        money(None, "EUR") == quantity(None, "hour") == total_of([UNKNOWN]) == difference(UNKNOWN, UNKNOWN) == UNKNOWN
    )


def test_an_amount_is_shown_with_its_currency_s_decimals() -> None:
    assert money(d("1234.565000000000"), "EUR") == Figure(d("1234.565"), d("1234.56"))
    assert money(d("1234.5"), "JPY").shown == d("1234")


@pytest.mark.parametrize(
    ("unit", "shown"), [("hour", "1.3"), ("core-hour", "1.3"), ("GiB", "1.26"), ("byte", "1"), ("count", "1")]
)
def test_a_quantity_is_shown_as_its_unit_needs(unit: str, shown: str) -> None:
    assert str(quantity(d("1.26"), unit).shown) == shown


def test_zeros_at_the_end_and_exponents_are_trimmed() -> None:
    assert [str(trimmed(d(text))) for text in ("0.045000000000", "100.0", "0E-12", "1200")] == [
        "0.045",
        "100",
        "0",
        "1200",
    ]


def test_columns_add_up_per_currency() -> None:
    rows = [
        {"billing_currency": "EUR", "cost": d("0.333")},
        {"billing_currency": "USD", "cost": d("0.335")},
        {"billing_currency": "EUR", "cost": d("0.333")},
        {"billing_currency": "EUR", "cost": None},
        {"billing_currency": "EUR", "cost": d("0.334")},
        {"billing_currency": None, "cost": None},
    ]

    assert [figure.shown for figure in column_figures(rows, "cost")] == [
        d("0.33"), d("0.34"), d("0.33"), None, d("0.34"), None,
    ]  # fmt: skip


def test_a_difference_is_the_one_of_what_is_shown() -> None:
    change = difference(Figure(d("1.006"), d("1.01")), Figure(d("0.994"), d("0.99")))

    assert change == Figure(d("0.012"), d("0.02"))


def test_a_percentage_needs_a_whole_above_zero() -> None:
    assert percent_of(d("1"), d("3")) == d("33.3")
    assert percent_of(d("1"), d("0")) is None
    assert percent_of(None, d("1")) is None


def test_almost_everything_is_not_shown_as_everything() -> None:
    assert coverage_shown(d("99.97")) == d("99.9")
    assert coverage_shown(d("100")) == d("100.0")


def test_shares_are_of_the_own_currency() -> None:
    rows = [
        {"billing_currency": "EUR", "cost": d("1")},
        {"billing_currency": "EUR", "cost": d("3")},
        {"billing_currency": "USD", "cost": d("9")},
        {"billing_currency": None, "cost": None},
    ]

    assert shares(rows, "cost") == [d("25.0"), d("75.0"), d("100.0"), None]


def test_parts_are_fitted_to_a_given_total() -> None:
    assert fit([d("0.504"), d("0.504")], total=d("1.01"), digits=2) == [d("0.51"), d("0.50")]
    assert fit([d("0.506"), d("0.507")], total=d("1.01"), digits=2) == [d("0.50"), d("0.51")]
    assert fit([], total=d("0"), digits=2) == []


AMOUNTS = st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=12), min_size=1, max_size=30)


@given(AMOUNTS, st.integers(min_value=-40, max_value=40))
def test_fitted_parts_always_add_up(parts: list[Decimal], cents: int) -> None:
    total = quantise(sum(parts, Decimal(0)), 2) + Decimal(cents) / 100

    assert sum(fit(parts, total=total, digits=2)) == total


@given(AMOUNTS)
def test_shown_parts_add_up_to_the_shown_total_and_none_moves_by_a_unit(parts: list[Decimal]) -> None:
    figures = column_figures([{"billing_currency": "EUR", "cost": part} for part in parts], "cost")

    assert total_of(figures).shown == quantise(sum(parts, Decimal(0)), 2)
    assert all(abs((figure.shown or 0) - part) < Decimal("0.01") for figure, part in zip(figures, parts, strict=True))
