"""What the aggregates of a snapshot ought to be, worked out from its parts. Differences are noted, never mended.

The texts carry no figures, so that the same oddity in each sample of a month is one note.
"""

from collections.abc import Iterator
from decimal import Decimal

from tallybook.providers.openscaler.shapes import Account

# The figures are binary floats in decimal dress; the documented example agrees to 1e-9 of a part.
_TOLERANCE = Decimal("0.000001")


def notes(account: Account) -> Iterator[str]:
    """A note per aggregate that is not what the documented example shows it to be."""
    if not _agrees(account.block_storage_usage, block_storage_usage_pct(account)):
        yield "block_storage.usage is not allocation / capacity: kept as answered, not used"
    if not _agrees(account.cpu, mean_cpu_pct(account)):
        yield "cpu is not the mean of the machines' cpu: kept as answered"
    for name in ("network_rx", "network_tx"):
        total = sum((getattr(vpc, name) for vpc in account.vpcs), Decimal(0))
        if not _agrees(getattr(account, name), total):
            yield f"{name.replace('_', '.')} is not the sum over VPCs: kept as answered"


def block_storage_usage_pct(account: Account) -> Decimal | None:
    """Allocation in percent of capacity; None without either, or without capacity."""
    if account.block_storage_allocation is None or not account.block_storage_capacity:
        return None
    return account.block_storage_allocation * 100 / account.block_storage_capacity


def mean_cpu_pct(account: Account) -> Decimal | None:
    """The unweighted mean over machines that report cpu; None when none does."""
    values = [vm.cpu for vm in account.vms if vm.cpu is not None]
    return sum(values, Decimal(0)) / len(values) if values else None


def _agrees(answered: Decimal | None, worked_out: Decimal | None) -> bool:
    if answered is None or worked_out is None:
        return True
    return abs(answered - worked_out) <= _TOLERANCE * max(Decimal(1), abs(worked_out))
