"""SysEleven's part of the world: two projects in three regions, in the full shape of API version 3."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tallybook.sandbox.hours import DAY_HOURS, Calendar
from tallybook.sandbox.measures import GIB, MIB, Metered, MeterKey

REGIONS = ("cbk", "dbl", "fes")
NEUTRON_REGIONS = ("cbk", "dbl")
STORAGE_TYPES = {"cbk": ("quobyte",), "dbl": ("quobyte",), "fes": ("quobyte", "ceph")}

# cores and MiB of RAM per flavor; RAM per core is 4 GiB, with c 2 GiB, with r 8 GiB
FLAVORS = {
    "m1c.tiny": (1, 2048),
    "m1.tiny": (1, 4096),
    "m1.small": (2, 8192),
    "m1r.small": (2, 16384),
    "m1.medium": (4, 16384),
    "m2.medium": (4, 16384),
    "m2.large": (8, 32768),
}


@dataclass(frozen=True, slots=True)
class Span:
    """`count` things of one kind in a region, in the half-open hours [first_hour, end_hour)."""

    region: str
    kind: str
    count: int
    first_hour: int
    end_hour: int | None = None

    def exists(self, hour: int) -> bool:
        return self.first_hour <= hour and (self.end_hour is None or hour < self.end_hour)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Object storage of one type: bytes at the start of history, and bytes more every day."""

    region: str
    type: str
    bytes_at_start: int
    bytes_per_day: int


@dataclass(frozen=True, slots=True)
class StackProject:
    """Kinds of spans: flavors as `server`, GiB as `volume`, `floating_ip`, `octavia`, `neutron`, `vpn`."""

    project_id: str
    name: str
    servers: tuple[Span, ...]
    volumes: tuple[Span, ...]
    floating_ips: tuple[Span, ...]
    octavia: tuple[Span, ...]
    neutron: tuple[Span, ...]
    buckets: tuple[Bucket, ...]
    cores_limit: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SyselevenEstate:
    """The projects of the account."""

    start_hour: int
    projects: tuple[StackProject, ...]


def object_storage_bytes(bucket: Bucket, *, hour: int, start_hour: int) -> int:
    """Size of a bucket, growing at the start of each day of history."""
    return bucket.bytes_at_start + max(0, (hour - start_hour) // DAY_HOURS) * bucket.bytes_per_day


def total(spans: tuple[Span, ...], region: str, hour: int) -> int:
    """How many things of all kinds the region holds in the hour."""
    return sum(by_kind(spans, region, hour).values())


def by_kind(spans: tuple[Span, ...], region: str, hour: int) -> dict[str, int]:
    """How many things of each kind the region holds in the hour, kinds sorted, absent ones left out."""
    counts: dict[str, int] = {}
    for span in spans:
        if span.region == region and span.exists(hour):
            counts[span.kind] = counts.get(span.kind, 0) + span.count
    return dict(sorted(counts.items()))


def meter_hour(estate: SyselevenEstate, hour: int) -> Iterator[Metered]:
    """What the hour adds per project and region. Allocated counts, stopped or not."""
    for project in estate.projects:
        for region in REGIONS:
            for meter, quantity in _region_quantities(estate, project, region, hour).items():
                yield Metered(MeterKey(project.project_id, region, meter), quantity)


def _region_quantities(estate: SyselevenEstate, project: StackProject, region: str, hour: int) -> dict[str, Decimal]:
    flavors = by_kind(project.servers, region, hour)
    volumes = by_kind(project.volumes, region, hour)
    stored = sum(
        object_storage_bytes(one, hour=hour, start_hour=estate.start_hour)
        for one in project.buckets
        if one.region == region
    )
    balancers = total(project.octavia, region, hour) + total(project.neutron, region, hour)
    return {
        "core_hours": Decimal(sum(FLAVORS[name][0] * count for name, count in flavors.items())),
        "memory_gib_hours": Decimal(sum(FLAVORS[name][1] * count for name, count in flavors.items())) / 1024,
        "instance_hours": Decimal(sum(flavors.values())),
        "storage_gib_hours": Decimal(sum(int(size) * n for size, n in volumes.items())),
        "object_storage_gib_hours": Decimal(stored) / GIB,
        "floating_ip_hours": Decimal(total(project.floating_ips, region, hour)),
        "load_balancer_hours": Decimal(balancers),
        **{f"flavor:{name}_hours": Decimal(count) for name, count in flavors.items()},
    }


def make_estate(calendar: Calendar) -> SyselevenEstate:
    """Two projects: one grows on the 8th and shrinks on the 22nd of the story month, one has nothing in dbl."""
    return SyselevenEstate(calendar.start_hour, (_production(calendar), _staging(calendar)))


def _production(calendar: Calendar) -> StackProject:
    old, grows, shrinks = 0, calendar.story_hour(8, 6), calendar.story_hour(22, 13)
    return StackProject(
        project_id="1" * 32,
        name="acme-production",
        servers=(
            Span("cbk", "m1c.tiny", 3, old),
            Span("cbk", "m1.small", 4, old),
            Span("cbk", "m1.small", 2, grows, shrinks),
            Span("dbl", "m1.medium", 2, old),
            Span("dbl", "m1r.small", 1, calendar.start_hour + 200),
            Span("fes", "m2.medium", 5, old),
            Span("fes", "m2.large", 1, calendar.story_hour(5, 20)),
        ),
        volumes=(
            Span("cbk", "50", 4, old),
            Span("cbk", "200", 1, grows),
            Span("dbl", "100", 2, old),
            Span("fes", "133", 3, old),
            Span("fes", "500", 1, old, shrinks),
        ),
        floating_ips=(Span("cbk", "", 4, old), Span("dbl", "", 1, old), Span("fes", "", 6, grows)),
        octavia=(
            Span("cbk", "failover-small", 1, old),
            Span("fes", "failover-small", 2, old),
            Span("fes", "standalone-tiny", 1, grows),
        ),
        neutron=(Span("dbl", "", 1, old, shrinks),),
        buckets=(
            Bucket("cbk", "quobyte", 320 * GIB, 512 * MIB),
            Bucket("dbl", "quobyte", 0, 0),
            Bucket("fes", "quobyte", 64 * MIB, 0),
            Bucket("fes", "ceph", 800 * GIB, 2 * GIB + 64 * MIB),
        ),
        cores_limit=(50, 24, 60),
    )


def _staging(calendar: Calendar) -> StackProject:
    old = 0
    return StackProject(
        project_id="2" * 32,
        name="acme-staging",
        servers=(
            Span("cbk", "m1.tiny", 2, old),
            Span("fes", "m2.medium", 1, calendar.story_hour(15, 8), calendar.story_hour(19, 18)),
        ),
        volumes=(Span("cbk", "20", 2, old), Span("fes", "40", 1, calendar.story_hour(15, 8))),
        floating_ips=(Span("cbk", "", 1, old),),
        octavia=(),
        neutron=(Span("cbk", "", 1, old),),
        buckets=(Bucket("cbk", "quobyte", 6 * GIB + 128 * MIB, 64 * MIB), Bucket("fes", "ceph", 0, 0)),
        cores_limit=(-1, 0, 8),
    )
