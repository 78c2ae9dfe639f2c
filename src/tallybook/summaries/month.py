"""All summaries of a month: the frames they start from, and the tables they give."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

from tallybook.periods import BillingPeriod
from tallybook.summaries.allocation import summarise_allocation, summarise_shares
from tallybook.summaries.anomalies import USUAL_THRESHOLDS, Thresholds, summarise_anomalies
from tallybook.summaries.commitments import summarise_commitments
from tallybook.summaries.coverage import (
    lacking_before,
    lacking_connections,
    observed_connections,
    summarise_connections,
    summarise_coverage,
    summarise_datasets,
    summarise_gaps,
)
from tallybook.summaries.forecast import summarise_forecast
from tallybook.summaries.pricing import summarise_pricing
from tallybook.summaries.projects import summarise_projects, summarise_providers
from tallybook.summaries.quota_trend import summarise_limit_changes, with_trend
from tallybook.summaries.quotas import summarise_quotas
from tallybook.summaries.spot import summarise_spot
from tallybook.summaries.totals import summarise_currencies, summarise_days, summarise_tie_out, summarise_trend
from tallybook.summaries.usage import summarise_lines, summarise_prices, summarise_unpriced, summarise_usage
from tallybook.summaries.variance import (
    WORKLOAD,
    summarise_bridge,
    summarise_items,
    summarise_movers,
    summarise_variance,
)
from tallybook.summaries.workloads import summarise_workloads
from tallybook.warehouse import Warehouse

TREND_MONTHS = 13
FORECAST_MONTHS = 6  # before this one, for its back-tests
MOVERS = 5


@dataclass(frozen=True, slots=True)
class MonthFrames:
    """What the warehouse knows of a month, named after the query (queries/marts) or table it comes from."""

    charges: pl.DataFrame
    previous_charges: pl.DataFrame
    coverage: pl.DataFrame
    previous_coverage: pl.DataFrame
    quotas: pl.DataFrame
    prices: pl.DataFrame
    accounts: pl.DataFrame
    allocation: pl.DataFrame
    source_costs: pl.DataFrame
    daily_costs: pl.DataFrame
    trend_costs: pl.DataFrame
    trend_coverage: pl.DataFrame
    trend_charges: pl.DataFrame
    recent_days: pl.DataFrame
    recent_coverage: pl.DataFrame
    item_days: pl.DataFrame
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class MonthTables:
    """The summaries of a month. Those of `pipeline.files.TABLES` are published as tables/*.csv."""

    projects: pl.DataFrame
    workloads: pl.DataFrame
    pricing: pl.DataFrame
    quotas: pl.DataFrame
    usage: pl.DataFrame
    coverage: pl.DataFrame
    variance: pl.DataFrame
    forecast: pl.DataFrame
    anomalies: pl.DataFrame
    spot: pl.DataFrame
    quota_changes: pl.DataFrame
    commitments: pl.DataFrame
    allocation: pl.DataFrame
    shares: pl.DataFrame
    providers: pl.DataFrame
    datasets: pl.DataFrame
    connections: pl.DataFrame
    gaps: pl.DataFrame
    tie_out: pl.DataFrame
    unpriced: pl.DataFrame
    lines: pl.DataFrame
    prices: pl.DataFrame
    daily: pl.DataFrame
    trend: pl.DataFrame
    accounts: pl.DataFrame
    currencies: pl.DataFrame
    bridge: pl.DataFrame
    project_movers: pl.DataFrame
    workload_movers: pl.DataFrame


def read_frames(
    warehouse: Warehouse, *, period: BillingPeriod, thresholds: Thresholds = USUAL_THRESHOLDS
) -> MonthFrames:
    """Read what the summaries need. The charges of this month and of the one before must have been made.

    `thresholds` say from where on a day's cost is worth a look.
    """
    month, before = str(period), str(period.shift(-1))
    recent = str(period.shift(-FORECAST_MONTHS))

    def frame(name: str, billing_period: str = month, first: str = str(period.shift(1 - TREND_MONTHS))) -> pl.DataFrame:
        return warehouse.frame(
            f"marts/{name}", billing_period=billing_period, first_period=first, least_cost=thresholds.amount
        )

    frames = MonthFrames(
        charges=frame("month_charges"),
        previous_charges=frame("month_charges", before),
        coverage=frame("coverage"),
        previous_coverage=frame("coverage", before),
        quotas=frame("quotas"),
        prices=warehouse.select("pricing.prices", billing_period=month),
        accounts=frame("accounts"),
        allocation=warehouse.select("marts.allocation_charges", billing_period=month),
        source_costs=frame("source_costs"),
        daily_costs=frame("daily_costs"),
        trend_costs=frame("trend_costs"),
        trend_coverage=frame("trend_coverage"),
        trend_charges=frame("trend_charges"),
        recent_days=frame("recent_days", first=recent),
        recent_coverage=frame("recent_coverage", first=recent),
        item_days=frame("item_days", first=before),
        thresholds=thresholds,
    )
    warehouse.give_back()  # what is summarised next is in memory a second time
    return frames


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of a month and of the one before: coverage, and the connections whose costs can be compared."""

    coverage: pl.DataFrame
    connections: pl.DataFrame
    before: pl.DataFrame
    observed: Collection[str]
    previously_observed: Collection[str]


def summarise_month(
    frames: MonthFrames,
    *,
    period: BillingPeriod,
    now: datetime,
    stated: Mapping[str, str] | None = None,
    closed: Mapping[str, Decimal] | None = None,
) -> MonthTables:
    """All summaries of a month as seen at `now`.

    `stated` has the currencies that settings name, by connection; `closed` what the month before was closed with, by
    currency.
    """
    seen = _seen(frames, now=now)
    return MonthTables(
        **_costs(frames, seen, period=period, now=now),
        **_usage_and_sight(frames, seen, period=period),
        **_changes(frames, seen, period=period, closed=closed or {}),
        **_history(frames, seen, period=period, now=now, stated=stated or {}),
    )


def _seen(frames: MonthFrames, *, now: datetime) -> _Seen:
    coverage = summarise_coverage(frames.coverage, now=now)
    connections = summarise_connections(coverage)
    before = summarise_connections(summarise_coverage(frames.previous_coverage, now=now))
    return _Seen(
        coverage=coverage,
        connections=connections,
        before=before,
        observed=observed_connections(frames.charges, connections),
        previously_observed=observed_connections(frames.previous_charges, before),
    )


def _costs(frames: MonthFrames, seen: _Seen, *, period: BillingPeriod, now: datetime) -> dict[str, pl.DataFrame]:
    """What the month cost: beside the month before where it was seen, and by price, category, rule and commitment."""
    month, charges, connections = str(period), frames.charges, seen.connections
    projects, providers = (
        summarise(
            charges,
            frames.previous_charges,
            connections,
            previous_connections=seen.before,
            billing_period=month,
            observed=seen.observed,
            previously_observed=seen.previously_observed,
        )
        for summarise in (summarise_projects, summarise_providers)
    )
    return {
        "projects": projects,
        "providers": providers,
        "workloads": summarise_workloads(
            charges, frames.previous_charges, connections, previous_connections=seen.before, billing_period=month
        ),
        "pricing": summarise_pricing(charges, connections, billing_period=month),
        "spot": summarise_spot(charges, connections, billing_period=month),
        "prices": summarise_prices(charges, frames.prices, connections),
        "commitments": summarise_commitments(
            charges, frames.prices, connections, billing_period=month, is_over=now >= period.end
        ),
        "allocation": summarise_allocation(frames.allocation, billing_period=month),
        "shares": summarise_shares(projects, frames.allocation),
        "tie_out": summarise_tie_out(frames.source_costs, projects, frames.allocation),
    }


def _usage_and_sight(frames: MonthFrames, seen: _Seen, *, period: BillingPeriod) -> dict[str, pl.DataFrame]:
    """What was used, what limits there are, and what of it was seen."""
    return {
        "usage": summarise_usage(frames.charges, seen.connections, billing_period=str(period)),
        "lines": summarise_lines(frames.charges),
        "unpriced": summarise_unpriced(frames.charges),
        "quotas": with_trend(summarise_quotas(frames.quotas), frames.quotas),
        "quota_changes": summarise_limit_changes(frames.quotas),
        "coverage": seen.coverage,
        "connections": seen.connections,
        "datasets": summarise_datasets(seen.coverage),
        "gaps": summarise_gaps(seen.coverage),
        "accounts": frames.accounts.sort("connection", "sub_account_id"),
    }


def _changes(
    frames: MonthFrames, seen: _Seen, *, period: BillingPeriod, closed: Mapping[str, Decimal]
) -> dict[str, pl.DataFrame]:
    """What moved the month, against the one before."""
    items = summarise_items(
        frames.charges,
        frames.previous_charges,
        observed=seen.observed,
        previously_observed=seen.previously_observed,
        lacking=lacking_connections(frames.charges, seen.connections),
        previously_lacking=lacking_before(frames.previous_charges, seen.before),
    )
    return {
        "variance": summarise_variance(items, billing_period=str(period)),
        "bridge": summarise_bridge(items, closed=closed),
        "project_movers": summarise_movers(items, by=("project",), top=MOVERS),
        "workload_movers": summarise_movers(items.filter(pl.col("workload") != ""), by=WORKLOAD, top=MOVERS),
    }


def _history(
    frames: MonthFrames, seen: _Seen, *, period: BillingPeriod, now: datetime, stated: Mapping[str, str]
) -> dict[str, pl.DataFrame]:
    """Days and months in a row, where they may lead, and days unlike the others."""
    currencies = summarise_currencies(
        frames.charges, frames.previous_charges, frames.prices, seen.connections, stated=stated
    )
    return {
        "currencies": currencies,
        "daily": summarise_days(frames.daily_costs, seen.coverage, frames.charges),
        "trend": summarise_trend(frames.trend_costs, frames.trend_coverage, frames.trend_charges, currencies),
        "forecast": summarise_forecast(frames.recent_days, frames.recent_coverage, period=period, now=now),
        "anomalies": summarise_anomalies(
            frames.item_days, frames.recent_coverage, period=period, now=now, thresholds=frames.thresholds
        ),
    }
