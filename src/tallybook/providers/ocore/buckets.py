"""Buckets of usage and their totals in the form of oCore's documents, whatever they are summed from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars

from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod, parse_instant

UNITS = {"hourly": "hour", "daily": "day", "monthly": "month"}
_SUMMED = (
    "bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours", "instanceHours", "ramGbHours",
)  # fmt: skip
FIELDS = (
    "bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours", "instanceCount", "instanceHours",
    "periodStart", "periodType", "projectId", "projectName", "ramGbHours",
)  # fmt: skip
"""The fields of an item, in the document's order."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Range:
    """[start, end), aware UTC."""

    start: datetime
    end: datetime

    @property
    def text(self) -> str:
        """The start as the document writes it."""
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}"


def asked_range(period: BillingPeriod, given: Mapping[str, Any]) -> Range:
    """The bounds of a question, else those of the month. Raises UsageError for what is no time, or in no order."""
    start, end = _instant("start_date", given, period.start), _instant("end_date", given, period.end)
    if start > end:
        raise UsageError(f"start_date {start:%Y-%m-%dT%H:%M:%SZ} is after end_date {end:%Y-%m-%dT%H:%M:%SZ}")
    return Range(start, end)


def report(items: polars.DataFrame, span: Range, kind: str, *, project_id: str, name: str) -> dict[str, Any]:
    """Items and their totals, which name a project when one was asked for; fields that the items lack are left out."""
    summed = totals(items, span, kind) if len(items) else _nothing(items, span, kind)
    values = {**summed.row(0, named=True), "projectId": project_id, "projectName": name}
    return {
        "items": items.to_dicts(),
        "period": kind,
        "totals": {field: values[field] for field in FIELDS if field in items.columns},
    }


def totals(items: polars.DataFrame, span: Range, kind: str, *, by: str | None = None) -> polars.DataFrame:
    """Items as one row, or one per value of a column: sums (null of nothing known), and the highest instance count."""
    summed = [_known_sum(name) for name in _SUMMED if name in items.columns]
    counted = [polars.col("instanceCount").max()] if "instanceCount" in items.columns else []
    grouped = items.group_by(polars.lit(1) if by is None else by, maintain_order=True).agg(
        *summed,
        *counted,
        polars.col("projectName").last(),
        periodStart=polars.lit(span.text),
        periodType=polars.lit(kind),
    )
    return grouped.select(name for name in FIELDS if name in grouped.columns)


def _known_sum(name: str) -> polars.Expr:
    return polars.when(polars.col(name).count() > 0).then(polars.col(name).sum()).alias(name)


def _nothing(items: polars.DataFrame, span: Range, kind: str) -> polars.DataFrame:
    values = dict.fromkeys(items.columns, 0) | {"periodStart": span.text, "periodType": kind}
    return polars.DataFrame(values)


def _instant(name: str, given: Mapping[str, Any], default: datetime) -> datetime:
    text = given[name]
    if not text:
        return default
    try:
        if _RFC3339.fullmatch(text):
            return parse_instant(text.upper()).astimezone(UTC)
    except ValueError:
        pass
    raise UsageError(f"{name}={text!r}: give RFC 3339 with an offset, e.g. 2026-10-01T00:00:00Z or +02:00")
