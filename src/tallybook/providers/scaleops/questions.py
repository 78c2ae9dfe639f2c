"""What a documented cost report is asked for: its window, its groups, its filters. Refuses what cannot be meant."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tallybook.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MILLISECOND = 10**11  # 1973 in milliseconds; as seconds the year 5138, so a number below is seconds
_LAST_MILLISECOND = 253_402_300_799_999  # the last one of the year 9999
_RANGE = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end), aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list filter. An empty list lets all pass, whatever its flag says; `is_all` asks for each of the values."""

    values: tuple[str, ...] = ()
    is_exclude: bool = False
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """What rows are grouped by. Namespaces are divided within each cluster, so they bring it along."""

    by_cluster: bool
    by_namespace: bool
    labels: tuple[str, ...]
    annotations: tuple[str, ...]


def asked_span(given: Mapping[str, Any], *, now: datetime) -> Span:
    """The window of from and to (milliseconds) where given, else of the range before `to` or now."""
    start, end = _instant("from", given), _instant("to", given)
    length = _length(given["range"])
    stop = now if end is None else end
    span = Span(stop - length if start is None else start, stop)
    if span.start > span.end:
        raise UsageError(f"from={span.start:%Y-%m-%dT%H:%M:%SZ} is after to={span.end:%Y-%m-%dT%H:%M:%SZ}")
    return span


def grouping(given: Mapping[str, Any]) -> Grouping:
    """The groups of the aggregated report."""
    by_namespace = bool(given["groupByNamespace"])
    return Grouping(
        by_cluster=by_namespace or bool(given["groupByCluster"]),
        by_namespace=by_namespace,
        labels=filled(given["groupByLabels"]),
        annotations=filled(given["groupByAnnotations"]),
    )


def filled(texts: Sequence[str]) -> tuple[str, ...]:
    """A list parameter without the empty text that stands for an empty list in a query."""
    return tuple(text for text in texts if text)


def pairs_wanted(name: str, texts: Sequence[str], *, is_exclude: bool, logical: str) -> Wanted:
    """A filter by labels or annotations; UsageError for one that is not key=value."""
    for text in filled(texts):
        if "=" not in text:
            raise UsageError(f"{name}={text!r}: give key=value, e.g. {name}=team=checkout")
    return Wanted(filled(texts), is_exclude, logical == "AND")


def refuse_unanswerable(given: Mapping[str, Any]) -> None:
    """UsageError for options that no answer could follow."""
    if filled(given["tags"]):
        raise UsageError("tags: the provider's answers name no tags to choose by; leave tags away")
    if given["stepSize"] < 0:
        raise UsageError(f"stepSize={given['stepSize']}: give seconds, or 0 for the default step")


def _instant(name: str, given: Mapping[str, Any]) -> datetime | None:
    value = given[name]
    if value is None:
        return None
    if not _FIRST_MILLISECOND <= value <= _LAST_MILLISECOND:
        raise UsageError(
            f"{name}={value}: give milliseconds since 1970 (13 digits, e.g. 1743318000000), not seconds; "
            f"allowed are {_FIRST_MILLISECOND} to {_LAST_MILLISECOND}"
        )
    return _EPOCH + timedelta(milliseconds=value)


def _length(text: str) -> timedelta:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise UsageError(f"range={text!r}: give a number of h, d or w, e.g. 7d")
    return int(match[1]) * _UNITS[match[2]]
