"""Which exchange rates turn a month's costs into the reporting currency: a named step, by a rate per month."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tallybook.errors import BookError
from tallybook.periods import BillingPeriod
from tallybook.pricing.books import ExchangeRate


@dataclass(frozen=True, slots=True)
class Rates:
    """How much of `currency`, the reporting one, one unit of each billing currency is.

    `sources` say where the month's rates come from; `before` are those of the month before, as far as they are known.
    """

    currency: str
    now: Mapping[str, Decimal]
    before: Mapping[str, Decimal]
    sources: Mapping[str, str]


def month_rates(
    book: Iterable[ExchangeRate], currency: str, period: BillingPeriod, *, billing_currencies: Collection[str]
) -> Rates:
    """The rates from `billing_currencies` to `currency` in a month. The reporting currency itself counts one to one.

    Raises BookError naming the month and the pair that exchange_rates.csv lacks; a rate is never inverted or guessed,
    and none of another month is taken. Of the month before a missing rate is only not known.
    """
    rates = {(rate.month, rate.from_currency): rate for rate in book if rate.to_currency == currency}
    month, before = str(period), str(period.shift(-1))
    missing = sorted(one for one in billing_currencies if one != currency and (month, one) not in rates)
    if missing:
        raise BookError(
            f"exchange_rates.csv has no rate from {missing[0]} to {currency} for {month}: add the line "
            f"'{month},{missing[0]},{currency},<rate>,<source>', or take reporting_currency out of the configuration"
        )
    own = {currency: Decimal(1)}
    return Rates(
        currency=currency,
        now=own | {one: rates[month, one].rate for one in billing_currencies if one != currency},
        before=own | {one: rates[before, one].rate for one in billing_currencies if (before, one) in rates},
        sources={one: rates[month, one].source for one in billing_currencies if one != currency},
    )
