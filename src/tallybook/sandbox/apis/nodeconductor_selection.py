"""NodeConductor's aggregates: which objects a request speaks of, and how a span is cut into segments."""

from collections.abc import Mapping
from dataclasses import dataclass

from tallybook.sandbox.worlds.nodeconductor import (
    Customer,
    Instance,
    NodeconductorEstate,
    Project,
    ProjectGroup,
)

AGGREGATES = ("customer", "project", "project_group")


class BadParameterError(Exception):
    """A parameter that the API refuses: the field under which it says so, and the text."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A customer, project or project group, with the projects that it stands for."""

    uuid: str
    name: str
    created_hour: int
    projects: tuple[Project, ...]


def list_aggregates(estate: NodeconductorEstate, kind: str) -> list[Aggregate]:
    """Every object of a kind. Groups overlap, so they do not add up to their customer."""
    if kind == "project":
        return [_of(one, (one,)) for one in estate.projects]
    if kind == "project_group":
        return [_of(one, one.projects) for one in estate.groups]
    return [
        _of(one, tuple(project for project in estate.projects if project.customer is one)) for one in estate.customers
    ]


def _of(thing: Customer | Project | ProjectGroup, projects: tuple[Project, ...]) -> Aggregate:
    return Aggregate(thing.uuid, thing.name, thing.created_hour, projects)


def select_aggregates(estate: NodeconductorEstate, query: Mapping[str, str]) -> list[Aggregate]:
    """The objects that `aggregate` (default customer) and `uuid` speak of; an unknown uuid selects none.

    Raises:
        BadParameterError: an aggregate outside of the list.
    """
    kind = query.get("aggregate", "customer")
    if kind not in AGGREGATES:
        raise BadParameterError("aggregate", f'"{kind}" is not a valid choice.')
    found = list_aggregates(estate, kind)
    return [one for one in found if "uuid" not in query or one.uuid == query["uuid"]]


def instances_of(estate: NodeconductorEstate, aggregate: Aggregate) -> tuple[Instance, ...]:
    """Every instance, past and present, of the aggregate's projects."""
    uuids = {project.uuid for project in aggregate.projects}
    return tuple(one for one in estate.instances if one.project_uuid in uuids)


def read_integer(query: Mapping[str, str], name: str, *, field: str, default: int) -> int:
    """A whole number that is not negative.

    Raises:
        BadParameterError: it is neither.
    """
    text = query.get(name)
    if text is None:
        return default
    if not text.lstrip("-").isdecimal():
        raise BadParameterError(field, "A valid integer is required.")
    if int(text) < 0:
        raise BadParameterError(field, "Ensure this value is greater than or equal to 0.")
    return int(text)


def read_segments(query: Mapping[str, str], *, now: int, span: int) -> list[tuple[int, int]]:
    """Half-open segments of equal whole seconds from `from` on; the floor may cut the last ones short of `to`.

    The document's example has 1 to 1415912629 in three: each 471970876 seconds long.

    Raises:
        BadParameterError: a value is no number, the span is empty, or there are no datapoints.
    """
    start = read_integer(query, "from", field="start_timestamp", default=now - span)
    end = read_integer(query, "to", field="end_timestamp", default=now)
    count = read_integer(query, "datapoints", field="segments_count", default=6)
    if count < 1:
        raise BadParameterError("segments_count", "Ensure this value is greater than or equal to 1.")
    if end < start:
        raise BadParameterError("end_timestamp", "to lies before from.")
    step = (end - start) // count
    return [(start + index * step, start + (index + 1) * step) for index in range(count)]
