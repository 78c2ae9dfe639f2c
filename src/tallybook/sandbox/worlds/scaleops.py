"""ScaleOps' part of the world: workloads of two clusters with cost, spot and on-demand hours.

Replicas are whole and change at whole hours. A replica-hour costs a multiple of 100 millionths of a dollar, so that
a day's cost is exact in millionths, also when it is restated by whole percents.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tallybook.sandbox import chance
from tallybook.sandbox.hours import DAY_HOURS, Calendar, is_office_hour
from tallybook.sandbox.measures import GIB, MIB
from tallybook.sandbox.naming import Namer

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload in [first_hour, end_hour). Rates are millionths of USD per replica and hour.

    `key` is what its chances are made from, whatever it is called.

    `spot_tenths` is the share of replicas on spot in office hours; at night it is doubled. With `hours_reported`
    false the capacity behind the cost is not known: neither spot nor on-demand hours are told.
    """

    key: str
    cluster: str
    namespace: str
    name: str
    type: str
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    cpu_millicores: int
    memory_bytes: int
    gpus: int
    replicas: int
    is_elastic: bool
    spot_tenths: int
    on_demand_rate: int
    spot_rate: int
    first_hour: int
    end_hour: int | None = None
    spike_days: tuple[int, ...] = ()
    hours_reported: bool = True


class Sums(NamedTuple):
    """Additive figures of a stretch of time: millionths of USD, and replica-hours."""

    cost: int = 0
    spot_hours: int = 0
    on_demand_hours: int = 0
    savings: int = 0
    savings_with_replicas: int = 0
    hours: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class ScaleopsEstate:
    """Two clusters and what runs in them."""

    seed: int
    start_hour: int
    clusters: tuple[str, ...]
    workloads: tuple[Workload, ...]


def replicas_on(workload: Workload, *, is_office: bool, is_busy: bool, is_spike: bool) -> tuple[int, int]:
    """Replicas on spot and on demand in an hour of office or not, busy by chance or not, of a spike day or not."""
    count = workload.replicas
    if workload.is_elastic:
        count += workload.replicas * is_office + is_busy
    if is_spike:
        count *= 3
    spot = count * min(10, workload.spot_tenths * (1 if is_office else 2)) // 10
    return spot, count - spot


