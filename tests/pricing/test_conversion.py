"""Exchange rates of a month: its own, never another month's, never turned round."""

from decimal import Decimal

import pytest

from tallybook.errors import BookError
from tallybook.periods import BillingPeriod
from tallybook.pricing.books import ExchangeRate
from tallybook.pricing.conversion import month_rates

OCTOBER = BillingPeriod(2026, 10)


def rate(month: str, from_currency: str, value: str, *, to: str = "EUR") -> ExchangeRate:
    return ExchangeRate(2, month, from_currency, to, Decimal(value), f"central bank {month}")


def test_a_month_has_its_own_rates_and_those_before() -> None:
    book = [rate("2026-10", "USD", "0.90"), rate("2026-09", "USD", "0.85"), rate("2026-10", "CHF", "1.05")]

    rates = month_rates(book, "EUR", OCTOBER, billing_currencies=["EUR", "USD"])

    assert rates.now == {"EUR": 1, "USD": Decimal("0.90")}
    assert rates.before == {"EUR": 1, "USD": Decimal("0.85")}
    assert rates.sources == {"USD": "central bank 2026-10"}


@pytest.mark.parametrize(
    "book",
    [
        [],
        [rate("2026-09", "USD", "0.85")],
        [rate("2026-10", "EUR", "1.11", to="USD")],
        [rate("2026-10", "USD", "0.78", to="GBP")],
    ],
    ids=["none", "another month", "turned round", "another currency"],
)
def test_a_missing_rate_is_an_error_that_names_month_and_pair(book: list[ExchangeRate]) -> None:
    with pytest.raises(BookError, match=r"exchange_rates\.csv has no rate from USD to EUR for 2026-10: add the line"):
        month_rates(book, "EUR", OCTOBER, billing_currencies=["EUR", "USD"])


def test_a_missing_rate_of_the_month_before_is_only_not_known() -> None:
    rates = month_rates([rate("2026-10", "USD", "0.90")], "EUR", OCTOBER, billing_currencies=["USD"])

    assert rates.before == {"EUR": 1}
