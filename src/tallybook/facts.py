"""From staging to facts: a provider's fact queries, run for one connection and month, replace its facts whole."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars

from tallybook import resources
from tallybook.contract import Provider
from tallybook.periods import BillingPeriod
from tallybook.settings import ConnectionSettings
from tallybook.warehouse import Warehouse

FACTS = ("usage", "costs", "quotas", "estate", "coverage")


def refresh_facts(
    warehouse: Warehouse,
    connections: Sequence[tuple[ConnectionSettings, Provider]],
    *,
    now: datetime,
    periods: Iterable[BillingPeriod] = (),
) -> None:
    """Compute the facts of all stale months again, and of `periods` for every connection."""
    _drop_unconfigured(warehouse, {settings.name for settings, _ in connections})
    stale = {(row["connection"], row["billing_period"]) for row in warehouse.select("landing.stale_facts").to_dicts()}
    wanted = stale | {(settings.name, str(period)) for settings, _ in connections for period in periods}
    for settings, provider in connections:
        for period in sorted(period for name, period in wanted if name == settings.name):
            _refresh(warehouse, settings, provider, BillingPeriod.parse(period, now=now), now=now)


def refresh_coverage(
    warehouse: Warehouse, settings: ConnectionSettings, provider: Provider, *, period: BillingPeriod, now: datetime
) -> None:
    """Compute what of a month was seen again, as time goes on, without the facts that nobody asked for."""
    _refresh(warehouse, settings, provider, period, now=now, facts=("coverage",))


def _drop_unconfigured(warehouse: Warehouse, configured: set[str]) -> None:
    """Facts of a connection that was renamed or removed count no more; its months are computed again if it returns."""
    known = warehouse.frame("marts/connection_months").to_dicts()
    for row in known:
        if row["connection"] not in configured:
            with warehouse.transaction():
                for fact in FACTS:
                    warehouse.delete(
                        f"facts.{fact}", connection=row["connection"], billing_period=row["billing_period"]
                    )
                warehouse.delete(
                    "landing.stale_facts", connection=row["connection"], billing_period=row["billing_period"]
                )
                warehouse.insert("landing.stale_facts", polars.DataFrame([row]))


def _refresh(
    warehouse: Warehouse,
    settings: ConnectionSettings,
    provider: Provider,
    period: BillingPeriod,
    *,
    now: datetime,
    facts: Sequence[str] = FACTS,
) -> None:
    parameters = {
        **provider.parameters(settings),
        "connection": settings.name,
        "billing_period": str(period),
        "period_start": period.start,
        "period_end": period.end,
        "observed_until": now,
    }
    available = resources.queries(f"facts/{provider.name}")
    with warehouse.transaction():
        for fact in facts:
            warehouse.delete(f"facts.{fact}", connection=settings.name, billing_period=str(period))
            name = f"facts/{provider.name}/{fact}"
            if name in available:
                warehouse.insert_query(f"facts.{fact}", name, **parameters)
        if facts == FACTS:
            warehouse.delete("landing.stale_facts", connection=settings.name, billing_period=str(period))
