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
    _drop_unconfigured(warehouse, {(settings.name, provider.name) for settings, provider in connections})
    stale = warehouse.select("landing.stale_facts").to_dicts()
    asked = {str(period) for period in periods}
    for settings, provider in connections:
        known_as = (settings.name, provider.name)
        outdated = {row["billing_period"] for row in stale if (row["connection"], row["provider"]) == known_as}
        for period in sorted(asked | outdated):
            _refresh(warehouse, settings, provider, BillingPeriod.parse(period, now=now), now=now)


def refresh_coverage(
    warehouse: Warehouse, settings: ConnectionSettings, provider: Provider, *, period: BillingPeriod, now: datetime
) -> None:
    """Compute what of a month was seen again, as time goes on, without the facts that nobody asked for."""
    _refresh(warehouse, settings, provider, period, now=now, facts=("coverage",))


def _drop_unconfigured(warehouse: Warehouse, configured: set[tuple[str, str]]) -> None:
    """Facts of a connection that was renamed, removed or given to another provider count no more.

    Its months are computed again if it returns. `configured` has names with their providers.
    """
    known = warehouse.frame("marts/connection_months").to_dicts()
    for month in known:
        if (month["connection"], month["provider"]) not in configured:
            with warehouse.transaction():
                for table in (*(f"facts.{fact}" for fact in FACTS), "landing.stale_facts"):
                    warehouse.delete(table, **month)
                warehouse.insert("landing.stale_facts", polars.DataFrame([month]))


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
    month = {"connection": settings.name, "provider": provider.name, "billing_period": str(period)}
    available = resources.queries(f"facts/{provider.name}")
    with warehouse.transaction():
        for fact in facts:
            warehouse.delete(f"facts.{fact}", **month)
            name = f"facts/{provider.name}/{fact}"
            if name in available:
                warehouse.insert_query(f"facts.{fact}", name, **parameters)
        if facts == FACTS:
            warehouse.delete("landing.stale_facts", **month)
