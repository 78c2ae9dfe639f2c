"""Limits: the tightest, those that run out, those that changed and those that nobody uses."""

from datetime import UTC
from decimal import Decimal

import polars as pl

from tallybook.documents.figures import Row, quantity, rounded_pct
from tallybook.documents.seen import LimitChange, QuotaReview, QuotaRow
from tallybook.documents.values import Figure
from tallybook.money import CONTEXT

TOP_QUOTAS = 20

# What people read a quota in: a byte count of storage says little and fits no column.
_SHOWN_IN = {"byte": ("GiB", 2**30)}

_STATES = ("full", "near", "ok", "none", "unknown", "unlimited")
_NAMES = ("connection", "sub_account_name", "sub_account_id", "region", "resource")


def quota_rows(quotas: pl.DataFrame, *, top: int = TOP_QUOTAS) -> tuple[QuotaRow, ...]:
    """The tightest quotas first; what has no percentage follows, the unlimited last."""
    ordered = quotas.sort(
        pl.col("utilisation_pct"),
        pl.col("state").cast(pl.Enum(_STATES)),
        *_NAMES,
        descending=[True, *[False] * 6],
        nulls_last=True,
    )
    return tuple(_quota(row) for row in ordered.head(top).to_dicts())


def review_quotas(quotas: pl.DataFrame, changes: pl.DataFrame, *, top: int = TOP_QUOTAS) -> QuotaReview:
    """What is worth a decision; the first `top` of each list, and how many there are. All are in the tables."""
    running_out = quotas.filter(pl.col("run_out_date").is_not_null()).sort("run_out_date", *_NAMES)
    unused = quotas.filter("is_unused").sort(_NAMES)
    return QuotaReview(
        running_out=tuple(_quota(row) for row in running_out.head(top).to_dicts()),
        running_out_total=running_out.height,
        changes=tuple(_change(row) for row in changes.head(top).to_dicts()),
        changes_total=changes.height,
        unused=tuple(_quota(row) for row in unused.head(top).to_dicts()),
        unused_total=unused.height,
        unlimited_total=quotas.filter(pl.col("state") == "unlimited").height,
        nothing_allowed_total=quotas.filter(pl.col("state") == "none").height,
    )


def _quota(row: Row) -> QuotaRow:
    return QuotaRow(
        connection=row["connection"],
        sub_account_name=row["sub_account_name"] or row["sub_account_id"],
        region=row["region"],
        resource=row["resource"],
        unit=_unit(row),
        limit=_level(row["limit"], row["unit"]),
        used=_level(row["used"], row["unit"]),
        headroom=_level(row["headroom"], row["unit"]),
        utilisation_pct=rounded_pct(row["utilisation_pct"]),
        state=row["state"],
        captured_at=row["captured_at"].astimezone(UTC),
        trend_per_day=quantity(_scaled(row["trend_per_day"], row["unit"]), ""),
        run_out_date=row["run_out_date"],
    )


def _change(row: Row) -> LimitChange:
    return LimitChange(
        date=row["date"],
        connection=row["connection"],
        sub_account_name=row["sub_account_name"] or row["sub_account_id"],
        region=row["region"],
        resource=row["resource"],
        unit=_unit(row),
        previous_limit=_level(row["previous_limit"], row["unit"]),
        was_unlimited=row["was_unlimited"],
        limit=_level(row["limit"], row["unit"]),
        is_unlimited=row["is_unlimited"],
    )


def _unit(row: Row) -> str:
    return _SHOWN_IN.get(row["unit"], (row["unit"], 1))[0]


def _level(value: Decimal | None, unit: str) -> Figure:
    return quantity(_scaled(value, unit), _SHOWN_IN.get(unit, (unit, 1))[0])


def _scaled(value: Decimal | None, unit: str) -> Decimal | None:
    """A value in the unit that people read it in."""
    return None if value is None else CONTEXT.divide(value, Decimal(_SHOWN_IN.get(unit, (unit, 1))[1]))
