"""Costs in the reporting currency."""

from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tallybook.summaries.conversion import convert_bridge, convert_costs, converted_cost
from tallybook.summaries.variance import CAUSES

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


AMOUNTS = st.decimals(-(10**9), 10**9, places=12)
RATES = st.decimals("0.000001", 1000, places=6)


@given(
    st.dictionaries(st.sampled_from(["USD", "CHF", "EUR"]), st.tuples(AMOUNTS, *[AMOUNTS] * len(CAUSES), RATES, RATES))
)
def test_a_bridge_in_the_reporting_currency_sums_whatever_the_rates(
    months: dict[str, tuple[Decimal, ...]],
) -> None:
    names = ["opening_cost", *(f"{cause}_effect" for cause in CAUSES)]
    rows = [{"billing_currency": one, **dict(zip(names, parts, strict=False))} for one, parts in months.items()]
    closing = {one: converted_cost(sum(parts[:-2], Decimal(0)), parts[-1]) for one, parts in months.items()}
    schema = {"billing_currency": pl.String(), **dict.fromkeys(names, MONEY)}

    sums = convert_bridge(
        pl.DataFrame(rows, schema=schema), before={one: parts[-2] for one, parts in months.items()}, closing=closing
    )

    assert sums.pop("closing_cost") == sum(closing.values())
    assert sum(sums.values()) == sum(closing.values())
