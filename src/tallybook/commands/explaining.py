"""From a figure down to the provider's bytes: explain."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tallybook.commands.options import DEFAULT_CONFIG, Config, Json, Month, begun_period, clock, open_configured
from tallybook.console import command, digits, finish, say, table, warn

if TYPE_CHECKING:
    from decimal import Decimal

    from tallybook.documents.explanation import (
        AdjustmentLine,
        AllocatedSource,
        AllocationLine,
        ChargeLine,
        ExplainedFigure,
        Explanation,
        Origin,
        PriceLine,
    )

_FIGURES = ("connection", "currency", "list_cost", "effective_cost", "lines", "their_cost", "difference")
_LINES = (
    "connection", "sub_account", "region", "meter", "quantity", "unit", "price", "list_cost", "effective_cost",
    "currency", "category", "days", "charges", "price_row", "basis",
)  # fmt: skip
_PRICES = (
    "price_row", "meter", "unit_price", "unit", "from_quantity", "minimum_cost", "committed", "valid_from", "valid_to",
    "source",
)  # fmt: skip
_ADJUSTMENTS = (
    "adjustment_row", "connection", "adjustment", "of", "effective_cost", "currency", "valid_from", "valid_to",
    "source",
)  # fmt: skip
_ALLOCATIONS = (
    "allocation_row", "rule", "kind", "connection", "by", "weight", "of", "effective_cost", "currency",
)  # fmt: skip
_SOURCES = ("rule", "project", "connection", "was_taken", "of_it_given", "currency")
_ORIGINS = ("sub_account_id", "staging_table", "rows", "asked", "captured_at", "fetched_at", "file")
_MOST_FILES = 10  # of a sub account and table that are shown; a sampled month has thousands


@command
def explain(
    *,
    month: Month,
    project: Annotated[str, typer.Option("--project", metavar="NAME", help="The project, as the report names it.")],
    connection: Annotated[
        Optional[str],  # noqa: UP045 - typer reads this form
        typer.Option("--connection", metavar="NAME", help="Only what the project has at this connection."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Walk a project's figure down to prices and raw files.

    Example: tallybook explain --month 2026-10 --project Research
    """
    from tallybook.pipeline.explain import explain as explain_project

    explained = explain_project(
        open_configured(config), begun_period(month), project=project, connection=connection, now=clock()
    )
    _show(explained)
    finish(as_json=as_json, result=explained)
    if not explained.ties_out:
        warn(f"tallybook: {explained.month} {project}: the charge lines do not add up to the figure; tell us how")
        raise typer.Exit(1)


def _show(explained: "Explanation") -> None:
    say(f"1. What the report of {explained.month} says of {explained.project}")
    table(_FIGURES, map(_figure, explained.figures))
    say("2. Its charge lines: quantity x price of each day, added up")
    table(_LINES, map(_line, explained.lines))
    say("3. The rows of the price book and of commitments that made them")
    table(_PRICES, map(_price, explained.prices))
    if explained.adjustments:
        say("   and of the adjustments, in the order in which they apply at a connection")
        table(_ADJUSTMENTS, map(_adjustment, explained.adjustments))
    if explained.allocations:
        say("   and of the allocation: what rules gave, by its weight of all weights, and what they took")
        table(_ALLOCATIONS, map(_allocation, explained.allocations))
    for source in explained.sources:
        days = f"{source.first_day} until {source.end_day}"
        say(f"   Rule {source.rule} took this, of all that {source.project} has there from {days}")
        table(_SOURCES, [_source(source)])
        table(_LINES, map(_line, source.lines))
    say("4. The staging rows below them and their raw files, each named by the sha256 of what it unpacks to")
    table(_ORIGINS, _origins(explained.origins))


def _figure(one: "ExplainedFigure") -> tuple[object, ...]:
    return (
        one.connection, one.billing_currency, _number(one.list_cost), _number(one.effective_cost), one.lines,
        _number(one.lines_cost), _number(one.difference),
    )  # fmt: skip


def _line(line: "ChargeLine") -> tuple[object, ...]:
    return (
        line.connection, line.sub_account_name or line.sub_account_id, line.region,
        line.meter or line.adjustment or line.allocation,
        _number(line.pricing_quantity), line.pricing_unit, _number(line.list_unit_price), _number(line.list_cost),
        _number(line.effective_cost), line.billing_currency, _category(line),
        f"{line.first_day} to {line.last_day}", line.charges, line.price_source, line.basis,
    )  # fmt: skip


def _category(line: "ChargeLine") -> str:
    """`Usage`, and what besides its quantity made it: `Usage, commitment Unused`, `Usage, minimum`."""
    if line.commitment_discount_status:
        return f"{line.charge_category}, commitment {line.commitment_discount_status}"
    return f"{line.charge_category}, minimum" if line.cost_basis == "minimum" else line.charge_category


def _price(one: "PriceLine") -> tuple[object, ...]:
    price = f"{_number(one.list_unit_price)} {one.billing_currency}"
    bounds = [
        "" if value is None else digits(value)
        for value in (one.from_quantity or None, one.minimum_cost, one.committed_quantity)
    ]
    return one.price_source, one.meter, price, one.pricing_unit, *bounds, one.valid_from, one.valid_to, one.source


def _adjustment(one: "AdjustmentLine") -> tuple[object, ...]:
    of = "" if one.base_cost is None else digits(one.base_cost)
    return (
        one.price_source, one.connection, one.adjustment, of, digits(one.effective_cost), one.billing_currency,
        one.valid_from, one.valid_to, one.source,
    )  # fmt: skip


def _allocation(one: "AllocationLine") -> tuple[object, ...]:
    by = " of ".join(filter(None, (one.method, one.meter))) + (", all 0: evenly" if one.is_even_instead else "")
    weights = ("", "") if one.weight is None else (digits(one.weight), _number(one.total_weight))
    return (
        one.price_source, one.rule, one.kind, one.connection, by, *weights, digits(one.effective_cost),
        one.billing_currency,
    )  # fmt: skip


def _source(one: "AllocatedSource") -> tuple[object, ...]:
    taken = (digits(one.source_cost), digits(one.effective_cost.copy_negate()), one.billing_currency)
    return (one.rule, one.project, one.connection, *taken)


def _origins(origins: Iterable["Origin"]) -> Iterator[tuple[object, ...]]:
    """A row per raw file; of many of one sub account and table the first ones, and how many more there are."""
    for _, group in groupby(origins, lambda one: (one.connection, one.sub_account_id, one.staging_table)):
        files = list(group)
        for one in files[:_MOST_FILES]:
            times = (one.captured_at.isoformat(timespec="seconds"), one.fetched_at.isoformat(timespec="seconds"))
            yield one.sub_account_id, one.staging_table, one.row_count, "; ".join(one.asked), *times, one.path
        rest = files[_MOST_FILES:]
        if rest:
            more, rows = f"and {len(rest)} more files: --json lists them all", sum(one.row_count for one in rest)
            yield rest[0].sub_account_id, rest[0].staging_table, rows, more, "", "", ""


def _number(value: "Decimal | None") -> str:
    return "not known" if value is None else digits(value)
