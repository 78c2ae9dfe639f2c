"""NodeConductor as the server of the document's days really answered: the fault old-server.

It crashes on a wrong aggregate and on no datapoints, writes storage before its first sample as the text "0.0000"
and other values as floats, gives a cloud's figures as text, adds unlimited quotas up as -1 each, counts open
alerts only, and ignores a uuid without an aggregate when it counts them.
"""

from collections.abc import Mapping
from dataclasses import replace

from tallybook.sandbox.answers import Clock
from tallybook.sandbox.apis import nodeconductor_stats as stats
from tallybook.sandbox.apis.nodeconductor_selection import AGGREGATES, select_aggregates
from tallybook.sandbox.worlds.nodeconductor import NodeconductorEstate, Quota

Query = Mapping[str, str]
Row = dict[str, object]


class CrashError(Exception):
    """The old server fails here with its HTML page of status 500."""


def usage(estate: NodeconductorEstate, query: Query, clock: Clock) -> list[Row]:
    """The series with the old server's number formats.

    Raises:
        CrashError: a wrong aggregate, or no datapoints.
        BadParameterError: a parameter is missing or wrong.
    """
    if query.get("aggregate", "customer") not in AGGREGATES or query.get("datapoints") == "0":
        raise CrashError
    rows = stats.usage(estate, query, clock)
    is_storage = query.get("item") == "storage"
    return [{**row, "datapoints": _old_points(row["datapoints"], is_storage=is_storage)} for row in rows]


def _old_points(points: object, *, is_storage: bool) -> list[Row]:
    found = points if isinstance(points, list) else []
    empty: object = "0.0000" if is_storage else 0
    return [{**one, "value": float(one["value"]) if one["value"] else empty} for one in found]


def creation_time(estate: NodeconductorEstate, query: Query, clock: Clock) -> list[Row]:
    """Counts; the type defaults to customer although the document requires it.

    Raises:
        CrashError: no datapoints.
        BadParameterError: a parameter is wrong.
    """
    if query.get("datapoints") == "0":
        raise CrashError
    return stats.creation_time(estate, {"type": "customer", **query}, clock)


def resource(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """Hypervisor figures as text, quotas as floats and plainly added up.

    Raises:
        BadParameterError: the auth_url is missing or unknown.
    """
    figures = {key: str(value) for key, value in stats.resource(estate, query, clock).items()}
    cloud = next(one for one in estate.clouds if one.auth_url == query["auth_url"])
    limits = [one.quota for one in estate.projects if one.uuid in cloud.project_uuids]
    return {**figures, **{f"{name}_quota": _plain_sum(limits, field) for name, field in _CLOUD_QUOTAS.items()}}


_CLOUD_QUOTAS = {"vcpu": "vcpu", "memory": "ram", "storage": "storage"}


def quota(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """Limits plainly added up, so that one unlimited project takes 1 off the others; all as floats.

    Raises:
        BadParameterError: a parameter is wrong.
    """
    row = stats.quota(estate, query, clock)
    projects = {one.uuid: one for found in select_aggregates(estate, query) for one in found.projects}
    limits = [one.quota for one in projects.values()]
    used = {key: float(str(value)) for key, value in row.items() if key.endswith("_usage")}
    return {**{key: _plain_sum(limits, key) for key in row if key not in used}, **used}


def _plain_sum(limits: list[Quota], field: str) -> float:
    return float(sum(getattr(one, field) for one in limits))


def alerts(estate: NodeconductorEstate, query: Query, clock: Clock) -> Row:
    """Open alerts only; a uuid counts beside an explicit aggregate only.

    Raises:
        BadParameterError: a parameter is wrong.
    """
    still_open = tuple(one for one in estate.alerts if one.closed_hour is None or one.closed_hour > clock.hour)
    kept = {key: value for key, value in query.items() if key != "uuid" or "aggregate" in query}
    return stats.alerts(replace(estate, alerts=still_open), kept, clock)
