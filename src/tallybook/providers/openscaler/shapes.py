"""The shape of a live snapshot, every field as documented, under column names without the dots."""

from decimal import Decimal
from typing import Annotated

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def _dotted(*families: tuple[str, tuple[str, ...]]) -> dict[str, str]:
    return {f"{family}_{key}": f"{family}.{key}" for family, keys in families for key in keys}


_MEMORY = ("memory", ("used", "total"))
_DISK = ("disk", ("read", "write", "allocation", "capacity", "usage"))
_BLOCK_STORAGE = ("block_storage", ("read", "write", "allocation", "capacity", "usage"))
_NETWORK = ("network", ("rx", "tx"))

# column -> the key it is read from
VPC = _dotted(_NETWORK)
VM = {"cpu": "cpu", **_dotted(_MEMORY, _DISK, _NETWORK)}
ACCOUNT = {"cpu": "cpu", **_dotted(_MEMORY, _DISK, _BLOCK_STORAGE, _NETWORK)}


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """Something with figures."""


class Vm(Metric, rename=VM, frozen=True, kw_only=True):
    """A machine. What a machine that does not run reports is not documented, so its figures may be absent."""

    vm_id: Whole
    name: str
    state: str
    region: str
    created_at: str
    os: str
    cpu: Decimal | None = None
    memory_used: Decimal | None = None
    memory_total: Decimal | None = None
    disk_read: Decimal | None = None
    disk_write: Decimal | None = None
    disk_allocation: Decimal | None = None
    disk_capacity: Decimal | None = None
    disk_usage: Decimal | None = None
    network_rx: Decimal | None = None
    network_tx: Decimal | None = None


class Vpc(Metric, rename=VPC, frozen=True, kw_only=True):
    """A network; it has no name and no region."""

    vpc_id: Whole
    network_rx: Decimal
    network_tx: Decimal


class Account(Metric, rename=ACCOUNT, frozen=True, kw_only=True):
    """The account's aggregates; null where there is nothing to aggregate."""

    cpu: Decimal | None
    memory_used: Decimal | None
    memory_total: Decimal | None
    disk_read: Decimal | None
    disk_write: Decimal | None
    disk_allocation: Decimal | None
    disk_capacity: Decimal | None
    disk_usage: Decimal | None
    block_storage_read: Decimal | None
    block_storage_write: Decimal | None
    block_storage_allocation: Decimal | None
    block_storage_capacity: Decimal | None
    block_storage_usage: Decimal | None
    network_rx: Decimal | None
    network_tx: Decimal | None
    vms: list[Vm]
    vpcs: list[Vpc]


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `timestamp` is unix seconds, `step` seconds."""

    timestamp: Whole
    step: Whole
    data: Account
