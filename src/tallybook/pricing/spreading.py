"""What the rules of allocation.csv make of a month's costs: the negative where a cost was, the positive where it goes.

Totals never change: a part stays at the connection, in the currency and on the days of the cost that it was taken of.
What no project gets (a rest of percentages, a target that nobody knows, nobody to share with) stays where it was, and
is unallocated. docs/figures.md section 2 works an example of each method.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from tallybook.money import CONTEXT, split
from tallybook.periods import BillingPeriod
from tallybook.pricing.allocation import EVERYBODY, KINDS, AllocationRow, AllocationRule

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """Where a part of a cost stands."""

    connection: str
    currency: str
    project: str


@dataclass(frozen=True, slots=True)
class AllocationCharge:
    """What a rule takes of a project (`source_cost` is given) or gives to one (`weight` is given)."""

    row: AllocationRow
    holder: Holder
    start: date
    end: date  # exclusive
    effective_cost: Decimal
    source_cost: Decimal | None = None
    received: tuple[Decimal, ...] = ()  # of source_cost, what earlier rules of each of KINDS had given
    weight: Decimal | None = None
    total_weight: Decimal | None = None
    is_even_instead: bool = False  # all weights were 0


@dataclass(frozen=True, slots=True)
class _Weights:
    """The targets of a rule in a currency; those that nobody knows weigh too, and get nothing."""

    rows: tuple[AllocationRow, ...]
    projects: tuple[str, ...]
    values: tuple[Decimal, ...]
    is_even_instead: bool

    @property
    def total(self) -> Decimal:
        return _sum(self.values)


def spread(
    rules: Sequence[AllocationRule],
    costs: pl.DataFrame,
    usage: pl.DataFrame,
    *,
    period: BillingPeriod,
    known: Collection[str],
) -> list[AllocationCharge]:
    """The charges that a month's rules make, rule by rule.

    `costs` has project, connection, billing_currency, sub_account_id, day and cost, `usage` the same with meter and
    quantity in place of currency and cost. `known` are the projects of the month and of projects.csv: a target that is
    none of them may be a typing error, and its part stays unallocated. Example: Platform's 90 EUR, by the cost of Web
    (20 EUR) and Shop (10 EUR), are -90 at Platform, 60 at Web and 30 at Shop.
    """
    holding = [rule for rule in rules if rule.holds_in(period)]
    costs, usage = (_claimed(frame, holding, period) for frame in (costs, usage))
    made: list[AllocationCharge] = []
    for place, rule in enumerate(holding):
        sources = _sources(rule, costs.filter(pl.col("claim") == place), made, period=period)
        own = [_scoped(frame.filter(pl.col("claim").is_null()), rule, period) for frame in (costs, usage)]
        spent = {one.first.from_project for one in holding[: place + 1]}
        for currency in sorted({holder.currency for holder in sources}):
            weights = _weigh(rule, *own, currency=currency, spent=spent)
            taken = {holder: parts for holder, parts in sources.items() if holder.currency == currency}
            made += _rule_charges(rule, taken, weights, period=period, known=known)
    return made


def _claimed(frame: pl.DataFrame, rules: Sequence[AllocationRule], period: BillingPeriod) -> pl.DataFrame:
    """Each row with the place of the first rule that takes it, null for what stays."""
    claim = pl.lit(None, dtype=pl.Int32)
    for place, rule in reversed(list(enumerate(rules))):
        claim = pl.when(_is_source(rule, period)).then(pl.lit(place, dtype=pl.Int32)).otherwise(claim)
    return frame.with_columns(claim.alias("claim"))


def _is_source(rule: AllocationRule, period: BillingPeriod) -> pl.Expr:
    one = rule.first
    column, value = ("project", one.from_project) if one.from_project else ("sub_account_id", one.from_sub_account_id)
    return (pl.col(column) == value) & _is_in_scope(rule, period)


def _is_in_scope(rule: AllocationRule, period: BillingPeriod) -> pl.Expr:
    start, end = rule.span(period)
    is_in_span = pl.col("day").is_between(start, end, closed="left")
    return (
        is_in_span & (pl.col("connection") == rule.first.from_connection) if rule.first.from_connection else is_in_span
    )


def _scoped(frame: pl.DataFrame, rule: AllocationRule, period: BillingPeriod) -> pl.DataFrame:
    return frame.filter(_is_in_scope(rule, period))


def _sources(
    rule: AllocationRule, taken: pl.DataFrame, made: Iterable[AllocationCharge], *, period: BillingPeriod
) -> dict[Holder, tuple[Decimal, ...]]:
    """What a rule takes at each place: the places' own cost, and what earlier rules of each kind gave them."""
    sums = taken.group_by("connection", "billing_currency", "project").agg(pl.col("cost").sum())
    sources = {Holder(*row[:3]): (row[3], *([_NOTHING] * len(KINDS))) for row in sums.iter_rows()}
    one, (start, end) = rule.first, rule.span(period)
    for charge in made:
        holder = charge.holder
        is_it = holder.project == one.from_project and one.from_connection in ("", holder.connection)
        if is_it and charge.weight is not None and start <= charge.start < end:
            parts = list(sources.get(holder, [_NOTHING] * (1 + len(KINDS))))
            kind = 1 + KINDS.index(charge.row.kind)
            parts[kind] = CONTEXT.add(parts[kind], charge.effective_cost)
            sources[holder] = tuple(parts)
    return {holder: parts for holder, parts in sorted(sources.items()) if _sum(parts)}


