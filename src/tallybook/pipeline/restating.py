"""A month that was closed, beside the revision that closed it: what changed, charge by charge and input by input."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars
import pyarrow
import pyarrow.parquet

from tallybook.documents.inputs import ClosedRate, Restated
from tallybook.documents.restatement import is_other_rate
from tallybook.errors import StorageError
from tallybook.language import Message, message
from tallybook.periods import BillingPeriod
from tallybook.pipeline.charging import charge_spans
from tallybook.pipeline.revisions import Revision
from tallybook.pricing.conversion import Rates
from tallybook.render.manifest import ManifestInput
from tallybook.summaries.restatement import CAUSES, summed_restatement
from tallybook.warehouse import Warehouse

_FROZEN = "marts.frozen_charges"
_SAME_BOOKS = {
    "has_same_prices": ("prices.csv", "commitments.csv"),
    "has_same_adjustments": ("adjustments.csv",),
    "has_same_map": ("projects.csv",),
    "has_same_allocation": ("allocation.csv",),
}
_DOING = {
    "prices.csv": ("changed_price",),
    "commitments.csv": ("changed_price",),
    "adjustments.csv": ("changed_price",),
    "projects.csv": ("changed_map",),
    "allocation.csv": ("changed_allocation",),
}
"""The books and the causes that they make; of another exchange rate the rates themselves tell."""
Hashes = Mapping[tuple[str, str], str]  # kind and name of an input to its sha256


def restate(
    warehouse: Warehouse,
    period: BillingPeriod,
    closed: Revision,
    inputs: Sequence[ManifestInput],
    *,
    snapshots: set[tuple[str, str]],
    rates: Rates | None,
) -> Restated:
    """What the month cost in `closed` and costs now, by cause; `inputs` and `rates` are those of now.

    `snapshots` has the connection and dataset of what is added up over snapshots. Raises StorageError when the charges
    of the closed revision cannot be read.
    """
    old, new = _old_hashes(closed), {(one.kind, one.name): one.sha256 for one in inputs}
    steady = _steady(old, new, period, snapshots)
    costs = _restated_costs(
        warehouse,
        period,
        closed.folder / "tables" / "charges.parquet",
        steady_connections=steady,
        is_all_steady=_connections(old, new) <= set(steady),
        **{
            name: all(old.get(("book", book)) == new.get(("book", book)) for book in books)
            for name, books in _SAME_BOOKS.items()
        },
    )
    then = tuple(_rates(closed.report))
    effects = _Effects(costs, frozenset(steady), any(rates is not None and is_other_rate(one, rates) for one in then))
    return Restated(
        closed.number,
        tuple(_told(closed, old, new)),
        costs,
        _lower_bounds(closed.report),
        then,
        causes=tuple(_causes(closed, old, new, effects)),
    )


def _restated_costs(warehouse: Warehouse, period: BillingPeriod, path: Path, **parameters: object) -> polars.DataFrame:
    warehouse.delete(_FROZEN)
    try:
        warehouse.insert_stream(_FROZEN, _charges(path, warehouse.select(_FROZEN).columns))
        parts = [
            warehouse.frame("marts/restated_costs", **parameters, **span) for span in charge_spans(warehouse, period)
        ]
        return summed_restatement(polars.concat(parts))
    finally:
        warehouse.delete(_FROZEN)


def _charges(path: Path, columns: Sequence[str]) -> Iterator[pyarrow.Table]:
    """The charges of a revision; an earlier version's lack some of the columns."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[name for name in columns if name in file.schema_arrow.names]):
                yield pyarrow.Table.from_batches([batch])
    except (OSError, pyarrow.ArrowException) as error:
        raise StorageError(
            f"{path} cannot be read ({error}); without it nobody can say what changed since that revision: "
            "restore it from the backup"
        ) from error


def _lower_bounds(report: Mapping[str, Any]) -> frozenset[tuple[str, str, str]]:
    """What the closed report showed as a lower bound. Form 1.0 did not say it of projects."""
    return frozenset(
        (row.get("project", ""), row.get("connection", ""), row["billing_currency"])
        for row in (*report["totals"], *report["projects"])
        if row.get("is_lower_bound")
    )


def _rates(report: Mapping[str, Any]) -> Iterator[ClosedRate]:
    """The exchange rates of the closed report; before form 1.2 there were none, as without a reporting currency."""
    conversion = report.get("conversion") or {"totals": []}
    for row in conversion["totals"]:
        cost = row["effective_cost"]["exact"]
        yield ClosedRate(
            row["billing_currency"],
            conversion["reporting_currency"],
            Decimal(row["rate"]),
            None if cost is None else Decimal(cost),
        )


