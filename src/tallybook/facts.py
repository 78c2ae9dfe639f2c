"""From staging to facts: a provider's fact queries, run for one connection and month, replace its facts whole."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import polars

from tallybook import resources
from tallybook.contract import Provider
from tallybook.periods import BillingPeriod
from tallybook.settings import ConnectionSettings
from tallybook.statements import used
from tallybook.warehouse import Warehouse

FACTS = ("usage", "costs", "quotas", "estate", "coverage")
LASTING = ("usage", "costs")
"""The long ones, made of staged rows alone: they stand while these do, and what they are computed with."""


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
        for month in sorted(asked | outdated):
            period = BillingPeriod.parse(month, now=now)
            _refresh(warehouse, settings, provider, period, now=now, is_stale=month in outdated)


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
                for table in (*(f"facts.{fact}" for fact in FACTS), "facts.made_with", "landing.stale_facts"):
                    warehouse.delete(table, **month)
                warehouse.insert("landing.stale_facts", polars.DataFrame([month]))


def _refresh(
    warehouse: Warehouse,
    settings: ConnectionSettings,
    provider: Provider,
    period: BillingPeriod,
    *,
    now: datetime,
    is_stale: bool = False,
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
        if is_stale:
            warehouse.delete("facts.made_with", **month)
        for fact in facts:
            name = f"facts/{provider.name}/{fact}"
            made_with = {**month, "fact": fact, "sha256": _sha256(provider, name, available, parameters)}
            if fact in LASTING and not warehouse.select("facts.made_with", **made_with).is_empty():
                continue
            warehouse.delete(f"facts.{fact}", **month)
            if name in available:
                warehouse.insert_query(f"facts.{fact}", name, **parameters)
            if fact in LASTING:
                warehouse.delete("facts.made_with", **month, fact=fact)
                warehouse.insert("facts.made_with", polars.DataFrame([made_with]))
        if facts == FACTS:
            warehouse.delete("landing.stale_facts", **month)


def _sha256(provider: Provider, name: str, available: Sequence[str], parameters: Mapping[str, object]) -> str:
    """Of what a fact is computed with beside staged rows: its query, macros of its provider and of all, parameters."""
    macros = [each for folder in (f"staging/{provider.name}", "pricing") for each in resources.queries(folder)]
    names = [*([name] if name in available else []), *macros]
    texts = [resources.query(each) for each in names]
    values = sorted(used("\n".join(texts), parameters).items())
    return hashlib.sha256(repr((texts, values)).encode()).hexdigest()
