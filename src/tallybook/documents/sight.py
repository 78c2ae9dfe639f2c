"""What was seen and what was not: unpriced usage, coverage and gaps."""

from tallybook.documents.figures import Row, coverage_shown, quantity
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.seen import CoverageRow, GapRow, UnpricedRow
from tallybook.documents.status import collect_command
from tallybook.language import message
from tallybook.summaries.expressions import COST_FEEDS

# What a hole that nobody can fill means, by what the dataset feeds.
_LOST = {
    **dict.fromkeys(COST_FEEDS, message("cannot be asked again; its costs are lower bounds")),
    "quotas": message(
        "cannot be asked again; limits and their use on these days are not known; no cost depends on them"
    ),
}
_NOTHING_LOST = message("cannot be asked again; what was there on these days is not known; no cost depends on it")


def unpriced_rows(inputs: MonthInputs) -> tuple[UnpricedRow, ...]:
    """Usage without a price."""
    return tuple(
        UnpricedRow(
            connection=row["connection"],
            sub_account_name=row["sub_account_name"] or row["sub_account_id"],
            region=row["region"],
            meter=row["meter"],
            unit=row["unit"],
            quantity=quantity(row["quantity"], row["unit"]),
        )
        for row in inputs.tables.unpriced.to_dicts()
    )


def coverage_rows(inputs: MonthInputs) -> tuple[CoverageRow, ...]:
    """Each dataset over the days that have ended."""
    return tuple(
        CoverageRow(
            connection=row["connection"],
            provider_label=inputs.label(row["provider"]),
            dataset=row["dataset"],
            feeds=row["feeds"],
            unit=row["unit"],
            expected=quantity(row["expected"], row["unit"]),
            received=quantity(row["received"], row["unit"]),
            missing=quantity(row["missing"], row["unit"]),
            coverage_pct=coverage_shown(row["coverage_pct"]),
            status=row["status"],
            is_backfillable=row["is_backfillable"],
        )
        for row in inputs.tables.datasets.to_dicts()
    )


def gap_rows(inputs: MonthInputs) -> tuple[GapRow, ...]:
    """Days with something missing, and what can be done."""
    return tuple(
        GapRow(
            connection=row["connection"],
            dataset=row["dataset"],
            first_date=row["first_date"],
            last_date=row["last_date"],
            missing=quantity(row["missing"], row["unit"]),
            unit=row["unit"],
            feeds=row["feeds"],
            remedy=_remedy(inputs, row),
        )
        for row in inputs.tables.gaps.to_dicts()
    )


def _remedy(inputs: MonthInputs, row: Row) -> str:
    if row["is_backfillable"]:
        return inputs.language.say(
            "run %(command)s", command=collect_command(inputs, row["connection"], row["dataset"])
        )
    return inputs.language.say(_LOST.get(row["feeds"], _NOTHING_LOST))
