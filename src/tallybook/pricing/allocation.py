"""allocation.csv: named rules that spread idle and shared cost over projects. `spreading.py` applies them.

A rule is the lines of one name and validity, one for each project that gets a part (`*`: every project with a cost of
its own). Rules apply in the order of the book, each cost is taken by the first rule that names it, and what a rule
gives to a project may be spread on by a later rule, never by an earlier one: so there are no circles.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NoReturn

from tallybook.errors import BookError
from tallybook.money import CONTEXT
from tallybook.periods import BillingPeriod
from tallybook.pricing.meters import find_meter, known_meters
from tallybook.pricing.sheet import Line

FILE = "allocation.csv"
COLUMNS = (
    *("rule", "kind", "from_connection", "from_sub_account_id", "from_project", "method", "meter", "to_project"),
    *("percent", "valid_from", "valid_to", "source"),
)
KINDS = ("shared", "idle")
METHODS = ("even", "cost", "usage", "percent")
EVERYBODY = "*"
_HUNDRED = Decimal(100)
_SAME = ("kind", "from_connection", "from_sub_account_id", "from_project", "method", "meter")


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A line of the book: a part of a rule."""

    line: int
    rule: str
    kind: str
    from_connection: str  # "": any, for a project
    from_sub_account_id: str
    from_project: str
    method: str
    meter: str  # of the method usage
    to_project: str
    percent: Decimal | None  # of the method percent
    valid_from: date
    valid_to: date | None
    source: str

    @property
    def book_row(self) -> str:
        return f"{FILE} line {self.line}"

    @property
    def validity(self) -> tuple[date, date]:
        return self.valid_from, self.valid_to or date.max


@dataclass(frozen=True, slots=True)
class AllocationRule:
    """The lines of one name and validity; what they have in common is that of the first."""

    rows: tuple[AllocationRow, ...]

    @property
    def first(self) -> AllocationRow:
        return self.rows[0]

    def span(self, period: BillingPeriod) -> tuple[date, date]:
        """The days of a month on which it holds, half-open; empty when the second is not after the first."""
        start, end = self.first.validity
        return max(start, period.start.date()), min(end, period.end.date())

    def holds_in(self, period: BillingPeriod) -> bool:
        """Whether a day of the month lies in its validity."""
        start, end = self.span(period)
        return start < end

    @property
    def source_words(self) -> str:
        """`project 'Platform' at cloud-main`."""
        one = self.first
        what = f"project {one.from_project!r}" if one.from_project else f"sub account {one.from_sub_account_id!r}"
        return what + (f" at {one.from_connection}" if one.from_connection else "")


def read_allocation(lines: Iterable[Line]) -> tuple[AllocationRule, ...]:
    """The rules of a book, in the order of their first lines. BookError names line and column of a mistake."""
    groups: dict[tuple[str, date, date | None], list[AllocationRow]] = {}
    for line in lines:
        row = _read_row(line)
        group = groups.setdefault((row.rule, row.valid_from, row.valid_to), [])
        _refuse_to_join(row, group)
        group.append(row)
    rules = tuple(AllocationRule(tuple(rows)) for rows in groups.values())
    for place, rule in enumerate(rules):
        for earlier in rules[: place + 1]:
            if _overlap(rule, earlier):
                _refuse_beside(rule, earlier)
    return rules


def _read_row(line: Line) -> AllocationRow:
    method, kind = _one_of(line, "method", METHODS), _one_of(line, "kind", KINDS)
    connection, account, project = (line.text(f"from_{one}") for one in ("connection", "sub_account_id", "project"))
    if bool(account) == bool(project):
        line.refuse("from_project", "give either from_project or from_sub_account_id, and leave the other empty")
    if account and not connection:
        line.refuse("from_connection", "is empty; a sub account belongs to a connection")
    valid_from = line.date("valid_from")
    valid_to = line.date("valid_to") if line.text("valid_to") else None
    if valid_to is not None and valid_to <= valid_from:
        line.refuse("valid_to", f"{valid_to} is not after valid_from {valid_from}; it is the first day without")
    target = line.required("to_project", what=f"a project that gets a part, or {EVERYBODY} for all with a cost")
    if target == project:
        line.refuse("to_project", f"{target!r} is where the cost comes from; name another project")
    return AllocationRow(
        line=line.number,
        rule=line.required("rule", what="a name for the rule"),
        kind=kind,
        from_connection=connection,
        from_sub_account_id=account,
        from_project=project,
        method=method,
        meter=_meter(line, method),
        to_project=target,
        percent=_percent(line, method, target),
        valid_from=valid_from,
        valid_to=valid_to,
        source=line.text("source"),
    )


