"""What all documents are made of: figures, how certain they are, and the head of a document."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """The stamp of a revision."""

    DRAFT = "DRAFT"  # something failed, is missing or does not tie out; `reasons` say what
    PROVISIONAL = "PROVISIONAL"  # complete so far, not closed
    FINAL = "FINAL"  # closed with a reason; never changed in place
    RESTATED = "RESTATED"  # a final month that changed since


@dataclass(frozen=True, slots=True)
class Figure:
    """A value: exact, and as shown. Both None: not known, never zero. Shown parts add up to their shown total."""

    exact: Decimal | None
    shown: Decimal | None


@dataclass(frozen=True, slots=True)
class Header:
    """What the report is about and how far it can be trusted. Times are UTC, the period is half-open."""

    title: str
    entity: str
    billing_period: str  # 2026-10
    period_label: str  # October 2026
    period_start: datetime
    period_end: datetime
    previous_label: str  # September 2026
    status: Status
    reasons: tuple[str, ...]  # why DRAFT or RESTATED, one sentence each
    revision: int
    generated_at: datetime
    version: str  # of the software


class Bound(StrEnum):
    """What is certain of a difference whose parts may be lower bounds."""

    EXACT = "exact"
    AT_LEAST = "at_least"  # the later cost is a lower bound: the real change is this or more
    AT_MOST = "at_most"  # the earlier cost is one: the real change is this or less
    OPEN = "open"  # both are: the real change may be anything
