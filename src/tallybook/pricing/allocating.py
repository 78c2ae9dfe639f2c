"""The charges of allocation.csv in the warehouse: what a month costs becomes marts.allocation_charges."""

from datetime import date
from decimal import Decimal

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Books
from tallybook.pricing.spreading import AllocationCharge, allocation_notices, spread
from tallybook.warehouse import Warehouse

_TABLE = "marts.allocation_charges"
_MONEY = pl.Decimal(38, 12)
_SCHEMA = pl.Schema(
    {
        "billing_period": pl.String(),
        "charge_period_start": pl.Date(),
        "charge_period_end": pl.Date(),
        "provider": pl.String(),
        "connection": pl.String(),
        "project": pl.String(),
        "rule": pl.String(),
        "kind": pl.String(),
        "method": pl.String(),
        "meter": pl.String(),
        "role": pl.String(),
        "source_cost": _MONEY,
        "received_shared_cost": _MONEY,
        "received_idle_cost": _MONEY,
        "weight": _MONEY,
        "total_weight": _MONEY,
        "is_even_instead": pl.Boolean(),
        "effective_cost": _MONEY,
        "billing_currency": pl.String(),
        "price_source": pl.String(),
    }
)


def spread_costs(warehouse: Warehouse, *, period: BillingPeriod, books: Books) -> None:
    """Make marts.allocation_charges of a month anew; all its other charges and its sub accounts must be there."""
    month = str(period)
    warehouse.delete(_TABLE, billing_period=month)
    rules = [rule for rule in books.allocation if rule.holds_in(period)]
    if not rules:
        return
    meters = sorted({rule.first.meter for rule in rules} - {""})
    charges = spread(
        rules,
        warehouse.frame("marts/allocable_costs", billing_period=month),
        warehouse.frame("marts/allocable_usage", billing_period=month, meters=meters),
        period=period,
        known=_known_projects(warehouse, month, books),
    )
    providers = dict(warehouse.frame("marts/month_connections", billing_period=month).iter_rows())
    rows = [_row(charge, month, providers[charge.holder.connection]) for charge in charges]
    warehouse.insert(_TABLE, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def spreading_notices(warehouse: Warehouse, *, period: BillingPeriod, books: Books) -> tuple[str, ...]:
    """What readers must hear of the rules of allocation.csv in a month whose charges are made."""
    charges = warehouse.select(_TABLE, billing_period=str(period))
    known = _known_projects(warehouse, str(period), books)
    return allocation_notices(books.allocation, charges, period=period, known=known)


def _known_projects(warehouse: Warehouse, month: str, books: Books) -> set[str]:
    accounts = warehouse.frame("marts/accounts", billing_period=month)
    return {*accounts["project"].to_list(), *(rule.project for rule in books.projects)}


def _row(charge: AllocationCharge, month: str, provider: str) -> tuple[str | Decimal | date | bool | None, ...]:
    row, holder, is_source = charge.row, charge.holder, charge.weight is None
    return (
        month,
        charge.start,
        charge.end,
        provider,
        holder.connection,
        holder.project,
        row.rule,
        row.kind,
        row.method,
        row.meter,
        "source" if is_source else "target",
        charge.source_cost,
        *(charge.received if is_source else (None, None)),
        charge.weight,
        charge.total_weight,
        charge.is_even_instead,
        charge.effective_cost,
        holder.currency,
        row.book_row,
    )
