"""The books that finance writes, from prices to allocation. Read whole, checked, frozen."""

import difflib
import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tallybook.errors import BookError
from tallybook.pricing import adjustments, allocation
from tallybook.pricing.adjustments import Adjustment
from tallybook.pricing.allocation import AllocationRule, read_allocation
from tallybook.pricing.meters import find_meter, known_meters
from tallybook.pricing.sheet import Line, read_sheet

COLUMNS = {
    "prices.csv": (
        "provider", "connection", "sub_account_id", "region", "meter", "unit", "unit_price", "currency",
        "valid_from", "valid_to", "source",
    ),
    "exchange_rates.csv": ("month", "from_currency", "to_currency", "rate", "source"),
    "projects.csv": ("connection", "sub_account_id", "project", "cost_center", "owner"),
    "budgets.csv": ("project", "month", "budget", "currency"),
    adjustments.FILE: adjustments.COLUMNS,
    allocation.FILE: allocation.COLUMNS,
}  # fmt: skip
ANY_SUB_ACCOUNT = "*"
LABEL = "label:"
PRICE_DIGITS = 9  # before the dot: what the largest figures of a day cost then still fits into DECIMAL(38, 12)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Price:
    """What one pricing unit of a meter costs in `[valid_from, valid_to)`. Empty keys mean any."""

    line: int
    provider: str
    connection: str
    sub_account_id: str
    region: str
    meter: str
    unit: str
    unit_price: Decimal
    currency: str
    valid_from: date
    valid_to: date | None
    source: str

    @property
    def keys(self) -> tuple[str, str, str]:
        return self.connection, self.sub_account_id, self.region

    @property
    def specificity(self) -> int:
        """How many of connection, sub account and region are named; the highest wins."""
        return sum(key != "" for key in self.keys)


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
    allocation: tuple[AllocationRule, ...] = ()


def read_books(folder: Path, *, providers: Collection[str] | None = None) -> Books:
    """Read the books of a folder. Only prices.csv must be there; a missing other book is an empty one.

    `providers` are the names a price row may use; None leaves them unchecked. Raises BookError.
    """
    if not (folder / "prices.csv").is_file():
        raise BookError(
            f"no prices.csv in {folder}: run 'tallybook init' to get one to start from, or set books_dir; "
            "a file with only its header is enough when providers state their costs"
        )
    prices = _read(folder, "prices.csv", lambda line: _price(line, providers))
    rates = _read(folder, "exchange_rates.csv", _exchange_rate)
    projects = _read(folder, "projects.csv", _project_rule)
    budgets = _read(folder, "budgets.csv", _budget)
    adjusting = _read(folder, adjustments.FILE, adjustments.read_adjustment)
    _refuse_overlaps(prices)
    _refuse_repeats("exchange_rates.csv", rates, lambda r: (r.month, r.from_currency, r.to_currency))
    _refuse_repeats("projects.csv", projects, lambda r: (r.connection, r.sub_account_id))
    _refuse_repeats("budgets.csv", budgets, lambda r: (r.project, r.month, r.currency))
    _refuse_repeats(adjustments.FILE, adjusting, lambda r: astuple(replace(r, line=0)))
    spreading = read_allocation(_read(folder, allocation.FILE, lambda line: line))
    return Books(prices, rates, projects, budgets, adjusting, spreading)


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
    ]
    lines: dict[tuple[str, str], list[int]] = {}
    for file, connection, line in named:
        if connection not in known:
            lines.setdefault((file, connection), []).append(line)
    return tuple(_told(file, name, of, known) for (file, name), of in lines.items())


def _told(file: str, connection: str, lines: list[int], known: Collection[str]) -> str:
    verbs = {"prices.csv": "price", "projects.csv": "map", adjustments.FILE: "adjust", allocation.FILE: "spread"}
    verb = verbs[file]
    shown = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")
    what = f"lines {shown} {verb}" if len(lines) > 1 else f"line {shown} {verb}s"
    near = difflib.get_close_matches(connection, known, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
    return f"{file} {what} nothing: no connection {connection!r} is configured; {advice}"


def _read(folder: Path, name: str, convert: Callable[[Line], R]) -> tuple[R, ...]:
    path = folder / name
    return tuple(convert(line) for line in read_sheet(path, COLUMNS[name])) if path.exists() else ()


def _price(line: Line, providers: Collection[str] | None) -> Price:
    provider = line.required("provider", what="a provider's name")
    if providers is not None and provider not in providers:
        line.refuse("provider", f"unknown provider {provider!r}; known: {', '.join(sorted(providers))}")
    name = line.required("meter", what=f"one of {known_meters()}")
    meter = find_meter(name) or line.refuse("meter", f"unknown meter {name!r}; known: {known_meters()}")
    if line.text("unit") != meter.pricing_unit:
        line.refuse("unit", f"{line.text('unit')!r} is not the unit of {name}; write {meter.pricing_unit}")
    valid_from = line.date("valid_from")
    valid_to = line.date("valid_to") if line.text("valid_to") else None
    if valid_to is not None and valid_to <= valid_from:
        line.refuse("valid_to", f"{valid_to} is not after valid_from {valid_from}; it is the first day without")
    return Price(
        line=line.number,
        provider=provider,
        connection=line.text("connection"),
        sub_account_id=line.text("sub_account_id"),
        region=line.text("region"),
        meter=name,
        unit=meter.pricing_unit,
        unit_price=line.decimal("unit_price", whole_digits=PRICE_DIGITS),
        currency=line.currency("currency"),
        valid_from=valid_from,
        valid_to=valid_to,
        source=line.text("source"),
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


def _refuse_overlaps(prices: Iterable[Price]) -> None:
    """Two rows that both apply on a day with the same specificity leave no way to choose."""
    groups: dict[tuple[str, str, int], list[Price]] = {}
    for price in prices:
        group = groups.setdefault((price.provider, price.meter, price.specificity), [])
        for other in group:
            if _share_a_charge(price, other):
                raise BookError(
                    f"prices.csv lines {other.line} and {price.line}: both apply to {price.provider} "
                    f"{price.meter} from {max(price.valid_from, other.valid_from)}; end the first with "
                    "valid_to, or name connection, sub_account_id or region in one of them"
                )
        group.append(price)


def _share_a_charge(one: Price, other: Price) -> bool:
    compatible = all("" in pair or pair[0] == pair[1] for pair in zip(one.keys, other.keys, strict=True))
    starts, ends = max(one.valid_from, other.valid_from), (one.valid_to, other.valid_to)
    return compatible and all(end is None or starts < end for end in ends)


def _refuse_repeats(file: str, rows: Iterable[R], key: Callable[[R], Hashable]) -> None:
    seen: dict[Hashable, R] = {}
    for row in rows:
        first = seen.setdefault(key(row), row)
        if first is not row:
            lines = [getattr(one, "line", 0) for one in (first, row)]
            raise BookError(f"{file} lines {lines[0]} and {lines[1]}: both are for {key(row)!r}; remove one of them")