def _one_of(line: Line, column: str, known: Sequence[str]) -> str:
    text = line.required(column, what=f"one of {', '.join(known)}")
    return text if text in known else line.refuse(column, f"unknown {column} {text!r}; known: {', '.join(known)}")


def _meter(line: Line, method: str) -> str:
    if method != "usage":
        return line.refuse("meter", "is for the method usage; leave it empty") if line.text("meter") else ""
    name = line.required("meter", what=f"one of {known_meters()}")
    return name if find_meter(name) else line.refuse("meter", f"unknown meter {name!r}; known: {known_meters()}")


def _percent(line: Line, method: str, target: str) -> Decimal | None:
    if method != "percent":
        return line.refuse("percent", "is for the method percent; leave it empty") if line.text("percent") else None
    if target == EVERYBODY:
        line.refuse("to_project", f"{EVERYBODY} has no percentages; name each project in a line of its own")
    percent = line.decimal("percent", whole_digits=3)
    if not percent:
        line.refuse("percent", "0 gives nothing; remove the line")
    return percent if percent <= _HUNDRED else line.refuse("percent", f"{percent} is more than all of it")


def _refuse_to_join(row: AllocationRow, group: Sequence[AllocationRow]) -> None:
    """A line that contradicts the other lines of its rule."""
    first = group[0] if group else row
    for column in _SAME:
        if getattr(row, column) != getattr(first, column):
            was, now = getattr(first, column), getattr(row, column)
            _refuse(row, column, f"{now!r}, where line {first.line} of the same rule has {was!r}; a rule has one")
    for other in group:
        if EVERYBODY in (row.to_project, other.to_project):
            _refuse(row, "to_project", f"{EVERYBODY} is every project already; it stands in the only line of a rule")
        if row.to_project == other.to_project:
            _refuse(row, "to_project", f"{row.to_project!r} stands in line {other.line} already; remove one of them")
    total = row.percent or Decimal(0)
    for other in group:
        total = CONTEXT.add(total, other.percent or Decimal(0))
    if total > _HUNDRED:
        _refuse(row, "percent", f"the lines of rule {row.rule!r} give {total} % of it; 100 is all")


def _overlap(one: AllocationRule, other: AllocationRule) -> bool:
    """Whether both hold on some day."""
    (start, end), (since, until) = one.first.validity, other.first.validity
    return start < until and since < end


def _is_same_cost(one: AllocationRow, other: AllocationRow) -> bool:
    is_same_place = one.from_connection == other.from_connection or "" in (one.from_connection, other.from_connection)
    is_same_account = one.from_sub_account_id == other.from_sub_account_id
    return is_same_place and is_same_account and one.from_project == other.from_project


def _refuse_beside(rule: AllocationRule, earlier: AllocationRule) -> None:
    """What cannot be beside a rule of the book's earlier lines, or with itself, on the same days."""
    row, other = rule.first, earlier.first
    if rule is not earlier:
        if row.rule == other.rule:
            _refuse(
                row, "valid_from", f"line {other.line} of rule {row.rule!r} holds on some of these days too; end it"
            )
        if _is_same_cost(row, other):
            column = "from_project" if row.from_project else "from_sub_account_id"
            _refuse(row, column, f"line {other.line} spreads this already; a cost is spread by one rule")
    for target in rule.rows:
        if target.to_project == other.from_project:
            _refuse(
                target,
                "to_project",
                f"{target.to_project!r} is spread by line {other.line}, which comes before: a rule may only give to "
                "projects that later lines spread on; move that rule below this one",
            )


def _refuse(row: AllocationRow, column: str, problem: str) -> NoReturn:
    raise BookError(f"{row.book_row}, column {column}: {problem}")
