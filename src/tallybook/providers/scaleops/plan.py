"""What ScaleOps is asked: one window for each UTC day that is over, for both cost reports.

Costs are restated when bills arrive, so a day is asked again whenever its month is collected again. The
workload report documents no times, but answers some default window without them: it gets `from` and `to` in
the query, as the aggregated one documents them; `parse` compares the answered window with the asked one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tallybook.contract import Request, Session
from tallybook.periods import BillingPeriod
from tallybook.providers.scaleops.settings import ScaleopsSettings

# A number below is seconds where milliseconds belong (1973 in milliseconds, the year 5138 in seconds).
_LEAST_MILLISECONDS = 100_000_000_000


def plan_workloads(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Every workload of each finished day: times and multiCluster in the query, no filter in the body."""
    settings: ScaleopsSettings = session.settings
    for start, end in period.days(before=session.now):
        bounds = {"from": epoch_ms(start), "to": epoch_ms(end)}
        query = {"multiCluster": settings.multi_cluster, **bounds}
        yield Request(
            "workloads",
            settings.workloads_path,
            params=_query(query),
            method=settings.method,
            json={"shouldIgnoreWorkloads": False} if settings.method == "POST" else None,
            asked=_asked(settings, bounds),
        )


def plan_aggregated(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Groups of each finished day, by cluster, namespace and the configured labels; all options in one place."""
    settings: ScaleopsSettings = session.settings
    for start, end in period.days(before=session.now):
        bounds = {"from": epoch_ms(start), "to": epoch_ms(end)}
        options: dict[str, Any] = {
            **bounds,
            "multiCluster": settings.multi_cluster,
            "groupByCluster": True,
            "groupByNamespace": True,
        }
        lists = {
            "groupByLabels": list(settings.group_by_labels),
            "groupByAnnotations": list(settings.group_by_annotations),
        }
        is_post = settings.method == "POST"
        yield Request(
            "aggregated",
            settings.aggregated_path,
            params=() if is_post else _query(options),
            method=settings.method,
            json=options | lists if is_post else None,
            asked=_asked(settings, bounds),
        )


def epoch_ms(instant: datetime) -> int:
    """Milliseconds since 1970, the unit of from and to (stepSize is in seconds, the window is text).

    Raises ValueError for an instant so early that a mix-up of seconds and milliseconds must be behind it.
    """
    milliseconds = int(instant.timestamp()) * 1000
    if milliseconds < _LEAST_MILLISECONDS:
        raise ValueError(f"{instant} is {milliseconds} ms since 1970, which looks like seconds")
    return milliseconds


def _asked(settings: ScaleopsSettings, bounds: Mapping[str, int]) -> dict[str, str]:
    return {
        **{name: str(value) for name, value in bounds.items()},
        "window_zone": settings.window_zone,
        "window_tolerance_seconds": str(settings.window_tolerance_seconds),
    }


def _query(options: Mapping[str, bool | int]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value).lower()) for name, value in options.items())
