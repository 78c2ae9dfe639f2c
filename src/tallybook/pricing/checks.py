"""The checks of queries/checks: one SQL file each, returning the rows that offend; none is what is wanted."""

from dataclasses import dataclass

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.resources import queries
from tallybook.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check of a month and its offending rows."""

    name: str
    offending: pl.DataFrame

    @property
    def holds(self) -> bool:
        return self.offending.is_empty()


def run_checks(warehouse: Warehouse, *, period: BillingPeriod) -> tuple[CheckResult, ...]:
    """Run every neutral check on a month, in the order of their names. Charges must have been made."""
    return tuple(
        CheckResult(name.removeprefix("checks/"), warehouse.frame(name, billing_period=str(period)))
        for name in queries("checks")
    )
