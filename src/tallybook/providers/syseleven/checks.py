"""The flavors of a region against its cores and memory. Differences are noted, never mended.

The documented example itself differs in one region, so this can only be a hint.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

# The provider's flavor table: <type><class>.<size>, cores by size, GiB of memory per core by class letter.
_FLAVOR = re.compile(r"[ml][0-9]([cr]?)\.([0-9a-z]+)")
_CORES = {
    "tiny": 1,
    "small": 2,
    "medium": 4,
    "large": 8,
    "xlarge": 16,
    "xxlarge": 32,
    "2xlarge": 32,
    "4xlarge": 64,
}
_GIB_PER_CORE = {"": 4, "c": 2, "r": 8}


def flavors_disagree(counts: Mapping[str, Decimal], *, cores: Decimal | None, memory_mib: Decimal | None) -> bool:
    """Whether machines of these flavors have other cores or memory than stated; False when a flavor is unknown.

    Example: three m1c.tiny are 3 cores and 6144 MiB.
    """
    sizes = [(flavor_size(name), count) for name, count in counts.items()]
    if cores is None or memory_mib is None or any(size is None for size, _ in sizes):
        return False
    known = [(size, count) for size, count in sizes if size is not None]
    return (
        sum((size[0] * count for size, count in known), Decimal(0)) != cores
        or sum((size[1] * count for size, count in known), Decimal(0)) != memory_mib
    )


def flavor_size(name: str) -> tuple[int, int] | None:
    """Cores and MiB of a flavor; None for one that the table does not know."""
    match = _FLAVOR.fullmatch(name)
    if match is None or match[2] not in _CORES:
        return None
    cores = _CORES[match[2]]
    return cores, cores * _GIB_PER_CORE[match[1]] * 1024