def sum_hours(estate: ScaleopsEstate, workload: Workload, *, first: int, end: int) -> Sums:
    """Sums over the half-open hours, as far as history and the workload's life reach."""
    first = max(first, estate.start_hour, workload.first_hour)
    end = end if workload.end_hour is None else min(end, workload.end_hour)
    total = Sums()
    while first < end:
        stop = min(end, (first // DAY_HOURS + 1) * DAY_HOURS)
        total = total.plus(_sum_within_day(estate.seed, workload, first, stop))
        first = stop
    return total


def _sum_within_day(seed: int, workload: Workload, first: int, end: int) -> Sums:
    bits = chance.number(seed, workload.key, first // DAY_HOURS)
    is_spike = first // DAY_HOURS in workload.spike_days
    spot_hours = on_demand_hours = 0
    for is_office, is_busy, hours in _count_hours(first, end, bits):
        spot, on_demand = replicas_on(workload, is_office=is_office, is_busy=is_busy, is_spike=is_spike)
        spot_hours += hours * spot
        on_demand_hours += hours * on_demand
    cost = spot_hours * workload.spot_rate + on_demand_hours * workload.on_demand_rate
    percent = 8 + bits % 30
    if not workload.hours_reported:
        spot_hours = on_demand_hours = 0
    hundredth = cost // 100
    return Sums(cost, spot_hours, on_demand_hours, hundredth * percent, hundredth * (percent + 6), end - first)


def _count_hours(first: int, end: int, bits: int) -> tuple[tuple[bool, bool, int], ...]:
    """How many of one day's hours are office hours or not, busy or not; bit n of a mask is hour n of the day.

    Four kinds instead of 24 hours: a day of thousands of workloads is summed on every request.
    """
    start = first % DAY_HOURS
    asked = (1 << start + end - first) - (1 << start)
    office = _office_mask(first // DAY_HOURS)
    return (
        (True, True, (asked & office & bits).bit_count()),
        (True, False, (asked & office & ~bits).bit_count()),
        (False, True, (asked & ~office & bits).bit_count()),
        (False, False, (asked & ~office & ~bits).bit_count()),
    )


@lru_cache(maxsize=1024)
def _office_mask(day: int) -> int:
    return sum(1 << hour for hour in range(DAY_HOURS) if is_office_hour(day * DAY_HOURS + hour))


_CLUSTERS = ("prod-frankfurt", "staging-dublin")
_NAMESPACES = (
    ("ingest", "data"),
    ("warehouse", "data"),
    ("dashboards", "product"),
    ("ml-training", "research"),
    ("kundenportal", "product"),
    ("platform", "operations"),
)
_PARTS = ("api", "worker", "scheduler", "cache", "gateway", "indexer", "exporter", "sync", "mailer", "ui")
_TYPES = ("Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "CronJob")


def make_estate(seed: int, calendar: Calendar, name: Namer, *, workload_count: int) -> ScaleopsEstate:
    """Workloads spread evenly over two clusters of six namespaces each, and the story's special ones."""
    places = [(cluster, *place) for cluster in _CLUSTERS for place in _NAMESPACES]
    workloads = [
        _make_workload(seed, calendar, name, places[index % len(places)], index // len(places))
        for index in range(workload_count)
    ]
    return ScaleopsEstate(seed, calendar.start_hour, tuple(name(cluster) for cluster in _CLUSTERS), tuple(workloads))


def _make_workload(seed: int, calendar: Calendar, name: Namer, place: tuple[str, str, str], index: int) -> Workload:
    cluster, namespace, team = place
    part = _PARTS[index % len(_PARTS)]
    app = f"{namespace}-{index // len(_PARTS) + 1}"
    bits = chance.number(seed, "workload", cluster, namespace, index)
    gpus = 1 + (bits >> 3 & 1) if namespace == "ml-training" and index % 12 == 0 else 0
    millicores = 50 * (1 + (bits >> 5) % 20)
    memory = 128 * MIB * (1 + (bits >> 12) % 40)
    rate = 100 * (millicores // 4 + memory // GIB * 40 + 9000 * gpus + 10)
    first, end = _life(calendar, cluster, namespace, index, bits)
    labels = (("app", name(app)), ("env", cluster.partition("-")[0]))
    return Workload(
        key=f"{cluster}/{namespace}/{index}",
        cluster=name(cluster),
        namespace=name(namespace),
        name=name(f"{app}-{part}"),
        type=_TYPES[(bits >> 20) % len(_TYPES)],
        labels=labels if index % 11 == 10 else (*labels, ("team", name(team))),
        annotations=(("cost-center", f"{4000 + index % 5}"),) if index % 4 == 0 else (),
        cpu_millicores=millicores,
        memory_bytes=memory,
        gpus=gpus,
        replicas=1 if gpus else 1 + (bits >> 26) % 3,
        is_elastic=bits >> 30 & 1 == 1,
        spot_tenths=0 if gpus else (bits >> 33) % 8,
        on_demand_rate=rate,
        spot_rate=rate // 300 * 100,
        first_hour=first,
        end_hour=end,
        spike_days=_spikes(calendar, namespace),
        hours_reported=index != 5,
    )


def _life(calendar: Calendar, cluster: str, namespace: str, index: int, bits: int) -> tuple[int, int | None]:
    """When a workload exists: one appears on the 9th, one goes on the 18th, a quarter come over the months."""
    if (cluster, namespace, index) == (_CLUSTERS[0], "dashboards", 1):
        return calendar.story_hour(9, 15), None
    if (cluster, namespace, index) == (_CLUSTERS[0], "warehouse", 2):
        return 0, calendar.story_hour(18, 11)
    if index % 4 == 3:
        return calendar.start_hour + bits % (75 * DAY_HOURS), None
    return 0, None


def _spikes(calendar: Calendar, namespace: str) -> tuple[int, ...]:
    days = (13, 14, 27) if namespace == "ingest" else ()
    return tuple(calendar.story_hour(day) // DAY_HOURS for day in days)