def _weigh(
    rule: AllocationRule, costs: pl.DataFrame, usage: pl.DataFrame, *, currency: str, spent: Collection[str]
) -> _Weights:
    """The weights of a rule's targets by what no rule takes; below zero counts as zero. All zero: evenly."""
    own = _sums(costs.filter(pl.col("billing_currency") == currency), "cost")
    rows = rule.rows
    projects: tuple[str, ...] = tuple(row.to_project for row in rows)
    if projects == (EVERYBODY,):
        projects = tuple(sorted(own.keys() - set(spent)))
        rows = rule.rows * len(projects)
    if rule.first.method == "percent":
        return _Weights(rows, projects, tuple(row.percent or _NOTHING for row in rows), is_even_instead=False)
    if rule.first.method == "even":
        return _Weights(rows, projects, (Decimal(1),) * len(rows), is_even_instead=False)
    is_cost = rule.first.method == "cost"
    found = own if is_cost else _sums(usage.filter(pl.col("meter") == rule.first.meter), "quantity")
    values = tuple(max(found.get(project, _NOTHING), _NOTHING) for project in projects)
    if any(values):
        return _Weights(rows, projects, values, is_even_instead=False)
    return _Weights(rows, projects, (Decimal(1),) * len(rows), is_even_instead=True)


def _sums(frame: pl.DataFrame, column: str) -> dict[str, Decimal]:
    return dict(frame.group_by("project").agg(pl.col(column).sum()).iter_rows())


def _rule_charges(
    rule: AllocationRule,
    sources: Mapping[Holder, tuple[Decimal, ...]],
    weights: _Weights,
    *,
    period: BillingPeriod,
    known: Collection[str],
) -> Iterator[AllocationCharge]:
    """A charge for each source, then one for each target and connection; of one currency."""
    start, end = rule.span(period)
    given: dict[tuple[str, int], Decimal] = {}
    for holder, (own, *received) in sources.items():
        whole = _sum((own, *received))
        parts = _parts(rule, whole, weights)
        for number, (project, part) in enumerate(zip(weights.projects, parts, strict=True)):
            if project in known:
                given[holder.connection, number] = _sum((given.get((holder.connection, number), _NOTHING), part))
        gone = _sum(part for project, part in zip(weights.projects, parts, strict=True) if project in known)
        yield AllocationCharge(
            rule.first, holder, start, end, CONTEXT.minus(gone), source_cost=whole, received=tuple(received)
        )
    for (connection, number), amount in given.items():
        weight = weights.values[number]
        if amount or rule.first.to_project != EVERYBODY:
            holder = Holder(connection, next(iter(sources)).currency, weights.projects[number])
            yield AllocationCharge(
                weights.rows[number], holder, start, end, amount,
                weight=weight, total_weight=_total(rule, weights), is_even_instead=weights.is_even_instead,
            )  # fmt: skip


def _parts(rule: AllocationRule, whole: Decimal, weights: _Weights) -> Sequence[Decimal]:
    """An amount by weights, exactly; of percentages what they leave of 100 is a part of its own, left out here."""
    if not weights.projects:
        return ()
    rest = CONTEXT.subtract(_total(rule, weights), weights.total)
    return split(whole, [*weights.values, rest])[: len(weights.values)]


def _total(rule: AllocationRule, weights: _Weights) -> Decimal:
    return Decimal(100) if rule.first.method == "percent" else weights.total


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = _NOTHING
    for value in values:
        total = CONTEXT.add(total, value)
    return total


def allocation_notices(
    rules: Iterable[AllocationRule], charges: pl.DataFrame, *, period: BillingPeriod, known: Collection[str]
) -> tuple[str, ...]:
    """Sentences on rules that hold in a month and took nothing, fell back to even parts, or name unknown projects.

    `charges` are rows of marts.allocation_charges.
    """
    return tuple(
        sentence for rule in rules if rule.holds_in(period) for sentence in _notices(rule, charges, period, known)
    )


def _notices(
    rule: AllocationRule, charges: pl.DataFrame, period: BillingPeriod, known: Collection[str]
) -> Iterator[str]:
    one = rule.first
    own = charges.filter(
        (pl.col("rule") == one.rule) & (pl.col("charge_period_start").dt.date() == rule.span(period)[0])
    )
    if own.is_empty():
        yield (
            f"{one.book_row}: rule {one.rule!r} takes nothing in {period}: {rule.source_words} has no cost then that "
            "earlier rules leave; check the names, as the report spells them, or end the rule with valid_to"
        )
    for row in rule.rows:
        if row.to_project not in (EVERYBODY, *known):
            yield (
                f"{row.book_row}: project {row.to_project!r} is neither in projects.csv nor in {period}, so its part "
                f"of {one.rule!r} stays unallocated; check the name, as the report spells it"
            )
    for currency in sorted(set(own.filter(pl.col("is_even_instead"))["billing_currency"])):
        what = f"used {one.meter}" if one.method == "usage" else f"cost anything in {currency}"
        yield f"{one.book_row}: no target of rule {one.rule!r} {what} in {period}, so {currency} was spread evenly"
    if not own.is_empty() and own.filter(pl.col("role") == "target").is_empty():
        yield f"{one.book_row}: rule {one.rule!r} finds nobody to share with in {period}; all of it stays unallocated"