def _old_hashes(closed: Revision) -> Hashes:
    return {(one["kind"], one["name"]): one["sha256"] for one in closed.manifest["inputs"]}


def _steady(old: Hashes, new: Hashes, period: BillingPeriod, snapshots: set[tuple[str, str]]) -> list[str]:
    """The connections that answered then what they answer now, and those that are configured no more.

    A snapshot of the month before reaches into this one: of snapshots both months have to be the same.
    """
    connections = _connections(old, new)
    moved = set()
    for kind, name in old.keys() | new.keys():
        if kind == "unit" and old.get((kind, name)) != new.get((kind, name)):
            connection, dataset, month = name.split("/")
            if month == str(period) or (month == str(period.shift(-1)) and (connection, dataset) in snapshots):
                moved.add(connection)
    gone = {connection for connection in connections if ("settings", f"connections/{connection}") not in new}
    return sorted(connections - moved | gone)


def _connections(old: Hashes, new: Hashes) -> set[str]:
    return {name.split("/")[0] for kind, name in old.keys() | new.keys() if kind == "unit"}


@dataclass(frozen=True, slots=True)
class _Effects:
    """What the changed inputs did: costs by cause, and whether a rate of the month is another one."""

    costs: polars.DataFrame
    steady: frozenset[str]
    has_other_rates: bool

    @property
    def is_known(self) -> bool:
        """Whether they did anything to a cost; if not, they changed something else that the report shows."""
        return self.has_other_rates or any(self.of(cause) for cause in CAUSES)

    def of(self, *causes: str) -> set[str]:
        """The connections whose costs a cause changed."""
        return set(self.costs.filter(polars.any_horizontal(polars.col(causes) != 0))["connection"].to_list())


def _causes(closed: Revision, old: Hashes, new: Hashes, effects: _Effects) -> Iterator[Message]:
    """In a few words, which of the changed inputs made the month another one: books, answers, settings, software.

    A book that got another month's line did nothing to this one and is left out, as are budgets, which are no figures
    of a month. Where no cost changed, all that may have changed the report is named.
    """
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    for book, causes in _DOING.items():
        if ("book", book) in changed and (effects.of(*causes) or not effects.is_known):
            yield Message(book)
    if effects.has_other_rates:
        yield Message("exchange_rates.csv")
    answering = effects.of("new_data", "restated_cost") if effects.is_known else _connections(old, new)
    for name in sorted(answering - effects.steady):
        yield Message(message("the answers of %(connection)s"), {"connection": name})
    if effects.is_known and not effects.of("software_or_settings"):
        return
    settings = sorted(name.removeprefix("connections/") for kind, name in changed if kind == "settings")
    for name in settings:
        yield Message(message("the settings of %(name)s"), {"name": name})
    is_other_software = any(was != version(name) for name, was in closed.manifest["versions"].items())
    if is_other_software or (effects.is_known and not settings):
        yield Message(message("the software"))


def _told(closed: Revision, old: Hashes, new: Hashes) -> Iterator[Message]:
    """A sentence for each input that is not the same, and for the software."""
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield _words(*key, became="is new" if key not in old else "is gone" if key not in new else "changed")
    for name, was in sorted(closed.manifest["versions"].items()):
        if was != version(name):
            yield Message(
                message("%(name)s %(was)s became %(is_now)s"), {"name": name, "was": was, "is_now": version(name)}
            )


_ANSWERED = {
    "is new": message("What %(connection)s answered on %(dataset)s of %(month)s is new"),
    "is gone": message("What %(connection)s answered on %(dataset)s of %(month)s is gone"),
    "changed": message("What %(connection)s answered on %(dataset)s of %(month)s changed"),
}
_SETTINGS = {
    "is new": message("The settings of %(name)s are new"),
    "is gone": message("The settings of %(name)s are gone"),
    "changed": message("The settings of %(name)s changed"),
}
_BOOK = {
    "is new": message("%(name)s is new"),
    "is gone": message("%(name)s is gone"),
    "changed": message("%(name)s changed"),
}


def _words(kind: str, name: str, *, became: str) -> Message:
    if kind == "unit":
        connection, dataset, month = name.split("/")
        return Message(_ANSWERED[became], {"connection": connection, "dataset": dataset, "month": month})
    if kind == "settings":
        return Message(_SETTINGS[became], {"name": name.removeprefix("connections/")})
    return Message(_BOOK[became], {"name": name})
