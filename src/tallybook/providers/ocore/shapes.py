"""The shapes of oCore's answers, every field as documented."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa


class UsageItem(msgspec.Struct, rename="camel", frozen=True):
    """One project and period."""

    bandwidth_in_bytes: Decimal
    bandwidth_out_bytes: Decimal
    cpu_core_hours: Decimal
    disk_gb_hours: Decimal
    instance_count: Decimal
    instance_hours: Decimal
    period_start: str
    period_type: str
    project_id: str
    project_name: str
    ram_gb_hours: Decimal


class UsageTotals(msgspec.Struct, rename="camel", frozen=True):
    """The same fields as a sum; the words may be empty, and /usage/totals documents none of them."""

    bandwidth_in_bytes: Decimal | None = None
    bandwidth_out_bytes: Decimal | None = None
    cpu_core_hours: Decimal | None = None
    disk_gb_hours: Decimal | None = None
    instance_count: Decimal | None = None
    instance_hours: Decimal | None = None
    period_start: str | None = None
    period_type: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    ram_gb_hours: Decimal | None = None


class UsageReport(msgspec.Struct, frozen=True):
    """The answer of both usage endpoints. A Go server may write an empty list as null."""

    items: list[UsageItem] | None
    period: str
    totals: UsageTotals | None


class TotalsReport(msgspec.Struct, frozen=True):
    """The answer of /usage/totals: a list, where the other endpoints have an object of that name."""

    totals: list[UsageTotals] | None


WORDS = ("project_id", "project_name", "period_start", "period_type")
QUANTITIES = {  # column -> the key it is read from
    "cpu_core_hours": "cpuCoreHours",
    "ram_gb_hours": "ramGbHours",
    "disk_gb_hours": "diskGbHours",
    "bandwidth_in_bytes": "bandwidthInBytes",
    "bandwidth_out_bytes": "bandwidthOutBytes",
    "instance_hours": "instanceHours",
    "instance_count": "instanceCount",
}


@dataclass(frozen=True, slots=True)
class Read:
    """A usage answer, or a part of it: its items as columns of staging, but for the time that a text says.

    `outside` has what the answer holds beside items, when that is more than is documented.
    """

    columns: Mapping[str, pa.Array]
    totals: UsageTotals | None
    outside: Mapping[str, Any] = field(default_factory=dict)
    unknown_in_totals: str = ""
