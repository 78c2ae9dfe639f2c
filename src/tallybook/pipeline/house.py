"""One configured installation: settings, providers, raw files, and the way into its warehouse."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import stamina

from tallybook import providers
from tallybook.contract import Provider
from tallybook.delivery.kinds import settings_models as delivery_models
from tallybook.errors import ConflictError, UsageError
from tallybook.facts import refresh_facts
from tallybook.landing import RawStore
from tallybook.language import Language, language_of
from tallybook.locks import alone
from tallybook.manifest import Entry
from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Books, read_books
from tallybook.pricing.charges import outdate_charges
from tallybook.settings import ConnectionSettings, Settings, load_settings
from tallybook.staging import Stager
from tallybook.warehouse import WAIT_SECONDS, Warehouse, is_there, open_lake, open_warehouse

_ATTEMPTS = 10
Connection = tuple[ConnectionSettings, Provider]


@dataclass(frozen=True, slots=True)
class House:
    """What every command works with."""

    settings: Settings
    connections: tuple[Connection, ...]
    wait_seconds: float = WAIT_SECONDS  # for another process that has the warehouse
    asked_language: str = ""  # of the reports it makes now; "": the configured one

    @property
    def store(self) -> RawStore:
        return RawStore(self.settings.data_dir / "raw")

    @property
    def reports_dir(self) -> Path:
        return self.settings.data_dir / "reports"

    @property
    def language(self) -> Language:
        """That of the reports it makes. The library, which leads to all of them, has the configured one."""
        return language_of(self.asked_language or self.settings.language)

    def in_language(self, code: str) -> "House":
        """This installation with reports in another language; "" is the configured one. Raises ConfigurationError."""
        if not code:
            return self
        return replace(self, asked_language=language_of(code).code)

    def books(self) -> Books:
        """The books, read against the configuration: a price row names the provider of its connection. BookError."""
        connections = {settings.name: provider.name for settings, provider in self.connections}
        return read_books(self.settings.books_dir, providers=providers.names(), connections=connections)

    def chosen(self, names: Sequence[str]) -> tuple[Connection, ...]:
        """The connections with these names, or all; ConfigurationError for an unknown one."""
        wanted = {self.settings.connection(name).name for name in names}
        return tuple(pair for pair in self.connections if not names or pair[0].name in wanted)

    @contextmanager
    def warehouse(self, connections: Sequence[str] = ()) -> Iterator[Warehouse]:
        """The warehouse, for this process alone; a shared one only as far as these connections are concerned."""
        data_dir, limits, lake = self.settings.data_dir, self.settings.limits, self.settings.lake
        if lake is None:
            with open_warehouse(data_dir, wait_seconds=self.wait_seconds, limits=limits) as warehouse:
                yield warehouse
            return
        with ExitStack() as locks:
            # always in this order, so that no two processes wait for each other
            for name in sorted(settings.name for settings, _ in self.chosen(connections)):
                locks.enter_context(alone(data_dir, f"{name}.lock", wait_seconds=self.wait_seconds))
            with open_lake(lake, data_dir, limits=limits) as warehouse:
                yield warehouse

    @contextmanager
    def warehouse_to_read(self) -> Iterator[Warehouse]:
        """The warehouse; while nothing was ever landed an empty one in memory, so that a question leaves no file."""
        if self.settings.lake or is_there(self.settings.data_dir) or any(self.store.receipts()):
            with self.warehouse() as warehouse:
                yield warehouse
        else:
            with Warehouse.in_memory() as warehouse:
                yield warehouse


def open_house(
    config: Path, *, prefect_secret: Callable[[str], str] | None = None, wait_seconds: float = WAIT_SECONDS
) -> House:
    """Read the configuration. Raises ConfigurationError."""
    settings = load_settings(
        config,
        models=providers.settings_models(),
        kinds=delivery_models(),
        prefect_secret=prefect_secret,
    )
    return House(
        settings=settings,
        connections=tuple((c, providers.load(c.provider)) for c in settings.connections),
        wait_seconds=wait_seconds,
    )


def load(house: House, warehouse: Warehouse, *, now: datetime, periods: Sequence[BillingPeriod] = ()) -> list[Entry]:
    """Stage what landed since the last time, and compute the facts that it changed."""
    staged = _stager(house, warehouse).load_pending()
    outdate_charges(warehouse, {str(period) for period in periods} | _changing_months(house, warehouse))
    refresh_facts(warehouse, house.connections, now=now, periods=periods)
    return staged


def load_connection(house: House, warehouse: Warehouse, name: str) -> list[Entry]:
    """Stage what one connection landed, beside others who do the same for theirs; `load` computes the facts.

    What loses against another process's write is done again.
    """
    for attempt in stamina.retry_context(on=ConflictError, attempts=_ATTEMPTS, timeout=None):
        with attempt:
            return _stager(house, warehouse).load_pending(connection=name)
    raise AssertionError("the last attempt raises")


def _stager(house: House, warehouse: Warehouse) -> Stager:
    return Stager(warehouse, house.store, {provider.name: provider for _, provider in house.connections})


def _changing_months(house: House, warehouse: Warehouse) -> set[str]:
    """The months whose facts will be computed again, or lose those of a connection that is gone."""
    configured = {(settings.name, settings.provider) for settings in house.settings.connections}
    stale = warehouse.select("landing.stale_facts").to_dicts()
    known = warehouse.frame("marts/connection_months").to_dicts()
    return {row["billing_period"] for row in stale if (row["connection"], row["provider"]) in configured} | {
        row["billing_period"] for row in known if (row["connection"], row["provider"]) not in configured
    }


def begun(period: BillingPeriod, *, now: datetime) -> BillingPeriod:
    """The period, refused when it has not begun."""
    if period.start > now:
        raise UsageError(f"{period} has not begun: nothing can be known of it; give a month up to {now:%Y-%m}")
    return period
