"""Facts and books become the month's charges, marts.charges, replaced whole in one transaction.

The arithmetic is in queries/marts/book_charges.sql, and in book_graded_charges.sql and minimum_charges.sql where tiers,
commitments and minimums decide; here the books become the small tables they join.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.pricing.accounts import SubAccount, assign_projects
from tallybook.pricing.adjustments import CATEGORIES, AdjustmentCharge, Place, adjust
from tallybook.pricing.allocating import spread_costs
from tallybook.pricing.books import Books
from tallybook.pricing.labels import map_labels
from tallybook.pricing.meters import meter_or_plain
from tallybook.pricing.rows import price_rows
from tallybook.warehouse import Warehouse

CHARGED_MONTHS = "marts.charged_months"
_TABLES = (
    *("pricing.prices", "pricing.meters", "pricing.accounts"),
    *("marts.book_charges", "marts.book_graded_charges", "marts.adjustment_charges", "marts.day_costs"),
)


def make_charges(warehouse: Warehouse, *, period: BillingPeriod, books: Books) -> None:
    """Make the charges of a month anew from its facts; all or nothing, and the same again when run again."""
    month = str(period)
    with warehouse.transaction():
        for table in _TABLES:
            warehouse.delete(table, billing_period=month)
        accounts = _accounts(warehouse, period, books)
        prices = price_rows(books, period, providers={one.connection: one.provider for one in accounts})
        warehouse.insert("pricing.prices", prices)
        warehouse.insert("pricing.meters", _meter_rows(warehouse, month))
        warehouse.insert("pricing.accounts", _account_rows(accounts, month, books))
        map_labels(warehouse, month, books.projects)
        warehouse.insert_query("marts.book_charges", "marts/book_charges", billing_period=month)
        # months without them do not pay for them
        if prices["is_tiered"].any() or prices["committed_quantity"].count():
            warehouse.insert_query("marts.book_graded_charges", "marts/book_graded_charges", billing_period=month)
        if prices["minimum_cost"].count():
            warehouse.insert_query("marts.book_graded_charges", "marts/minimum_charges", billing_period=month)
        warehouse.insert("marts.adjustment_charges", _adjustment_rows(warehouse, period, books))
        spread_costs(warehouse, period=period, books=books)
        warehouse.insert_query("marts.day_costs", "marts/day_costs", billing_period=month)


def outdate_charges(warehouse: Warehouse, months: Iterable[str]) -> None:
    """Say that the charges of these months stand no more; to be called before their facts change."""
    for month in months:
        warehouse.delete(CHARGED_MONTHS, billing_period=month)


def _meter_rows(warehouse: Warehouse, month: str) -> pl.DataFrame:
    names = warehouse.frame("marts/meters_in_use", billing_period=month)["meter"].to_list()
    meters = [meter_or_plain(name) for name in names]
    return pl.DataFrame(
        [(month, one.name, one.unit, one.pricing_unit, one.units_per_pricing_unit) for one in meters],
        schema={
            "billing_period": pl.String(),
            "meter": pl.String(),
            "unit": pl.String(),
            "pricing_unit": pl.String(),
            "units_per_pricing_unit": pl.Int64(),
        },
        orient="row",
    )


def _accounts(warehouse: Warehouse, period: BillingPeriod, books: Books) -> list[SubAccount]:
    """The sub accounts that the month's facts name, and those that owe something without any usage."""
    month = str(period)
    found = [SubAccount(*row) for row in warehouse.frame("marts/sub_accounts", billing_period=month).iter_rows()]
    providers = dict(warehouse.frame("marts/month_connections", billing_period=month).iter_rows())
    providers |= {one.connection: one.provider for one in found}
    known = {(one.connection, one.sub_account_id) for one in found}
    owing = dict.fromkeys(one for one in _owing(books, period) if one not in known and one[0] in providers)
    return [*found, *(SubAccount(connection, providers[connection], identity, "") for connection, identity in owing)]


def _owing(books: Books, period: BillingPeriod) -> Iterator[tuple[str, str]]:
    """Connection and sub account of each commitment and of each minimum that names both."""
    for one in books.commitments:
        if period.has_day_of(one.valid_from, one.valid_to):
            yield one.connection, one.sub_account_id
    for price in books.prices:
        names_both = price.connection and price.sub_account_id
        if price.minimum_cost and names_both and period.has_day_of(price.valid_from, price.valid_to):
            yield price.connection, price.sub_account_id


def _account_rows(accounts: Sequence[SubAccount], month: str, books: Books) -> pl.DataFrame:
    rows = [
        (
            month, one.account.connection, one.account.provider, one.account.sub_account_id,
            one.account.name, one.project, one.cost_center, one.owner, one.is_mapped,
        )
        for one in assign_projects(accounts, books.projects)
    ]  # fmt: skip
    text = ("billing_period", "connection", "provider", "sub_account_id", "sub_account_name")
    schema = dict.fromkeys((*text, "project", "cost_center", "owner"), pl.String())
    return pl.DataFrame(rows, schema={**schema, "is_mapped": pl.Boolean()}, orient="row")


def _adjustment_rows(warehouse: Warehouse, period: BillingPeriod, books: Books) -> pl.DataFrame:
    """The rows of marts.adjustment_charges; the costs that they are taken of must be there."""
    month = str(period)
    valid = [one for one in books.adjustments if one.holds_in(period)]
    if not valid:
        return pl.DataFrame(schema=_ADJUSTMENT_SCHEMA)
    providers = dict(warehouse.frame("marts/month_connections", billing_period=month).iter_rows())
    projects = sorted({one.project for one in valid})
    frame = warehouse.frame("marts/adjustable_costs", billing_period=month, projects=projects)
    costs = {Place(*row[:4]): row[4] for row in frame.iter_rows()}
    charges = adjust(valid, costs, period=period, connections=providers)
    rows = [_adjustment_row(charge, month, providers) for charge in charges]
    return pl.DataFrame(rows, schema=_ADJUSTMENT_SCHEMA, orient="row")


_ADJUSTMENT_SCHEMA = pl.Schema(
    {
        "billing_period": pl.String(),
        "charge_period_start": pl.Date(),
        "charge_period_end": pl.Date(),
        "provider": pl.String(),
        "connection": pl.String(),
        "project": pl.String(),
        "category": pl.String(),
        "charge_category": pl.String(),
        "adjustment": pl.String(),
        "adjustment_percent": pl.Decimal(38, 12),
        "base_cost": pl.Decimal(38, 12),
        "effective_cost": pl.Decimal(38, 12),
        "billing_currency": pl.String(),
        "price_source": pl.String(),
    }
)


def _adjustment_row(
    charge: AdjustmentCharge, month: str, providers: Mapping[str, str]
) -> tuple[str | Decimal | date | None, ...]:
    adjustment, place = charge.adjustment, charge.place
    return (
        month,
        place.day,
        charge.end,
        providers[place.connection],
        place.connection,
        place.project,
        adjustment.category,
        CATEGORIES[adjustment.category],
        adjustment.label,
        adjustment.percent,
        charge.base_cost,
        charge.effective_cost,
        place.currency,
        adjustment.book_row,
    )
