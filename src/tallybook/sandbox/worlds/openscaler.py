"""OpenScaler's part of the world: six machines, two of one name, two VPCs and block storage of the account."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tallybook.sandbox.hours import Calendar, is_office_hour
from tallybook.sandbox.measures import GIB, Metered, MeterKey
from tallybook.sandbox.naming import Namer

ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Machine:
    """One VM; it exists from `created_hour` on and, with office hours, is stopped outside them."""

    vm_id: int
    name: str
    region: str
    os: str
    memory_bytes: int
    disk_bytes: int
    created_hour: int
    office_hours_only: bool = False


@dataclass(frozen=True, slots=True)
class OpenscalerEstate:
    """The account. Block storage steps are (first hour, bytes), oldest first."""

    machines: tuple[Machine, ...]
    vpc_ids: tuple[int, ...]
    block_storage_steps: tuple[tuple[int, int], ...]


def make_estate(calendar: Calendar, name: Namer) -> OpenscalerEstate:
    """The account of the story: one machine sleeps at night, one is created on the 12th of the story month."""
    old = calendar.start_hour - 4000
    plan = (
        (4, "web-1", "alg1", "debian-13", 4, 80, old, False),
        (5, "web-1", "alg1", "debian-13", 4, 80, old + 3, False),
        (7, "datenbank-köln", "alg1", "debian-12", 16, 320, old + 50, False),
        (11, "build-runner", "alg2", "ubuntu-24.04", 8, 120, old + 900, True),
        (12, "grafana", "alg2", "debian-13", 2, 40, calendar.start_hour + 31, False),
        (19, "reporting-neu", "alg1", "debian-13", 8, 160, calendar.story_hour(12, 9), False),
    )
    machines = tuple(
        Machine(vm_id, name(label), region, os, memory * GIB, disk * GIB, created, office)
        for vm_id, label, region, os, memory, disk, created, office in plan
    )
    steps = ((old, 200 * GIB), (calendar.story_hour(3, 14), 320 * GIB))
    return OpenscalerEstate(machines, (1, 2), steps)


def state_of(machine: Machine, hour: int) -> str | None:
    """`running`, `stopped`, or None before the machine exists."""
    if hour < machine.created_hour:
        return None
    return "running" if not machine.office_hours_only or is_office_hour(hour) else "stopped"


def block_storage_bytes(estate: OpenscalerEstate, hour: int) -> int:
    """Capacity of the account's block storage."""
    return max((size for first, size in estate.block_storage_steps if first <= hour), default=0)


def meter_hour(estate: OpenscalerEstate, hour: int) -> Iterator[Metered]:
    """What the hour adds: memory and time of running machines, disks of all that exist, block storage."""
    for machine in estate.machines:
        state = state_of(machine, hour)
        if state is None:
            continue
        yield _metered(machine.region, "storage_gib_hours", Decimal(machine.disk_bytes) / GIB)
        if state == "running":
            yield _metered(machine.region, "instance_hours", Decimal(1))
            yield _metered(machine.region, "memory_gib_hours", Decimal(machine.memory_bytes) / GIB)
    yield _metered("", "storage_gib_hours", Decimal(block_storage_bytes(estate, hour)) / GIB)


def _metered(region: str, meter: str, quantity: Decimal) -> Metered:
    return Metered(MeterKey(ACCOUNT, region, meter), quantity)
