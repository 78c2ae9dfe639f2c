"""What the aggregates of a snapshot ought to be, worked out from its parts. Differences are noted, never mended.

The texts carry no figures, so that the same oddity in each sample of a month is one note.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallybook.providers.openscaler.shapes import ACCOUNT, VPC, Account

# The figures are binary floats in decimal dress; the documented example agrees to 1e-9 of a part.
_TOLERANCE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Levels:
    """The aggregates of an account by column, the cpu of each machine, and the figures of all networks by column."""

    account: Mapping[str, Decimal | None]
    cpus: Sequence[Decimal | None]
    networks: Mapping[str, Sequence[Decimal]]


def levels(account: Account) -> Levels:
    """Those of an account that was read figure by figure."""
    return Levels(
        account={column: getattr(account, column) for column in ACCOUNT},
        cpus=[vm.cpu for vm in account.vms],
        networks={column: [getattr(vpc, column) for vpc in account.vpcs] for column in VPC},
    )


def notes(found: Levels) -> Iterator[str]:
    """A note per aggregate that is not what the documented example shows it to be."""
    account = found.account
    worked_out = block_storage_usage_pct(account["block_storage_allocation"], account["block_storage_capacity"])
    if not _agrees(account["block_storage_usage"], worked_out):
        yield "block_storage.usage is not allocation / capacity: kept as answered, not used"
    if not _agrees(account["cpu"], mean_cpu_pct(found.cpus)):
        yield "cpu is not the mean of the machines' cpu: kept as answered"
    for name in ("network_rx", "network_tx"):
        if not _agrees(account[name], sum(found.networks[name], Decimal(0))):
            yield f"{name.replace('_', '.')} is not the sum over VPCs: kept as answered"


def block_storage_usage_pct(allocation: Decimal | None, capacity: Decimal | None) -> Decimal | None:
    """Allocation in percent of capacity; None without either, or without capacity."""
    return None if allocation is None or not capacity else allocation * 100 / capacity


def mean_cpu_pct(cpus: Sequence[Decimal | None]) -> Decimal | None:
    """The unweighted mean over machines that report cpu; None when none does."""
    values = [cpu for cpu in cpus if cpu is not None]
    return sum(values, Decimal(0)) / len(values) if values else None


def _agrees(answered: Decimal | None, worked_out: Decimal | None) -> bool:
    if answered is None or worked_out is None:
        return True
    return abs(answered - worked_out) <= _TOLERANCE * max(Decimal(1), abs(worked_out))
