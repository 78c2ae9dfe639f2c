"""The charges of a month and of all months in its trend, the same whatever was reported before.

A trend row is made of raw files, books and configuration alone: a month's charges stand only while these do, and only
when its facts were computed after it was over.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

import polars

from tallybook import __version__
from tallybook.decode import encode
from tallybook.facts import refresh_facts
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import House
from tallybook.pricing.adjustments import excessive_discounts, idle_adjustments
from tallybook.pricing.books import Books
from tallybook.pricing.charges import CHARGED_MONTHS, make_charges, outdate_charges
from tallybook.pricing.rows import price_rows
from tallybook.statements import aware_utc, naive_utc
from tallybook.summaries.month import TREND_MONTHS
from tallybook.warehouse import Warehouse

_SPAN_ROWS = 100_000  # sorted in less than 200 MiB, and enough for a group of rows in a Parquet file


def charge_months(house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime) -> None:
    """Make the charges of a month and the one before, and of the months of its trend whose charges do not stand."""
    known = set(warehouse.frame("marts/connection_months")["billing_period"])
    months = [period.shift(-before) for before in range(TREND_MONTHS)]
    due = {
        month: inputs
        for month in months
        if str(month) in known and not _stands(warehouse, month, inputs := _inputs_sha256(house, books, month))
    }
    refresh_facts(warehouse, house.connections, now=now, periods=due.keys() - {period})
    # projects and the lines of prices are no part of a trend, but of the two months that are shown whole
    for month in sorted(due.keys() | set(months[:2])):
        make_charges(warehouse, period=month, books=books)
    for month, inputs in due.items():
        row = {"billing_period": str(month), "inputs_sha256": inputs, "observed_until": naive_utc(now)}
        with warehouse.transaction():
            outdate_charges(warehouse, [str(month)])
            warehouse.insert(CHARGED_MONTHS, polars.DataFrame([row]))


def charge_spans(warehouse: Warehouse, period: BillingPeriod) -> list[dict[str, object]]:
    """The parts of a month that its charges are read in: parameters of marts/charges and marts/restated_costs.

    At least one, also of a month without charges.
    """
    month = {"billing_period": str(period)}
    spans = warehouse.frame("marts/charge_spans", span_rows=_SPAN_ROWS, **month).to_dicts()
    return [month | span for span in spans or [{"first_day": period.start.date(), "end_day": period.end.date()}]]


def odd_rows(warehouse: Warehouse, period: BillingPeriod, *, books: Books) -> tuple[str, ...]:
    """Sentences on rows of adjustments.csv that adjust nothing in a month whose charges are made, or take too much."""
    charges = warehouse.select("marts.adjustment_charges", billing_period=str(period))
    return (
        *idle_adjustments(books.adjustments, period=period, used=set(charges["price_source"])),
        *excessive_discounts(books.adjustments, period=period),
    )


def _stands(warehouse: Warehouse, month: BillingPeriod, inputs_sha256: str) -> bool:
    made = warehouse.select(CHARGED_MONTHS, billing_period=str(month), inputs_sha256=inputs_sha256)
    return not made.is_empty() and aware_utc(made["observed_until"][0]) >= month.end


def _inputs_sha256(house: House, books: Books, month: BillingPeriod) -> str:
    """What a month's costs are made with, beside its raw files; the lines of the book say nothing about a cost.

    Which project a sub account belongs to changes no total, unless projects are adjusted.
    """
    providers = {one.name: provider.name for one, provider in house.connections}
    prices = price_rows(books, month, providers=providers).drop("source", "price_source").sort(polars.all()).write_csv()
    adjusting = [replace(one, line=0) for one in books.adjustments if one.holds_in(month)]
    mapping = books.projects if adjusting else ()
    connections = [(one.name, one.provider, provider.parameters(one)) for one, provider in house.connections]
    return hashlib.sha256(
        f"{__version__}\n{encode(connections)}\n{prices}\n{adjusting}\n{mapping}".encode()
    ).hexdigest()
