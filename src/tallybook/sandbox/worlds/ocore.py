"""oCore's part of the world: five projects, hourly rows, none for an hour without instances."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tallybook.sandbox import chance
from tallybook.sandbox.hours import DAY_HOURS, Calendar, is_office_hour
from tallybook.sandbox.measures import MIB, Metered, MeterKey
from tallybook.sandbox.naming import Namer

STEP_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True)
class HostedProject:
    """A project with instances in [first_hour, end_hour), with office hours only in those."""

    project_id: str
    name: str
    instances: int
    disk_gb: int
    first_hour: int
    end_hour: int | None = None
    office_hours_only: bool = False
    spike_days: tuple[int, ...] = ()
    archived: bool = False


@dataclass(frozen=True, slots=True)
class OcoreEstate:
    """The organisation."""

    seed: int
    start_hour: int
    projects: tuple[HostedProject, ...]


@dataclass(frozen=True, slots=True)
class HourRow:
    """One project's hour. Core-hours have four decimals at most, GB-hours two, bytes are multiples of 64 MiB."""

    instance_count: int
    core_hours: Decimal
    ram_gb_hours: Decimal
    disk_gb_hours: Decimal
    in_bytes: int
    out_bytes: int


def hour_row(estate: OcoreEstate, project: HostedProject, hour: int) -> HourRow | None:
    """The usage of an hour, or None when no instance ran."""
    if hour < max(project.first_hour, estate.start_hour):
        return None
    if project.end_hour is not None and hour >= project.end_hour:
        return None
    if project.office_hours_only and not is_office_hour(hour):
        return None
    bits = chance.number(estate.seed, "ocore", project.project_id, hour)
    count = project.instances
    if hour // DAY_HOURS in project.spike_days:
        count *= 4
    return HourRow(
        instance_count=count,
        core_hours=Decimal(count * (1500 + bits % 6000)).scaleb(-4),
        ram_gb_hours=Decimal(count * (100 + 25 * (bits >> 16 & 7))).scaleb(-2),
        disk_gb_hours=Decimal(project.disk_gb + (hour - estate.start_hour) // (7 * DAY_HOURS)),
        in_bytes=STEP_BYTES * count * (bits >> 24 & 15),
        out_bytes=STEP_BYTES * count * (1 + (bits >> 32 & 63)),
    )


def meter_hour(estate: OcoreEstate, hour: int) -> Iterator[Metered]:
    """What the hour adds per project; a GB is read as a GiB."""
    for project in estate.projects:
        row = hour_row(estate, project, hour)
        if row is None:
            continue
        quantities = {
            "core_hours": row.core_hours,
            "memory_gib_hours": row.ram_gb_hours,
            "storage_gib_hours": row.disk_gb_hours,
            "network_in_bytes": Decimal(row.in_bytes),
            "network_out_bytes": Decimal(row.out_bytes),
            "instance_hours": Decimal(row.instance_count),
        }
        for meter, quantity in quantities.items():
            yield Metered(MeterKey(project.project_id, "", meter), quantity)


def make_estate(seed: int, calendar: Calendar, name: Namer) -> OcoreEstate:
    """Five projects: one spikes on three days, one sleeps at night, one is archived on the 11th."""
    start = calendar.start_hour
    spikes = tuple(calendar.story_hour(day) // DAY_HOURS for day in (6, 7, 21))

    def identify(label: str) -> str:
        return "prj_" + chance.hexadecimal(20, seed, "ocore", label)

    projects = (
        HostedProject(identify("erp"), name("Odoo Produktion"), 3, 120, start - 900),
        HostedProject(identify("shop"), name("Online-Shop"), 2, 60, start - 500, spike_days=spikes),
        HostedProject(identify("test"), name("Odoo Test"), 1, 20, start, office_hours_only=True),
        HostedProject(identify("crm"), name("CRM Übergang"), 1, 35, calendar.story_hour(9, 10)),
        HostedProject(
            identify("old"),
            name("Altsystem"),
            2,
            80,
            start - 2000,
            end_hour=calendar.story_hour(11, 17),
            archived=True,
        ),
    )
    return OcoreEstate(seed, start, projects)
