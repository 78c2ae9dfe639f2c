"""NodeConductor's six statistics, as functions of the query at the world's now."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from tallybook.sandbox.answers import Clock, Keyed
from tallybook.sandbox.apis.nodeconductor_selection import (
    AGGREGATES,
    BadParameterError,
    instances_of,
    list_aggregates,
    read_integer,
    read_segments,
    select_aggregates,
)
from tallybook.sandbox.hours import HOUR_SECONDS
from tallybook.sandbox.measures import plain
from tallybook.sandbox.worlds.nodeconductor import (
    Cloud,
    Instance,
    NodeconductorEstate,
    Quota,
    hour_value,
    storage_mib,
)

ITEMS = ("cpu", "memory", "storage")
DAY_SECONDS = 86400
Query = Mapping[str, str]
Row = dict[str, object]


def usage(estate: NodeconductorEstate, query: Query, clock: Clock) -> list[Row]:
    """Per aggregate a series of an item: percent for cpu, MiB for memory and storage.

    Raises:
        BadParameterError: a parameter is missing or wrong.
    """
    aggregates = select_aggregates(estate, query)
    item = query.get("item")
    if item not in ITEMS:
        raise BadParameterError("item", f"GET parameter 'item' have to be from list: {list(ITEMS)}")
    segments = read_segments(query, now=clock.seconds, span=HOUR_SECONDS)
    return [
        {
            "name": one.name,
            "datapoints": _series(estate, instances_of(estate, one), item, segments, clock.seconds),
        }
        for one in aggregates
    ]


def _series(
    estate: NodeconductorEstate,
    instances: tuple[Instance, ...],
    item: str,
    segments: list[tuple[int, int]],
    now: int,
) -> list[Row]:
    return [
        {"to": end, "from": start, "value": _value(estate, instances, item, start, min(end, now))}
        for start, end in segments
    ]


def _value(
    estate: NodeconductorEstate, instances: tuple[Instance, ...], item: str, start: int, end: int
) -> Decimal | int:
    """Of what history has of the segment: storage its last value, cpu and memory the mean; without any 0."""
    start = max(start, estate.start_hour * HOUR_SECONDS)
    if end <= start:
        return 0
    hours = range(start // HOUR_SECONDS, -(-end // HOUR_SECONDS))
    if item == "storage" or len(hours) == 1:
        return plain(hour_value(estate.seed, instances, item, hours[-1]))
    total = Decimal(0)
    for hour in hours:
        seconds = min(end, (hour + 1) * HOUR_SECONDS) - max(start, hour * HOUR_SECONDS)
        total += seconds * hour_value(estate.seed, instances, item, hour)
    return plain((total / (end - start)).quantize(Decimal("0.000001")))


def customers(estate: NodeconductorEstate, clock: Clock) -> list[Row]:
    """How many projects, groups and present instances each customer has."""
    rows = []
    for aggregate in list_aggregates(estate, "customer"):
        instances = instances_of(estate, aggregate)
        customer = next(one for one in estate.customers if one.uuid == aggregate.uuid)
        rows.append(
            {
                "name": customer.name,
                "abbreviation": customer.abbreviation,
                "projects": len(aggregate.projects),
                "project_groups": sum(one.customer is customer for one in estate.groups),
                "instances": sum(one.exists(clock.hour) for one in instances),
            }
        )
    return rows


def resource(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """Allocation in the cloud of an auth_url, which is matched as text.

    Raises:
        BadParameterError: the auth_url is missing or unknown.
    """
    auth_url = query.get("auth_url")
    if auth_url is None:
        raise BadParameterError("detail", 'GET parameter "auth_url" has to be defined')
    cloud = next((one for one in estate.clouds if one.auth_url == auth_url), None)
    if cloud is None:
        raise BadParameterError("detail", f"No clouds with auth url: {auth_url}")
    limits = sum_quotas(one.quota for one in estate.projects if one.uuid in cloud.project_uuids)
    return {**_hypervisors(estate, cloud, clock), **limits}


def _hypervisors(estate: NodeconductorEstate, cloud: Cloud, clock: Clock) -> dict[str, int]:
    present = [one for one in estate.instances if one.project_uuid in cloud.project_uuids and one.exists(clock.hour)]
    used_mib = sum(one.ram_mib for one in present)
    used_gib = sum(one.disk_mib for one in present) // 1024
    return {
        "free_disk_gb": cloud.disk_gib - used_gib,
        "free_ram_mb": cloud.memory_mib - used_mib,
        "memory_mb": cloud.memory_mib,
        "memory_mb_used": used_mib,
        "vcpus": cloud.vcpus,
        "vcpus_used": sum(one.cores for one in present),
    }


def sum_quotas(quotas: Iterable[Quota]) -> dict[str, int]:
    """The three limits of a cloud; one unlimited project makes the sum unlimited."""
    found = list(quotas)
    return {
        "vcpu_quota": _sum_limits(one.vcpu for one in found),
        "memory_quota": _sum_limits(one.ram for one in found),
        "storage_quota": _sum_limits(one.storage for one in found),
    }


def _sum_limits(limits: Iterable[int]) -> int:
    found = list(limits)
    return -1 if -1 in found else sum(found)


def creation_time(estate: NodeconductorEstate, query: Query, clock: Clock) -> list[Row]:
    """How many objects of a type were created in each segment.

    Raises:
        BadParameterError: a parameter is missing or wrong.
    """
    kind = query.get("type", "")
    if kind not in AGGREGATES:
        raise BadParameterError("model_name", f'"{kind}" is not a valid choice.')
    created = [
        one.created_hour * HOUR_SECONDS for one in list_aggregates(estate, kind) if one.created_hour <= clock.hour
    ]
    segments = read_segments(query, now=clock.seconds, span=30 * DAY_SECONDS)
    return [{"to": end, "from": start, "value": sum(start <= one < end for one in created)} for start, end in segments]


def quota(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """Limits and use of everything selected together; nothing selected gives an empty object.

    Raises:
        BadParameterError: a parameter is wrong.
    """
    aggregates = select_aggregates(estate, query)
    projects = {project.uuid: project for one in aggregates for project in one.projects}
    if not projects:
        return Keyed()
    limits = [one.quota for one in projects.values()]
    present = [one for one in estate.instances if one.project_uuid in projects and one.exists(clock.hour)]
    return {
        "vcpu": _sum_limits(one.vcpu for one in limits),
        "ram": _sum_limits(one.ram for one in limits),
        "storage": _sum_limits(one.storage for one in limits),
        "max_instances": _sum_limits(one.max_instances for one in limits),
        "vcpu_usage": sum(one.cores for one in present),
        "ram_usage": sum(one.ram_mib for one in present),
        "storage_usage": sum(storage_mib(one, clock.hour) for one in present),
        "max_instances_usage": len(present),
    }


def alerts(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """How many alerts of each severity were raised from `from` to `to`, both included; absent is none.

    Raises:
        BadParameterError: a parameter is wrong.
    """
    start = read_integer(query, "from", field="detail", default=clock.seconds - DAY_SECONDS)
    end = min(read_integer(query, "to", field="detail", default=clock.seconds), clock.seconds)
    selected = {project.uuid for one in select_aggregates(estate, query) for project in one.projects}
    counts = Counter(
        one.severity
        for one in estate.alerts
        if start <= one.created_hour * HOUR_SECONDS <= end and one.project_uuid in selected
    )
    return Keyed(sorted(counts.items()))
