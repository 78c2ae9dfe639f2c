"""Takes answers through the real landing, staging and fact queries, without HTTP."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tallybook import providers
from tallybook.contract import Request
from tallybook.credentials import SecretRef
from tallybook.facts import refresh_facts
from tallybook.landing import RawStore, Receipt, as_raw_file
from tallybook.manifest import Entry
from tallybook.periods import BillingPeriod
from tallybook.settings import ConnectionSettings
from tallybook.staging import Stager
from tallybook.warehouse import Warehouse

CONNECTION = "connection-under-test"
FETCHED = datetime(2026, 11, 2, 6, tzinfo=UTC)


def settings(provider: str, **keys: Any) -> ConnectionSettings:
    """Settings of a connection of this provider with a token that lies in the environment."""
    model = providers.load(provider).settings
    base = {"name": CONNECTION, "provider": provider, "base_url": "http://127.0.0.1:9"}
    if "token" in model.model_fields and "token" not in keys:
        base["token"] = SecretRef(env="TOKEN")
    return model.model_validate(base | keys)


def land(
    store: RawStore,
    connection: ConnectionSettings,
    dataset: str,
    answers: list[tuple[Request, bytes]] | list[tuple[Request, bytes, datetime]],
    *,
    period: str = "2026-10",
    fetched_at: datetime = FETCHED,
    error: str = "",
) -> None:
    """One fetch of one unit of a connection, as if it had been asked."""
    files = []
    for request, body, *captured in answers:
        sha256, size = store.land(connection.name, dataset, period, [body])
        captured_at = captured[0] if captured else fetched_at
        files.append(as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=captured_at))
    store.write_receipt(
        Receipt(
            provider=connection.provider,
            connection=connection.name,
            dataset=dataset,
            cadence=providers.load(connection.provider).dataset(dataset).cadence.value,
            period=period,
            fetched_at=fetched_at,
            files=tuple(files),
            error=error,
        )
    )


class Bench:
    """A warehouse and a raw store to stage answers of one connection into."""

    def __init__(self, folder: Path, connection: ConnectionSettings) -> None:
        self.warehouse = Warehouse.in_memory()
        self.store = RawStore(folder / "raw")
        self.connection = connection
        self.provider = providers.load(connection.provider)

    def land(
        self,
        dataset: str,
        answers: list[tuple[Request, bytes]] | list[tuple[Request, bytes, datetime]],
        *,
        period: str = "2026-10",
        fetched_at: datetime = FETCHED,
        error: str = "",
    ) -> None:
        """One fetch of one unit; an answer without a time of its own was captured when it was fetched."""
        land(self.store, self.connection, dataset, answers, period=period, fetched_at=fetched_at, error=error)

    def stage(self, *, now: datetime = FETCHED, period: str = "2026-10") -> list[Entry]:
        """Stage what landed, and compute the facts of `period` and of every month that became stale."""
        staged = Stager(self.warehouse, self.store, {self.provider.name: self.provider}).load_pending()
        month = BillingPeriod.parse(period, now=now)
        refresh_facts(self.warehouse, [(self.connection, self.provider)], now=now, periods=[month])
        return staged

    def rows(self, table: str, **equals: object) -> list[dict[str, Any]]:
        """The rows of a table, e.g. `staging.<provider>_<table>` or `facts.usage`."""
        return self.warehouse.select(table, **equals).to_dicts()
