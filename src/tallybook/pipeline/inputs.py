"""What a report is made from: the month's summaries, and what stands beside them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import polars

from tallybook import __version__
from tallybook.contract import Cadence
from tallybook.documents.inputs import Failure, MonthInputs
from tallybook.periods import BillingPeriod
from tallybook.pipeline.charging import odd_rows
from tallybook.pipeline.frozen import snapshot_datasets
from tallybook.pipeline.house import House
from tallybook.pipeline.summarising import summarise
from tallybook.pricing.allocating import spreading_notices
from tallybook.pricing.books import Books, idle_budgets, unknown_connections
from tallybook.pricing.budgets import misplaced_budgets
from tallybook.pricing.checks import run_checks
from tallybook.pricing.conversion import Rates, month_rates
from tallybook.resources import queries
from tallybook.summaries.conversion import convert_costs
from tallybook.warehouse import Warehouse


def month_inputs(
    house: House, warehouse: Warehouse, period: BillingPeriod, *, books: Books, now: datetime
) -> MonthInputs:
    """Summaries, rates, failures, checks and notices of a month that was charged. Raises BookError, StorageError."""
    tables = summarise(house, warehouse, period, now=now)
    rates = _rates(house, period, books=books, projects=tables.projects)
    inputs = MonthInputs(
        period=period,
        now=now,
        entity=house.settings.entity,
        version=__version__,
        revision=0,
        labels={provider.name: provider.label for _, provider in house.connections},
        tables=replace(
            tables,
            projects=convert_costs(
                tables.projects, currency=rates.currency if rates else "", rates=rates.now if rates else {}
            ),
        ),
        budgets=books.budgets,
        rates=rates,
        failures=failures(house, warehouse, period, now=now),
        checks={check.name: check.offending.height for check in run_checks(warehouse, period=period)},
        controls=_controls(house, warehouse, period),
        notices=(
            *unknown_connections(books, [connection.name for connection in house.settings.connections]),
            *odd_rows(warehouse, period, books=books),
            *spreading_notices(warehouse, period=period, books=books),
            *idle_budgets(books, str(period), projects=set(tables.accounts["project"])),
            *misplaced_budgets(books, str(period), costs=_priced_projects(tables.projects)),
            *_notices(house, warehouse, period),
        ),
    )
    warehouse.give_back()  # what is written of it next needs as much
    return inputs


def failures(house: House, warehouse: Warehouse, period: BillingPeriod, *, now: datetime) -> tuple[Failure, ...]:
    """The units of a month whose newest fetch failed.

    What can't be fetched again leaves a gap, which makes figures lower bounds but no draft that nobody can end.
    """
    fetchable = {
        (settings.name, provider.name, dataset.name)
        for settings, provider in house.connections
        for dataset in provider.datasets
        if dataset.cadence is Cadence.HISTORY or now < period.end
    }
    units = warehouse.select("landing.units", period=str(period)).sort("connection", "dataset").to_dicts()
    return tuple(
        Failure(unit["connection"], unit["dataset"], unit["period"], unit["error"])
        for unit in units
        if unit["error"] and (unit["connection"], unit["provider"], unit["dataset"]) in fetchable
    )


def _priced_projects(projects: polars.DataFrame) -> set[tuple[str, str]]:
    known = projects.filter(polars.col("effective_cost").is_not_null())
    return set(known.select("project", "billing_currency").iter_rows())


def _rates(house: House, period: BillingPeriod, *, books: Books, projects: polars.DataFrame) -> Rates | None:
    """The exchange rates of the month's costs; None without a reporting currency. BookError when one is missing."""
    if not house.settings.reporting_currency:
        return None
    costs = projects.filter(polars.col("effective_cost").is_not_null())
    currencies = costs["billing_currency"].unique().to_list()
    return month_rates(books.exchange_rates, house.settings.reporting_currency, period, billing_currencies=currencies)


def _notices(house: House, warehouse: Warehouse, period: BillingPeriod) -> tuple[str, ...]:
    """What was odd in the answers that the figures are made of, each oddity once."""
    notes = list(fetch_notes(house, warehouse, period))
    for frame in _provider_frames(house, warehouse, period, "notices"):
        notes += [f"{row['connection']}: {row['notice']}" for row in frame.to_dicts()]
    return tuple(dict.fromkeys(notes))


def fetch_notes(house: House, warehouse: Warehouse, period: BillingPeriod) -> tuple[str, ...]:
    """What was odd in the answers when they were read, each oddity once.

    Of a history that is its staged fetch; of snapshots every one, since each of them counts.
    """
    current = set(warehouse.select("landing.units", period=str(period))["receipt"])
    adding = snapshot_datasets(house)
    configured = {(settings.name, provider.name) for settings, provider in house.connections}
    notes = (
        f"{row['connection']} {row['dataset']}: {note}"
        for row in warehouse.select("landing.receipts", period=str(period)).sort("receipt").to_dicts()
        for note in row["notes"]
        if (row["connection"], row["provider"]) in configured
        and (row["receipt"] in current or (row["connection"], row["dataset"]) in adding)
    )
    return tuple(dict.fromkeys(notes))


def _controls(house: House, warehouse: Warehouse, period: BillingPeriod) -> polars.DataFrame:
    """The control totals of all connections."""
    frames = _provider_frames(house, warehouse, period, "control_totals")
    return polars.concat(frames, how="diagonal_relaxed") if frames else polars.DataFrame()


def _provider_frames(house: House, warehouse: Warehouse, period: BillingPeriod, check: str) -> list[polars.DataFrame]:
    """What queries/checks/<provider>/<check>.sql finds, for each connection of a provider that has it."""
    frames = []
    for settings, provider in house.connections:
        name = f"checks/{provider.name}/{check}"
        if name in queries(f"checks/{provider.name}"):
            parameters: Mapping[str, object] = {
                **provider.parameters(settings),
                "connection": settings.name,
                "billing_period": str(period),
                "period_start": period.start,
                "period_end": period.end,
            }
            frames.append(warehouse.frame(name, **parameters))
    return frames
