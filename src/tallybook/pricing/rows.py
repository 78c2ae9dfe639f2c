"""The rows of prices.csv and commitments.csv that hold in a month, as rows of pricing.prices."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Books
from tallybook.pricing.commitments import Commitment
from tallybook.pricing.tiers import Price

Row = tuple[str | Decimal | date | int | None, ...]
_SCHEMA = pl.Schema(
    {
        "billing_period": pl.String(),
        "provider": pl.String(),
        "connection": pl.String(),
        "sub_account_id": pl.String(),
        "region": pl.String(),
        "meter": pl.String(),
        "pricing_unit": pl.String(),
        "list_unit_price": pl.Decimal(38, 12),
        "billing_currency": pl.String(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
        "source": pl.String(),
        "price_source": pl.String(),
        "specificity": pl.Int32(),
        "price_digits": pl.Int64(),
        "price_divisor": pl.Int64(),
        "from_quantity": pl.Decimal(38, 12),
        "is_tiered": pl.Boolean(),
        "minimum_cost": pl.Decimal(38, 12),
        "committed_quantity": pl.Decimal(38, 12),
    }
)


def price_rows(books: Books, period: BillingPeriod, *, providers: Mapping[str, str]) -> pl.DataFrame:
    """The prices and commitments that hold on some day of the month.

    `providers` has the provider of each connection that the month knows; a commitment of another one is left out.
    """
    prices = [one for one in books.prices if period.has_day_of(one.valid_from, one.valid_to)]
    tiered = {_keys(one) for one in prices if one.from_quantity}
    rows = [_row(one, period, one.provider, is_tiered=_keys(one) in tiered) for one in prices]
    rows += _commitment_rows(books, period, providers)
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _keys(price: Price) -> tuple[str, ...]:
    return price.provider, price.meter, *price.keys


def _commitment_rows(books: Books, period: BillingPeriod, providers: Mapping[str, str]) -> Iterator[Row]:
    for one in books.commitments:
        if one.connection in providers and period.has_day_of(one.valid_from, one.valid_to):
            yield _row(one, period, providers[one.connection], is_tiered=False)


def _row(one: Price | Commitment, period: BillingPeriod, provider: str, *, is_tiered: bool) -> Row:
    digits, divisor = one.unit_price.as_integer_ratio()
    of_book = (
        (one.specificity, digits, divisor, one.from_quantity, is_tiered, one.minimum_cost, None)
        if isinstance(one, Price)
        else (0, digits, divisor, Decimal(0), is_tiered, None, one.committed_quantity)
    )
    return (
        str(period),
        provider,
        one.connection,
        one.sub_account_id,
        one.region,
        one.meter,
        one.unit,
        one.unit_price,
        one.currency,
        one.valid_from,
        one.valid_to,
        one.source,
        one.book_row,
        *of_book,
    )
