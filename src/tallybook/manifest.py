"""The manifest in the warehouse: receipts, raw files, the state of each unit, and which facts are stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow

from tallybook.landing import RawFile, Receipt
from tallybook.periods import LONGEST_GAP, BillingPeriod
from tallybook.statements import aware_utc, naive_utc
from tallybook.warehouse import Warehouse


class Manifest:
    """Reads and writes the landing tables; the caller owns the transaction."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def known_receipts(self) -> set[str]:
        """The ids of all receipts that were dealt with."""
        return set(self._warehouse.select("landing.receipts")["receipt"])

    def is_unchanged(self, receipt: Receipt) -> bool:
        """Whether the unit already holds these answers to these questions."""
        unit = self._warehouse.select("landing.units", **_unit_key(receipt))
        return unit.height == 1 and unit["inputs_sha256"][0] == receipt.inputs_sha256

    def register(self, *entries: "Entry") -> None:
        """Write down what became of receipts, and the raw files of those that were staged."""
        receipts = [entry.row() for entry in entries]
        files = [row for entry in entries if entry.outcome == "staged" for row in entry.file_rows()]
        self._warehouse.insert("landing.receipts", pyarrow.Table.from_pylist(receipts, schema=_RECEIPTS))
        self._warehouse.insert("landing.raw_files", pyarrow.Table.from_pylist(files, schema=_FILES))

    def is_late(self, receipt: Receipt) -> bool:
        """Whether the unit was fetched again since, so that this receipt has nothing new to say."""
        fetched_at = self._unit(receipt)["fetched_at"]
        return fetched_at is not None and naive_utc(receipt.fetched_at) < fetched_at

    def replace_unit(self, receipt: Receipt, rows: int) -> None:
        """Say that the unit now holds this receipt."""
        self._fetched(receipt, receipt=receipt.id, inputs_sha256=receipt.inputs_sha256, row_count=rows)

    def touch_unit(self, receipt: Receipt) -> None:
        """Say that the unit was fetched again, unchanged."""
        self._fetched(receipt)

    def note_error(self, receipt: Receipt, error: str) -> None:
        """Say what went wrong with the unit, unless it was fetched since, or failed in another way since."""
        unit, failed_at = self._unit(receipt), naive_utc(receipt.fetched_at)
        if all(told is None or told <= failed_at for told in (unit["fetched_at"], unit["error_at"])):
            self._put_unit(receipt, unit | {"error": error, "error_at": failed_at})

    def _fetched(self, of: Receipt, **changes: object) -> None:
        """A fetch takes back the failures before it. Receipts may come in any order: a later failure stands."""
        unit, fetched_at = self._unit(of), naive_utc(of.fetched_at)
        if unit["error_at"] is None or unit["error_at"] <= fetched_at:
            changes |= {"error": None, "error_at": None}
        self._put_unit(of, unit | {"fetched_at": fetched_at} | changes)

    def _unit(self, receipt: Receipt) -> dict[str, Any]:
        current = self._warehouse.select("landing.units", **_unit_key(receipt)).to_dicts()
        empty = dict.fromkeys(("receipt", "inputs_sha256", "fetched_at", "row_count", "error", "error_at"))
        return current[0] if current else {**_unit_key(receipt), **empty}

    def _put_unit(self, receipt: Receipt, row: dict[str, Any]) -> None:
        if not self._warehouse.select("landing.units", **_unit_key(receipt)).is_empty():
            self._warehouse.delete("landing.units", **_unit_key(receipt))
        self._warehouse.insert("landing.units", pyarrow.Table.from_pylist([row]))

    def mark_stale(self, receipt: Receipt, periods: Iterable[str]) -> None:
        """Say that the facts of these months must be computed again."""
        for period in sorted(periods):
            mark = {"connection": receipt.connection, "provider": receipt.provider, "billing_period": period}
            # a row that is deleted only to be made again would conflict with whoever writes a shared warehouse too
            if self._warehouse.select("landing.stale_facts", **mark).is_empty():
                self._warehouse.insert("landing.stale_facts", pyarrow.Table.from_pylist([mark]))


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a receipt: staged, unchanged, superseded, failed (not fetched) or unreadable."""

    receipt: Receipt
    outcome: str
    row_count: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""

    def row(self) -> dict[str, object]:
        """The row of landing.receipts."""
        return {
            **_unit_key(self.receipt),
            "receipt": self.receipt.id,
            "outcome": self.outcome,
            "fetched_at": naive_utc(self.receipt.fetched_at),
            "error": self.error or None,
            "row_count": self.row_count,
            "notes": list(self.notes),
        }

    def file_rows(self) -> list[dict[str, object]]:
        """The rows of landing.raw_files."""
        # its provider is the receipt's: a column of it here would ask for a rebuild of every warehouse
        unit = {name: value for name, value in _unit_key(self.receipt).items() if name != "provider"}
        own = {**unit, "receipt": self.receipt.id}
        return [{**_file_row(file), **own, "answer": answer} for answer, file in enumerate(self.receipt.files)]


_RECEIPTS = pyarrow.schema(
    [
        ("receipt", pyarrow.string()),
        ("connection", pyarrow.string()),
        ("provider", pyarrow.string()),
        ("dataset", pyarrow.string()),
        ("period", pyarrow.string()),
        ("outcome", pyarrow.string()),
        ("fetched_at", pyarrow.timestamp("us")),
        ("error", pyarrow.string()),
        ("row_count", pyarrow.int64()),
        ("notes", pyarrow.list_(pyarrow.string())),
    ]
)
_FILES = pyarrow.schema(
    [
        ("receipt", pyarrow.string()),
        ("answer", pyarrow.int32()),
        ("connection", pyarrow.string()),
        ("dataset", pyarrow.string()),
        ("period", pyarrow.string()),
        ("kind", pyarrow.string()),
        ("asked", pyarrow.map_(pyarrow.string(), pyarrow.string())),
        ("credential", pyarrow.string()),
        ("status", pyarrow.int32()),
        ("sha256", pyarrow.string()),
        ("size_bytes", pyarrow.int64()),
        ("captured_at", pyarrow.timestamp("us")),
    ]
)


def _file_row(file: RawFile) -> dict[str, object]:
    return {
        "kind": file.kind,
        "asked": list(file.asked.items()),
        "credential": file.credential,
        "status": file.status,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "captured_at": naive_utc(file.captured_at),
    }


def _unit_key(receipt: Receipt) -> dict[str, object]:
    """What a unit is known by. A connection's name may be given to another provider, which is another connection."""
    return {
        "connection": receipt.connection,
        "provider": receipt.provider,
        "dataset": receipt.dataset,
        "period": receipt.period,
    }


def touched_months(captured: Iterable[datetime]) -> set[str]:
    """The months whose figures depend on samples of these times (naive UTC, as the warehouse keeps them).

    A state holds until the next sample: a sample also ends the month before it, and one of the last days of
    a month may reach into the next.
    """
    months = set()
    for instant in map(aware_utc, captured):
        month = BillingPeriod.containing(instant)
        months |= {str(month), str(month.shift(-1)), str(BillingPeriod.containing(instant + LONGEST_GAP))}
    return months
