"""What a revision is made of, each input by the hash of its content: raw files, books, settings.

A later revision says from these what changed: `tallybook.pipeline.restating`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tallybook.contract import Cadence
from tallybook.decode import encode
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import House
from tallybook.pricing.books import COLUMNS
from tallybook.render.manifest import ManifestInput
from tallybook.statements import aware_utc
from tallybook.summaries.month import TREND_MONTHS
from tallybook.warehouse import Warehouse


def frozen_inputs(house: House, warehouse: Warehouse, period: BillingPeriod) -> tuple[ManifestInput, ...]:
    """The inputs of a month's figures: its units and those of the months in its trend, every book, the settings."""
    books = [house.settings.books_dir / name for name in sorted(COLUMNS)]
    return (
        *_units(house, warehouse, period),
        *(_book(path) for path in books if path.is_file()),
        *_settings(house),
    )


def snapshot_datasets(house: House) -> set[tuple[str, str]]:
    """Connection and dataset of everything that is added up over snapshots: never replaced, all of them count."""
    return {
        (settings.name, dataset.name)
        for settings, provider in house.connections
        for dataset in provider.datasets
        if dataset.cadence is not Cadence.HISTORY
    }


def _units(house: House, warehouse: Warehouse, period: BillingPeriod) -> Iterator[ManifestInput]:
    """Of a history its staged fetch; of snapshots all that landed in the month."""
    first = str(period.shift(1 - TREND_MONTHS))
    configured = {(settings.name, provider.name) for settings, provider in house.connections}
    files = warehouse.frame("marts/snapshot_files", first_period=first, billing_period=str(period))
    landed = {
        (row["connection"], row["dataset"], row["period"]): row["inputs_sha256"]
        for row in files.to_dicts()
        if (row["connection"], row["provider"]) in configured
    }
    snapshots = snapshot_datasets(house)
    units = warehouse.select("landing.units").sort("connection", "dataset", "period").to_dicts()
    for unit in units:
        is_configured = (unit["connection"], unit["provider"]) in configured
        if unit["receipt"] is None or not is_configured or not first <= unit["period"] <= str(period):
            continue
        key = (unit["connection"], unit["dataset"], unit["period"])
        is_snapshot = key[:2] in snapshots
        yield ManifestInput(
            kind="unit",
            name="/".join(key),
            sha256=landed.get(key, unit["inputs_sha256"]) if is_snapshot else unit["inputs_sha256"],
            fetched_at=aware_utc(unit["fetched_at"]),
            rows=None if is_snapshot else unit["row_count"],
        )


def _book(path: Path) -> ManifestInput:
    return ManifestInput("book", path.name, hashlib.sha256(path.read_bytes()).hexdigest(), None, None)


def _settings(house: House) -> Iterator[ManifestInput]:
    """What the facts of each connection are made with, and what the report as a whole is. No secret is among them."""
    own = {"entity": house.settings.entity, "reporting_currency": house.settings.reporting_currency}
    yield _hashed("tallybook", own)
    for settings, provider in house.connections:
        yield _hashed(f"connections/{settings.name}", (provider.name, provider.parameters(settings)))


def _hashed(name: str, value: object) -> ManifestInput:
    return ManifestInput("settings", name, hashlib.sha256(encode(value).encode()).hexdigest(), None, None)
