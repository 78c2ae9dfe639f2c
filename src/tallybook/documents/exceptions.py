"""What stands in the way of trusting a month's figures: shown before any of them, the gravest first."""

from collections.abc import Collection

import polars as pl

from tallybook.documents.costs import budget_lines
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.seen import ExceptionKind, OpenException
from tallybook.documents.status import collect_command, differences
from tallybook.documents.words import amount, listing, plain
from tallybook.pricing.examples import is_example_budget, is_example_source
from tallybook.summaries.coverage import never_seen
from tallybook.summaries.expressions import COST_FEEDS
from tallybook.summaries.usage import PROVIDER_COST


def open_exceptions(inputs: MonthInputs) -> tuple[OpenException, ...]:
    """The exceptions of a month; none when all was seen, priced, mapped and adds up."""
    return (
        *_never_seen(inputs),
        *(OpenException(ExceptionKind.FAILED_CHECK, "", f"{text}.") for text in differences(inputs)),
        *_gaps(inputs),
        *_unpriced(inputs, inputs.tables.unpriced),
        *_unmapped(inputs, inputs.tables.accounts),
        *_example_prices(inputs, inputs.tables.prices),
        *_example_budgets(inputs),
        *_side_gaps(inputs),  # no amount depends on them
    )


def project_exceptions(inputs: MonthInputs, *, project: str, connections: Collection[str]) -> tuple[OpenException, ...]:
    """Those that touch one project. A connection that was never seen could have cost any project something."""
    tables, own = inputs.tables, pl.col("project") == project
    sources = tables.lines.filter(own)["price_sources"].explode().drop_nulls().unique().to_list()
    return (
        *_never_seen(inputs),
        *(one for one in _gaps(inputs) if one.subject in connections),
        *_unpriced(inputs, tables.unpriced.filter(own)),
        *_unmapped(inputs, tables.accounts.filter(own)),
        *_example_prices(inputs, tables.prices.filter(pl.col("price_source").is_in(sources))),
        *_example_budgets(inputs, project=project),
    )


def _never_seen(inputs: MonthInputs) -> list[OpenException]:
    unseen = never_seen(inputs.tables.connections)["connection"].to_list()
    rows = inputs.tables.datasets.filter(pl.col("connection").is_in(unseen) & pl.col("feeds").is_in(COST_FEEDS))
    return [
        OpenException(
            ExceptionKind.NEVER_SEEN,
            row["connection"],
            inputs.language.say(
                "%(connection)s (%(provider)s) was never seen in %(month)s: %(dataset)s gave 0 of %(expected)s. What "
                "it cost is not known and in no total; %(remedy)s.",
                connection=row["connection"],
                provider=inputs.label(row["provider"]),
                month=inputs.month,
                dataset=row["dataset"],
                expected=amount(row["expected"], row["unit"], language=inputs.language),
                remedy=_remedy(inputs, row),
            ),
        )
        for row in rows.to_dicts()
    ]


def _gaps(inputs: MonthInputs) -> list[OpenException]:
    """One for each dataset that costs need and that has holes."""
    unseen = never_seen(inputs.tables.connections)["connection"].to_list()
    rows = inputs.tables.datasets.filter(
        (pl.col("missing") > 0) & pl.col("feeds").is_in(COST_FEEDS) & ~pl.col("connection").is_in(unseen)
    )
    return [
        OpenException(
            ExceptionKind.DATA_GAP,
            row["connection"],
            inputs.language.say(
                "%(connection)s %(dataset)s lacks %(missing)s of %(expected)s, so its costs are lower bounds; "
                "%(remedy)s.",
                connection=row["connection"],
                dataset=row["dataset"],
                missing=amount(row["missing"], row["unit"], language=inputs.language),
                expected=amount(row["expected"], row["unit"], language=inputs.language),
                remedy=_remedy(inputs, row),
            ),
        )
        for row in rows.to_dicts()
    ]


def _side_gaps(inputs: MonthInputs) -> list[OpenException]:
    """One for all the datasets with holes that no cost comes from."""
    rows = inputs.tables.datasets.filter((pl.col("missing") > 0) & ~pl.col("feeds").is_in(COST_FEEDS))
    names = [f"{row['connection']} {row['dataset']}" for row in rows.to_dicts()]
    if not names:
        return []
    text = inputs.language.many(
        "%(count)s dataset without costs not seen whole: %(names)s. No amount depends on it.",
        "%(count)s datasets without costs not seen whole: %(names)s. No amount depends on it.",
        len(names),
        names=listing(names, language=inputs.language),
    )
    return [OpenException(ExceptionKind.DATA_GAP, "", text)]


def _remedy(inputs: MonthInputs, row: dict[str, str]) -> str:
    if row["is_backfillable"]:
        return inputs.language.say(
            "run %(command)s", command=collect_command(inputs, row["connection"], row["dataset"])
        )
    return inputs.language.say("it cannot be asked again, so see that it is sampled from now on (tallybook check)")


def _unpriced(inputs: MonthInputs, rows: pl.DataFrame) -> list[OpenException]:
    """One for each connection with usage that has no price, or with costs that its provider left out."""
    found = []
    for connection in rows["connection"].unique().sort().to_list():
        meters = rows.filter(pl.col("connection") == connection)["meter"].unique().sort().to_list()
        if PROVIDER_COST in meters:
            text = inputs.language.say(
                "%(connection)s gave no cost for some workloads; they are in no total.", connection=connection
            )
            found.append(OpenException(ExceptionKind.UNPRICED, connection, text))
            meters.remove(PROVIDER_COST)
        if meters:
            text = inputs.language.say(
                "No price, and in no total: %(meters)s at %(connection)s. Add it to prices.csv and report again.",
                meters=listing(meters, language=inputs.language),
                connection=connection,
            )
            found.append(OpenException(ExceptionKind.UNPRICED, connection, text))
    return found


def _unmapped(inputs: MonthInputs, accounts: pl.DataFrame) -> list[OpenException]:
    rows = accounts.filter(~pl.col("is_mapped"))
    if rows.is_empty():
        return []
    names = [plain(name) for name in rows["project"].unique().sort().to_list()]
    text = inputs.language.say(
        "Not in projects.csv, and a project under its own name: %(names)s. Map it, or leave it as it is.",
        names=listing(names, language=inputs.language),
    )
    return [OpenException(ExceptionKind.UNMAPPED, "", text)]


def _example_prices(inputs: MonthInputs, prices: pl.DataFrame) -> list[OpenException]:
    lines = [row["price_source"] for row in prices.to_dicts() if is_example_source(row["source"])]
    if not lines:
        return []
    text = inputs.language.say(
        "Priced with examples that 'tallybook init' wrote: %(lines)s. These costs mean nothing before the prices of "
        "your contracts stand there.",
        lines=listing(lines, language=inputs.language),
    )
    return [OpenException(ExceptionKind.EXAMPLE, "", text)]


def _example_budgets(inputs: MonthInputs, *, project: str | None = None) -> list[OpenException]:
    lines = [line for line in budget_lines(inputs, project=project) if is_example_budget(line)]
    if not lines:
        return []
    names = [f"budgets.csv line {line.line}" for line in lines]
    text = inputs.language.say(
        "Compared with an example that 'tallybook init' wrote: %(names)s. Put your own budgets there.",
        names=listing(names, language=inputs.language),
    )
    return [OpenException(ExceptionKind.EXAMPLE, "", text)]
