"""Counts of alerts for a span, from the counts of the windows that were asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tallybook.errors import UsageError

_SEVERITIES = {name.lower(): name for name in ("Debug", "Error", "Info", "Warning")}
Window = Mapping[str, Any]


def count(windows: Sequence[Window], *, start: int, end: int) -> dict[str, int]:
    """Severity to count in [start, end], both included; nothing is known outside of windows.

    `windows` are sorted by asked_from, longer ones first. A window's count is not known for a part of it, unless
    there was nothing or shorter windows fill that part: else UsageError names windows that are known. Documented
    severities are spelled as documented, whatever the release.
    """
    if start > end:
        raise UsageError(f"from={start} is after to={end}: give from no later than to")
    chosen = _chosen(windows, start, end)
    counted = [window for window in windows if _total(window)]
    filled = [*chosen, *(window for window in windows if not _total(window))]
    gaps = list(_gaps(filled, start, end))
    if any(_overlap(window, first, last) for window in counted for first, last in gaps):
        raise UsageError(
            f"from={start} to={end}: alerts were counted for whole windows only, and a count cannot be divided; "
            f"give bounds of these: {_allowed(windows, start, end)}"
        )
    if sum(1 for window in chosen if _total(window)) > 1 and not _add_up(windows):
        raise UsageError(
            f"from={start} to={end}: this server counts an alert in each window in which it was open, so that counts "
            f"of several windows do not add up; give bounds of one of these: {_allowed(windows, start, end)}"
        )
    counts: Counter[str] = Counter()
    for window in chosen:
        counts.update({_spelled(one["severity"]): one["alert_count"] for one in window["counts"]})
    return dict(sorted(counts.items()))


def _chosen(windows: Iterable[Window], start: int, end: int) -> list[Window]:
    """Windows in the span that do not overlap."""
    chosen: list[Window] = []
    reached = start
    for window in windows:
        if window["asked_from"] >= reached and window["asked_to"] <= end:
            chosen.append(window)
            reached = window["asked_to"] + 1
    return chosen


def _gaps(windows: Iterable[Window], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of [start, end] that no window fills, both bounds included."""
    near = (window for window in windows if _overlap(window, start, end))
    for window in sorted(near, key=lambda window: int(window["asked_from"])):
        if start < window["asked_from"]:
            yield start, window["asked_from"] - 1
        start = max(start, window["asked_to"] + 1)
    if start <= end:
        yield start, end


def _overlap(window: Window, first: int, last: int) -> bool:
    return bool(window["asked_from"] <= last and window["asked_to"] >= first)


def _add_up(windows: Sequence[Window]) -> bool:
    """Whether each window that shorter ones fill counted as many as they did, as far as there are such windows."""
    for whole in windows:
        start, end = whole["asked_from"], whole["asked_to"]
        parts = _chosen((one for one in windows if one is not whole), start, end)
        if not any(_gaps(parts, start, end)) and sum(map(_total, parts)) != _total(whole):
            return False
    return True


def _allowed(windows: Iterable[Window], start: int, end: int) -> str:
    near = [window for window in windows if _overlap(window, start, end)]
    return ", ".join(f"from={one['asked_from']} to={one['asked_to']}" for one in near[:12])


def _total(window: Window) -> int:
    return sum(one["alert_count"] for one in window["counts"])


def _spelled(severity: str) -> str:
    return _SEVERITIES.get(severity.lower(), severity)
