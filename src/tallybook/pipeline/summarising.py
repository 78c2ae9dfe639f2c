"""The summaries of a month, with what they need beside the warehouse: the settings, and what was told before."""

from datetime import datetime

from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import House
from tallybook.pipeline.revisions import closed_costs
from tallybook.summaries.anomalies import Thresholds
from tallybook.summaries.month import MonthTables, read_frames, summarise_month
from tallybook.warehouse import Warehouse


def summarise(house: House, warehouse: Warehouse, period: BillingPeriod, *, now: datetime) -> MonthTables:
    """All summaries of a month. The charges of this month and of the one before must have been made."""
    thresholds = Thresholds(house.settings.anomaly_amount, house.settings.anomaly_pct)
    return summarise_month(
        read_frames(warehouse, period=period, thresholds=thresholds),
        period=period,
        now=now,
        stated=_stated_currencies(house),
        closed=closed_costs(house.reports_dir, str(period.shift(-1))),
    )


def _stated_currencies(house: House) -> dict[str, str]:
    """The currency of the costs that a connection's provider states, where its settings have to name it."""
    asked = {settings.name: provider.parameters(settings).get("currency") for settings, provider in house.connections}
    return {connection: str(currency) for connection, currency in asked.items() if currency}
