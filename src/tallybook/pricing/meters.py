"""The meters: what usage counts, and the unit it is priced in. Their names are promised in contract.md."""

import re
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter. `unit` is what it counts; `units_per_pricing_unit` of them make one `pricing_unit`."""

    name: str
    unit: str
    pricing_unit: str
    units_per_pricing_unit: int = 1


METERS = {
    meter.name: meter
    for meter in (
        Meter("core_hours", "core-hour", "core-hour"),
        Meter("memory_gib_hours", "GiB-hour", "GiB-hour"),
        Meter("storage_gib_hours", "GiB-hour", "GiB-hour"),
        Meter("object_storage_gib_hours", "GiB-hour", "GiB-hour"),
        Meter("network_in_bytes", "byte", "GiB", GIB),
        Meter("network_out_bytes", "byte", "GiB", GIB),
        Meter("instance_hours", "hour", "hour"),
        Meter("gpu_hours", "hour", "hour"),
        Meter("floating_ip_hours", "hour", "hour"),
        Meter("load_balancer_hours", "hour", "hour"),
    )
}
_FLAVOR = re.compile(r"flavor:.+_hours")


def find_meter(name: str) -> Meter | None:
    """The meter called `name`, `flavor:<name>_hours` among them; None when there is none."""
    if _FLAVOR.fullmatch(name):
        return Meter(name, "hour", "hour")
    return METERS.get(name)


def meter_or_plain(name: str) -> Meter:
    """The meter called `name`; one that is not in the table counts plain units, which no price row can name."""
    return find_meter(name) or Meter(name, "unit", "unit")


def known_meters() -> str:
    """The names a price row may use, for messages."""
    return ", ".join([*METERS, "flavor:<name>_hours"])
