"""The books that finance writes, from prices to allocation. Read whole, checked, frozen."""

import difflib
import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tallybook.errors import BookError
from tallybook.pricing import adjustments, allocation, commitments, tiers
from tallybook.pricing.adjustments import Adjustment
from tallybook.pricing.allocation import AllocationRule, read_allocation
from tallybook.pricing.commitments import Commitment
from tallybook.pricing.meters import find_meter, known_meters
from tallybook.pricing.sheet import Line, read_sheet
from tallybook.pricing.tiers import Price

COLUMNS = {
    "prices.csv": (
        "provider", "connection", "sub_account_id", "region", "meter", "unit", "unit_price", "currency",
        "valid_from", "valid_to", "source",
    ),
    "exchange_rates.csv": ("month", "from_currency", "to_currency", "rate", "source"),
    "projects.csv": ("connection", "sub_account_id", "project", "cost_center", "owner"),
    "budgets.csv": ("project", "month", "budget", "currency"),
    adjustments.FILE: adjustments.COLUMNS,
    commitments.FILE: commitments.COLUMNS,
    allocation.FILE: allocation.COLUMNS,
}  # fmt: skip
OPTIONAL_COLUMNS = {
    "prices.csv": ("from_quantity", "minimum_cost"),
    commitments.FILE: commitments.OPTIONAL_COLUMNS,
}
ANY_SUB_ACCOUNT = "*"
LABEL = "label:"
PRICE_DIGITS = 9  # before the dot: what the largest figures of a day cost then still fits into DECIMAL(38, 12)
_MOST_NAMES = 20  # told in a message

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One `from_currency` is `rate` of `to_currency` in a month."""

    line: int
    month: str
    from_currency: str
    to_currency: str
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """A sub account of a connection, costs with a label, or all others of it (`*`) belong to a project."""

    line: int
    connection: str  # "": any, for a label
    sub_account_id: str  # or `label:key=value`, or `*`
    project: str
    cost_center: str
    owner: str

    @property
    def label(self) -> tuple[str, str] | None:
        """Key and value of a label; None for a sub account."""
        if not self.sub_account_id.startswith(LABEL):
            return None
        key, _, value = self.sub_account_id.removeprefix(LABEL).partition("=")
        return key.strip(), value.strip()

    @property
    def book_row(self) -> str:
        return f"projects.csv line {self.line}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a project may spend in a month."""

    line: int
    project: str
    month: str
    budget: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Books:
    """All books, in the order of their lines."""

    prices: tuple[Price, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    projects: tuple[ProjectRule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    allocation: tuple[AllocationRule, ...] = ()


def read_books(
    folder: Path, *, providers: Collection[str] | None = None, connections: Mapping[str, str] | None = None
) -> Books:
    """Read the books of a folder. Only prices.csv must be there; a missing other book is an empty one.

    `providers` are the names a price row may use; None leaves them unchecked. `connections` has the provider of each
    configured connection, which a price row for that connection must name. Raises BookError.
    """
    if not (folder / "prices.csv").is_file():
        raise BookError(
            f"no prices.csv in {folder}: run 'tallybook init' to get one to start from, or set books_dir; "
            "a file with only its header is enough when providers state their costs"
        )
    prices = _read(folder, "prices.csv", lambda line: _price(line, providers, connections or {}))
    rates = _read(folder, "exchange_rates.csv", _exchange_rate)
    projects = _read(folder, "projects.csv", _project_rule)
    budgets = _read(folder, "budgets.csv", _budget)
    adjusting = _read(folder, adjustments.FILE, adjustments.read_adjustment)
    committed = _read(
        folder, commitments.FILE, lambda line: commitments.read_commitment(line, price_digits=PRICE_DIGITS)
    )
    tiers.refuse_conflicts(prices)
    commitments.refuse_conflicts(committed)
    _refuse_repeats("exchange_rates.csv", rates, lambda r: (r.month, r.from_currency, r.to_currency))
    _refuse_repeats("projects.csv", projects, lambda r: (r.connection, r.sub_account_id))
    _refuse_repeats("budgets.csv", budgets, lambda r: (r.project, r.month, r.currency))
    _refuse_repeats(adjustments.FILE, adjusting, lambda r: astuple(replace(r, line=0)))
    spreading = read_allocation(_read(folder, allocation.FILE, lambda line: line))
    return Books(prices, rates, projects, budgets, adjusting, committed, spreading)


def sha256(folder: Path) -> str:
    """One hash over the bytes of all books, for fingerprints; a missing book differs from an empty one."""
    digest = hashlib.sha256()
    for name in sorted(COLUMNS):
        path = folder / name
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def unknown_connections(books: Books, known: Collection[str]) -> tuple[str, ...]:
    """A sentence for each connection that a book names and nobody configured: its lines say nothing, maybe by a typo.

    Not an error, since books may be kept for several installations.
    """
    named = [
        *(("prices.csv", price.connection, price.line) for price in books.prices if price.connection),
        *(("projects.csv", rule.connection, rule.line) for rule in books.projects if rule.connection),
        *((adjustments.FILE, one.connection, one.line) for one in books.adjustments if one.connection),
        *(
            (allocation.FILE, row.from_connection, row.line)
            for rule in books.allocation
            for row in rule.rows
            if row.from_connection
        ),
        *((commitments.FILE, one.connection, one.line) for one in books.commitments),
    ]
    lines: dict[tuple[str, str], list[int]] = {}
    for file, connection, line in named:
        if connection not in known:
            lines.setdefault((file, connection), []).append(line)
    return tuple(_told(file, name, of, known) for (file, name), of in lines.items())


def idle_budgets(books: Books, month: str, *, projects: Collection[str]) -> tuple[str, ...]:
    """A sentence for each budget of a month whose project neither the month nor projects.csv knows, maybe by a typo.

    `projects` are those that the month's facts belong to. The budget of a total counts such a line like any other.
    """
    known = {*projects, *(rule.project for rule in books.projects)}
    return tuple(
        f"budgets.csv line {one.line} is for a project that {month} does not know, {one.project!r}: it counts in the "
        f"budget of the total in {one.currency}, and no cost stands against it; {_advice(one.project, known)}"
        for one in books.budgets
        if one.month == month and one.project not in known
    )


def _told(file: str, connection: str, lines: list[int], known: Collection[str]) -> str:
    verbs = {
        "prices.csv": "price",
        "projects.csv": "map",
        adjustments.FILE: "adjust",
        commitments.FILE: "charge",
        allocation.FILE: "spread",
    }
    verb = verbs[file]
    shown = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")
    what = f"lines {shown} {verb}" if len(lines) > 1 else f"line {shown} {verb}s"
    return f"{file} {what} nothing: no connection {connection!r} is configured; {_advice(connection, known)}"


def _advice(name: str, known: Collection[str]) -> str:
    near, names = difflib.get_close_matches(name, known, n=1), sorted(known)
    if near:
        return f"did you mean {near[0]!r}?"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"known: {', '.join(names[:_MOST_NAMES]) or 'none'}{more}"


def _read(folder: Path, name: str, convert: Callable[[Line], R]) -> tuple[R, ...]:
    path = folder / name
    if not path.exists():
        return ()
    return tuple(convert(line) for line in read_sheet(path, COLUMNS[name], optional=OPTIONAL_COLUMNS.get(name, ())))


def _price(line: Line, providers: Collection[str] | None, connections: Mapping[str, str]) -> Price:
    provider = line.required("provider", what="a provider's name")
    if providers is not None and provider not in providers:
        line.refuse("provider", f"unknown provider {provider!r}; known: {', '.join(sorted(providers))}")
    connection = line.text("connection")
    if connections.get(connection, provider) != provider:
        line.refuse(
            "provider",
            f"connection {connection!r} is one of {connections[connection]}, not of {provider}: the row would price "
            f"nothing; write {connections[connection]}, or the name of a connection of {provider}",
        )
    name = line.required("meter", what=f"one of {known_meters()}")
    meter = find_meter(name) or line.refuse("meter", f"unknown meter {name!r}; known: {known_meters()}")
    if line.text("unit") != meter.pricing_unit:
        line.refuse("unit", f"{line.text('unit')!r} is not the unit of {name}; write {meter.pricing_unit}")
    valid_from, valid_to = line.validity()
    from_quantity = line.decimal_or_none("from_quantity") or Decimal(0)
    minimum_cost = line.decimal_or_none("minimum_cost")
    if from_quantity and minimum_cost is not None:
        line.refuse("minimum_cost", "stands in the row of the first tier, the one without a from_quantity")
    return Price(
        line=line.number,
        provider=provider,
        connection=connection,
        sub_account_id=line.text("sub_account_id"),
        region=line.text("region"),
        meter=name,
        unit=meter.pricing_unit,
        unit_price=line.decimal("unit_price", whole_digits=PRICE_DIGITS),
        currency=line.currency("currency"),
        valid_from=valid_from,
        valid_to=valid_to,
        source=line.text("source"),
        from_quantity=from_quantity,
        minimum_cost=minimum_cost or None,
    )


def _exchange_rate(line: Line) -> ExchangeRate:
    source, target = line.currency("from_currency"), line.currency("to_currency")
    if source == target:
        line.refuse("to_currency", f"{target} into itself needs no rate; remove the line")
    rate = line.decimal("rate")
    if not rate:
        line.refuse("rate", "a rate of 0 is not allowed")
    return ExchangeRate(line.number, line.month("month"), source, target, rate, line.text("source"))


def _project_rule(line: Line) -> ProjectRule:
    rule = ProjectRule(
        line=line.number,
        connection=line.text("connection"),
        sub_account_id=line.required("sub_account_id", what="an id, label:key=value, or * for all others"),
        project=line.required("project", what="the project's name"),
        cost_center=line.text("cost_center"),
        owner=line.text("owner"),
    )
    if rule.label is None:
        line.required("connection", what="the name of a connection; only a label may stand for any")
    elif not all(rule.label):
        line.refuse("sub_account_id", f"{rule.sub_account_id!r} is no label; write label:key=value")
    return rule


def _budget(line: Line) -> Budget:
    return Budget(
        line=line.number,
        project=line.required("project", what="the project's name"),
        month=line.month("month"),
        budget=line.decimal("budget"),
        currency=line.currency("currency"),
    )


def _refuse_repeats(file: str, rows: Iterable[R], key: Callable[[R], Hashable]) -> None:
    seen: dict[Hashable, R] = {}
    for row in rows:
        first = seen.setdefault(key(row), row)
        if first is not row:
            lines = [getattr(one, "line", 0) for one in (first, row)]
            raise BookError(f"{file} lines {lines[0]} and {lines[1]}: both are for {key(row)!r}; remove one of them")
