"""NodeConductor's part of the world: customers, projects, overlapping project groups, instances, alerts, clouds.

Memory and storage of an instance are multiples of 64 MiB and change at whole hours only, so a mean over an hour
is the hour's value and GiB-hours are exact in four decimals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from tallybook.sandbox import chance
from tallybook.sandbox.hours import DAY_HOURS, Calendar, is_office_hour
from tallybook.sandbox.measures import Metered, MeterKey
from tallybook.sandbox.naming import Namer

STEP_MIB = 64


@dataclass(frozen=True, slots=True)
class Customer:
    """Who pays; has projects and project groups."""

    uuid: str
    name: str
    abbreviation: str
    created_hour: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of a project: cores, MiB, MiB, count. -1 is unlimited, 0 allows nothing."""

    vcpu: int
    ram: int
    storage: int
    max_instances: int


@dataclass(frozen=True, slots=True)
class Project:
    """A customer's project; every figure is kept per project."""

    uuid: str
    name: str
    customer: Customer
    created_hour: int
    quota: Quota


@dataclass(frozen=True, slots=True)
class ProjectGroup:
    """Some projects of one customer; a project may be in several groups."""

    uuid: str
    name: str
    customer: Customer
    projects: tuple[Project, ...]
    created_hour: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance; it exists in the half-open hours [created_hour, deleted_hour)."""

    key: str
    project_uuid: str
    cores: int
    ram_mib: int
    disk_mib: int
    created_hour: int
    deleted_hour: int | None = None

    def exists(self, hour: int) -> bool:
        return self.created_hour <= hour and (self.deleted_hour is None or hour < self.deleted_hour)


@dataclass(frozen=True, slots=True)
class Alert:
    """Raised at the start of an hour about an instance of a project; closed_hour None is still open."""

    severity: str
    project_uuid: str
    created_hour: int
    closed_hour: int | None


@dataclass(frozen=True, slots=True)
class Cloud:
    """A backend: hypervisor totals, and the projects whose quotas it grants. MiB, GiB, cores."""

    auth_url: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    project_uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeconductorEstate:
    """Everything that the server knows."""

    seed: int
    start_hour: int
    customers: tuple[Customer, ...]
    projects: tuple[Project, ...]
    groups: tuple[ProjectGroup, ...]
    instances: tuple[Instance, ...]
    alerts: tuple[Alert, ...]
    clouds: tuple[Cloud, ...]

    def instances_of(self, project_uuid: str) -> tuple[Instance, ...]:
        return tuple(one for one in self.instances if one.project_uuid == project_uuid)


def memory_mib(seed: int, instance: Instance, hour: int) -> int:
    """Memory in use: 35 to 60 % of the instance's, a quarter more in office hours."""
    if not instance.exists(hour):
        return 0
    share = _memory_share(seed, instance.key, hour // 3)
    steps = instance.ram_mib // STEP_MIB * (share + 25 * is_office_hour(hour)) // 100
    return max(1, steps) * STEP_MIB


@lru_cache(maxsize=100_000)
def _memory_share(seed: int, key: str, three_hours: int) -> int:
    return chance.between(35, 60, seed, "memory", key, three_hours)


def storage_mib(instance: Instance, hour: int) -> int:
    """Storage in use: a quarter of the disk at first, half a percent of it more every day, never above it."""
    if not instance.exists(hour):
        return 0
    days = (hour - instance.created_hour) // DAY_HOURS
    steps = instance.disk_mib // STEP_MIB
    return min(steps, steps // 4 + days * steps // 200) * STEP_MIB


def cpu_hundredths(seed: int, instance: Instance, hour: int) -> int:
    """Utilisation in hundredths of a percent."""
    if not instance.exists(hour):
        return 0
    return chance.between(200, 4500, seed, "cpu", instance.key, hour) + 3000 * is_office_hour(hour)


def hour_value(seed: int, instances: tuple[Instance, ...], item: str, hour: int) -> Decimal:
    """Of several instances in one hour: the sum of MiB for memory and storage, the mean of percents for cpu."""
    present = [one for one in instances if one.exists(hour)]
    if item == "memory":
        return Decimal(sum(memory_mib(seed, one, hour) for one in present))
    if item == "storage":
        return Decimal(sum(storage_mib(one, hour) for one in present))
    total = sum(cpu_hundredths(seed, one, hour) for one in present)
    return (Decimal(total) / 100 / len(present)).quantize(Decimal("0.0001")) if present else Decimal(0)


def meter_hour(estate: NodeconductorEstate, hour: int) -> Iterator[Metered]:
    """What the hour adds per project: GiB-hours of memory and storage. Percent of CPU adds nothing."""
    for project in estate.projects:
        instances = estate.instances_of(project.uuid)
        for item in ("memory", "storage"):
            quantity = hour_value(estate.seed, instances, item, hour) / 1024
            yield Metered(MeterKey(project.uuid, "", f"{item}_gib_hours"), quantity)


_CUSTOMERS = (("Acme Analytics", "ACME"), ("Müller & Söhne Logistik", "MSL"), ("Bäckerei Grünwald", "BG"))
_PROJECTS = (  # name, customer, months after the start of history, cores, MiB, MiB, instances
    ("Warehouse", 0, -9, 64, 262144, 4194304, 20),
    ("Dashboards", 0, -9, 24, 98304, 1048576, 10),
    ("Datenaufnahme", 0, -7, -1, -1, -1, -1),
    ("Machine Learning", 0, -4, 48, 196608, 2097152, 8),
    ("Fahrtenplanung", 1, -8, 32, 131072, 1048576, 12),
    ("Kundenportal", 1, -3, 16, 65536, 524288, 6),
    ("Kassensystem", 2, -6, 8, 32768, 262144, 4),
    ("Archiv Südwest", 2, 0, 4, 16384, 0, 2),
)
_GROUPS = (("Produktion", 0, (0, 1)), ("Forschung", 0, (1, 3)), ("Logistik", 1, (4, 5)))
_INSTANCES = ((0, 4), (1, 3), (2, 2), (3, 3), (4, 3), (5, 2), (6, 2), (7, 1))
_SIZES = ((1, 2048, 20480), (2, 4096, 40960), (4, 8192, 81920), (8, 16384, 163840))
_SEVERITIES = ("Debug", "Info", "Info", "Warning", "Warning", "Error")


def make_estate(seed: int, calendar: Calendar, name: Namer) -> NodeconductorEstate:
    """The estate of the story: one instance appears and one disappears in the middle of the story month."""
    start = calendar.start_hour
    customers = tuple(
        Customer(_uuid(seed, "customer", label), name(label), short, start - 7000 + index * 40)
        for index, (label, short) in enumerate(_CUSTOMERS)
    )
    projects = tuple(
        Project(
            _uuid(seed, "project", row[0]),
            name(row[0]),
            customers[row[1]],
            start + row[2] * 720 + 9,
            Quota(*row[3:]),
        )
        for row in _PROJECTS
    )
    groups = tuple(
        ProjectGroup(
            _uuid(seed, "group", label),
            name(label),
            customers[owner],
            tuple(projects[index] for index in members),
            start - 2000 + owner,
        )
        for label, owner, members in _GROUPS
    )
    return NodeconductorEstate(
        seed,
        start,
        customers,
        projects,
        groups,
        _make_instances(seed, calendar, projects),
        _make_alerts(seed, calendar, projects),
        _make_clouds(projects),
    )


def _uuid(seed: int, *key: str) -> str:
    return chance.hexadecimal(32, seed, "nodeconductor", *key)


def _make_instances(seed: int, calendar: Calendar, projects: tuple[Project, ...]) -> tuple[Instance, ...]:
    instances = [
        Instance(
            f"{index}-{position}",
            projects[index].uuid,
            *_SIZES[chance.number(seed, "size", index, position) % len(_SIZES)],
            created_hour=projects[index].created_hour + 5 + position * 400,
        )
        for index, members in _INSTANCES
        for position in range(members)
    ]
    late = Instance("late", projects[5].uuid, 4, 8192, 81920, calendar.story_hour(17, 11))
    early = Instance(
        "early",
        projects[3].uuid,
        8,
        32768,
        204800,
        calendar.start_hour - 300,
        calendar.story_hour(20, 16),
    )
    return (*instances, late, early)


def _make_alerts(seed: int, calendar: Calendar, projects: tuple[Project, ...]) -> tuple[Alert, ...]:
    """About one alert every nine hours, from the start of history to a year after `until`."""
    alerts = []
    hour = calendar.start_hour
    while hour < calendar.story_hour(1) + 400 * DAY_HOURS:
        hour += chance.between(2, 16, seed, "alert", hour)
        severity = _SEVERITIES[chance.number(seed, "severity", hour) % len(_SEVERITIES)]
        project = projects[chance.number(seed, "alert project", hour) % len(projects)]
        lasts = chance.between(0, 40, seed, "alert lasts", hour)
        alerts.append(Alert(severity, project.uuid, hour, hour + lasts if lasts else None))
    return tuple(alerts)


def _make_clouds(projects: tuple[Project, ...]) -> tuple[Cloud, ...]:
    berlin = tuple(project.uuid for project in projects[:4])
    munich = tuple(project.uuid for project in projects[4:])
    return (
        Cloud("https://keystone-berlin.example.com:5000/v2.0", 256, 1048576, 20480, berlin),
        Cloud("https://keystone-muenchen.example.com:5000/v2.0", 96, 393216, 8192, munich),
    )
