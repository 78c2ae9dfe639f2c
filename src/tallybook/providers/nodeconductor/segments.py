"""Spans of unix seconds, and how the document cuts them: half-open, ascending, of equal whole seconds."""

from collections.abc import Mapping
from typing import Any

from tallybook.errors import UsageError

HOUR, DAY = 3600, 86400
_FIRST_MILLISECOND = 10**11  # as seconds this is the year 5138, as milliseconds 1973
_MOST_DATAPOINTS = 100_000  # two months of minutes; the document names no limit, a file needs one


def segments(given: Mapping[str, Any], *, now: int, span: int) -> dict[str, int]:
    """Start, step and count of the segments of from, to and datapoints; `span` is the default distance.

    The last segment ends up to datapoints - 1 seconds before `to`: 1 to 1415912629 in three are 471970876 seconds
    each, as in the document. Raises UsageError for what no server could mean.
    """
    end = instant("to", given, default=now)
    start = instant("from", given, default=now - span)
    count: int = given["datapoints"]
    if not 1 <= count <= _MOST_DATAPOINTS:
        raise UsageError(f"datapoints={count}: allowed are 1 to {_MOST_DATAPOINTS}")
    if start > end:
        raise UsageError(f"from={start} is after to={end}: give from no later than to")
    return {"start": start, "step": (end - start) // count, "count": count}


def instant(name: str, given: Mapping[str, Any], *, default: int) -> int:
    """Unix seconds of a parameter. Raises UsageError for negative ones and for milliseconds."""
    value: int | None = given[name]
    if value is None:
        return default
    if not 0 <= value < _FIRST_MILLISECOND:
        raise UsageError(f"{name}={value}: give unix seconds, 0 to {_FIRST_MILLISECOND - 1}, not milliseconds")
    return value


def whole_days(known: Mapping[str, Any]) -> dict[str, int]:
    """The parameters for one datapoint a day over the whole days that the month saw; {} when it saw none."""
    start, until = known["month_start"], known["seen_until"]
    days = 0 if until is None else (until - start) // DAY
    return {"from": start, "to": start + days * DAY, "datapoints": days} if days > 0 else {}
