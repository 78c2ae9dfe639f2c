"""Counts of alerts for a span, from the counts of the windows that were asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tallybook.errors import UsageError

_SEVERITIES = {name.lower(): name for name in ("Debug", "Error", "Info", "Warning")}
Window = Mapping[str, Any]


def count(windows: Sequence[Window], *, start: int, end: int) -> dict[str, int]:
    """Severity to count in [start, end], both included; nothing is known outside of windows.

    `windows` are sorted by asked_from, longer ones first. What was counted in a window is not known for a part of
    it, unless there was nothing or shorter windows fill that part: else UsageError names the windows. Documented
    severities are spelled as documented, whatever the release.
    """
    if start > end:
        raise UsageError(f"from={start} is after to={end}: give from no later than to")
    chosen = _chosen(windows, start, end)
    for window in windows:
        first, last = max(start, window["asked_from"]), min(end, window["asked_to"])
        if _has_alerts(window) and first <= last and _seconds(chosen, first, last) <= last - first:
            allowed = ", ".join(f"from={one['asked_from']} to={one['asked_to']}" for one in windows[:12])
            raise UsageError(
                f"from={start} to={end}: alerts were counted for whole windows only, and a count cannot be divided; "
                f"give bounds of these: {allowed}"
            )
    counts: Counter[str] = Counter()
    for window in chosen:
        counts.update({_spelled(one["severity"]): one["alert_count"] for one in window["counts"]})
    return dict(sorted(counts.items()))


def _chosen(windows: Sequence[Window], start: int, end: int) -> list[Window]:
    """Windows in the span that do not overlap."""
    chosen: list[Window] = []
    reached = start
    for window in windows:
        if window["asked_from"] >= reached and window["asked_to"] <= end:
            chosen.append(window)
            reached = window["asked_to"] + 1
    return chosen


def _seconds(chosen: Sequence[Window], first: int, last: int) -> int:
    """How many seconds of [first, last] the windows fill."""
    filled = (min(last, one["asked_to"]) - max(first, one["asked_from"]) + 1 for one in chosen)
    return sum(seconds for seconds in filled if seconds > 0)


def _has_alerts(window: Window) -> bool:
    return any(one["alert_count"] for one in window["counts"])


def _spelled(severity: str) -> str:
    return _SEVERITIES.get(severity.lower(), severity)
