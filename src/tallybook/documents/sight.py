"""What was seen and what was not: quotas, unpriced usage, coverage and gaps."""

from datetime import UTC
from decimal import Decimal

import polars as pl

from tallybook.documents.figures import coverage_shown, quantity, rounded_pct
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.seen import CoverageRow, GapRow, QuotaRow, UnpricedRow
from tallybook.documents.status import collect_command
from tallybook.documents.values import Figure
from tallybook.money import CONTEXT
from tallybook.summaries.expressions import COST_FEEDS

TOP_QUOTAS = 20

# What people read a quota in: a byte count of storage says little and fits no column.
_SHOWN_IN = {"byte": ("GiB", 2**30)}

# What a hole that nobody can fill means, by what the dataset feeds.
_LOST = {
    **dict.fromkeys(COST_FEEDS, "its costs are lower bounds"),
    "quotas": "limits and their use on these days are not known; no cost depends on them",
}
_NOTHING_LOST = "what was there on these days is not known; no cost depends on it"

_STATES = ("full", "near", "ok", "none", "unknown", "unlimited")


def quota_rows(quotas: pl.DataFrame, *, top: int = TOP_QUOTAS) -> tuple[QuotaRow, ...]:
    """The tightest quotas first; what has no percentage follows, the unlimited last."""
    ordered = quotas.sort(
        pl.col("utilisation_pct"),
        pl.col("state").cast(pl.Enum(_STATES)),
        "connection",
        "sub_account_name",
        "sub_account_id",
        "region",
        "resource",
        descending=[True, *[False] * 6],
        nulls_last=True,
    )
    return tuple(
        QuotaRow(
            connection=row["connection"],
            sub_account_name=row["sub_account_name"] or row["sub_account_id"],
            region=row["region"],
            resource=row["resource"],
            unit=_SHOWN_IN.get(row["unit"], (row["unit"], 1))[0],
            limit=_level(row["limit"], row["unit"]),
            used=_level(row["used"], row["unit"]),
            headroom=_level(row["headroom"], row["unit"]),
            utilisation_pct=rounded_pct(row["utilisation_pct"]),
            state=row["state"],
            captured_at=row["captured_at"].astimezone(UTC),
        )
        for row in ordered.head(top).to_dicts()
    )


def _level(value: Decimal | None, unit: str) -> Figure:
    shown_in, size = _SHOWN_IN.get(unit, (unit, 1))
    return quantity(None if value is None else CONTEXT.divide(value, Decimal(size)), shown_in)


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
            remedy=(
                f"run {collect_command(inputs, row['connection'], row['dataset'])}"
                if row["is_backfillable"]
                else f"cannot be asked again; {_LOST.get(row['feeds'], _NOTHING_LOST)}"
            ),
        )
        for row in inputs.tables.gaps.to_dicts()
    )
