"""Costs in the reporting currency."""

from decimal import Decimal

import polars as pl

from tallybook.summaries.conversion import convert_costs

MONEY = pl.Decimal(38, 12)


def projects(*rows: tuple[str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "billing_currency": [currency for currency, _ in rows],
            "effective_cost": pl.Series([cost and Decimal(cost) for _, cost in rows], dtype=MONEY),
        }
    )


def test_each_cost_is_turned_by_the_rate_of_its_currency() -> None:
    frame = projects(("USD", "10.00"), ("EUR", "7.25"), ("USD", None), (None, None))

    converted = convert_costs(frame, currency="EUR", rates={"EUR": Decimal(1), "USD": Decimal("0.9")})

    assert converted["reporting_cost"].to_list() == [9, Decimal("7.25"), None, None]
    assert set(converted["reporting_currency"]) == {"EUR"}
    assert converted["effective_cost"].to_list() == frame["effective_cost"].to_list()


def test_a_product_is_rounded_half_even_at_the_twelfth_decimal() -> None:
    frame = projects(("USD", "0.000000000005"), ("USD", "0.000000000015"), ("USD", "12345678901234.123456789012"))

    converted = convert_costs(frame, currency="EUR", rates={"USD": Decimal("0.1")})["reporting_cost"].to_list()

    # 0.5, 1.5 and …1234567890 1.2 trillionths
    assert converted == [0, Decimal("0.000000000002"), Decimal("1234567890123.412345678901")]


def test_without_a_reporting_currency_nothing_is_converted() -> None:
    converted = convert_costs(projects(("USD", "10")), currency="", rates={})

    assert converted["reporting_cost"].to_list() == [None]
    assert converted["reporting_currency"].to_list() == [None]
