from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.money import CONTEXT, SCALE, minor_digits, quantise, rounded_to_total, split

# What DECIMAL(38, 12) can hold: 26 digits before the point.
AMOUNTS = st.decimals(-(10**26) + 1, 10**26 - 1, places=SCALE, allow_nan=False)
WEIGHTS = st.lists(st.decimals(0, 10**26, places=SCALE, allow_nan=False), min_size=1, max_size=12)


def exact_sum(parts: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for part in parts:
        total = CONTEXT.add(total, part)
    return total


def distance(one: Decimal, other: Decimal) -> Decimal:
    return abs(CONTEXT.subtract(one, other))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("0.1250001", "0.13"), ("2.675", "2.68")],
)
def test_a_tie_goes_to_the_even_digit(value: str, expected: str) -> None:
    assert str(quantise(Decimal(value), 2)) == expected


def test_a_rounded_zero_has_no_sign() -> None:
    assert str(quantise(Decimal("-0.004"), 2)) == "0.00"


def test_rounding_keeps_every_digit_that_the_warehouse_holds() -> None:
    widest = Decimal("99999999999999999999999999.999999999999")

    assert quantise(widest, SCALE) == widest


@given(st.lists(AMOUNTS, max_size=12), st.integers(0, 6))
def test_shown_parts_add_up_to_the_shown_total(parts: list[Decimal], digits: int) -> None:
    shown = rounded_to_total(parts, digits)

    assert exact_sum(shown) == quantise(exact_sum(parts), digits)


@given(st.lists(AMOUNTS, max_size=12), st.integers(0, 6))
def test_each_shown_part_is_within_a_unit_of_its_own(parts: list[Decimal], digits: int) -> None:
    unit = Decimal(1).scaleb(-digits)

    for part, shown in zip(parts, rounded_to_total(parts, digits), strict=True):
        assert distance(shown, part) < unit
        assert shown.as_tuple().exponent == -digits


def test_the_largest_remainder_is_rounded_up_and_ties_go_to_the_earlier_part() -> None:
    thirds = [Decimal("0.333"), Decimal("0.333"), Decimal("0.334")]

    assert rounded_to_total(thirds, 2) == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]
    assert rounded_to_total([Decimal("0.5"), Decimal("0.5")], 0) == [1, 0]


def test_negative_parts_add_up_too() -> None:
    credits_ = [Decimal("-0.333"), Decimal("-0.333"), Decimal("-0.334")]

    # floors are -0.34 each; the total -1.00 leaves two units, to the largest remainders: -0.333 twice
    assert rounded_to_total(credits_, 2) == [Decimal("-0.33"), Decimal("-0.33"), Decimal("-0.34")]


def test_no_parts_have_no_shown_parts() -> None:
    assert rounded_to_total([], 2) == []


@given(AMOUNTS, WEIGHTS)
def test_a_split_adds_up_exactly(total: Decimal, weights: list[Decimal]) -> None:
    assert exact_sum(split(total, weights)) == total


@given(AMOUNTS, WEIGHTS)
def test_each_part_of_a_split_is_within_a_unit_of_its_exact_share(total: Decimal, weights: list[Decimal]) -> None:
    base = weights if any(weights) else [Decimal(1)] * len(weights)
    whole = exact_sum(base)
    unit = Decimal(1).scaleb(-SCALE)

    for part, weight in zip(split(total, weights), base, strict=True):
        exact = CONTEXT.divide(CONTEXT.multiply(total, weight), whole)
        assert distance(part, exact) <= unit


@given(AMOUNTS, WEIGHTS)
def test_a_zero_weight_gets_nothing_beside_a_weight(total: Decimal, weights: list[Decimal]) -> None:
    parts = split(total, [Decimal(1), Decimal(0), *weights])

    assert parts[1] == 0


def test_a_split_is_worked_by_hand() -> None:
    assert split(Decimal("0.10"), [Decimal(1)] * 3, digits=2) == [Decimal("0.04"), Decimal("0.03"), Decimal("0.03")]
    # shares are -3.33 each: floors -4, -4, -4 leave two cents to give back, to the earlier parts
    assert split(Decimal("-0.10"), [Decimal(1)] * 3, digits=2) == [
        Decimal("-0.03"),
        Decimal("-0.03"),
        Decimal("-0.04"),
    ]


def test_zero_weights_split_evenly() -> None:
    assert split(Decimal(1), [Decimal(0)] * 4, digits=2) == [Decimal("0.25")] * 4


def test_weights_of_very_different_size_split_exactly() -> None:
    parts = split(Decimal("1.00"), [Decimal(10) ** 80, Decimal(1), Decimal(10) ** 80], digits=2)

    assert parts == [Decimal("0.50"), Decimal("0.00"), Decimal("0.50")]


@pytest.mark.parametrize("weights", [[], [Decimal(1), Decimal(-1)]])
def test_a_split_without_weights_or_with_a_negative_one_is_refused(weights: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="at least one weight and none below zero"):
        split(Decimal(1), weights)


def test_a_total_with_more_digits_than_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        split(Decimal("0.001"), [Decimal(1)], digits=2)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("CLP", 0), ("OMR", 3)])
def test_currencies_have_their_minor_unit_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
