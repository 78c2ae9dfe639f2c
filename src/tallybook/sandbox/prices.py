"""The world's own price list and its map from provider projects to the firm's: `/truth` and `/books` speak it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallybook.sandbox.hours import Calendar
from tallybook.sandbox.measures import GIB
from tallybook.sandbox.worlds import syseleven

CURRENCY = "EUR"
BEGINNING = date(2020, 1, 1)
UNITS = {
    "core_hours": "core-hour",
    "memory_gib_hours": "GiB-hour",
    "storage_gib_hours": "GiB-hour",
    "object_storage_gib_hours": "GiB-hour",
    "network_in_bytes": "GiB",
    "network_out_bytes": "GiB",
}
"""Unit that a meter is priced in; every other meter counts hours."""

BYTE_METERS = frozenset({"network_in_bytes", "network_out_bytes"})


@dataclass(frozen=True, slots=True)
class Price:
    """EUR per priced unit, in the half-open days [valid_from, valid_to); an empty sub account or region is any."""

    provider: str
    meter: str
    unit_price: Decimal
    sub_account_id: str = ""
    region: str = ""
    valid_from: date = BEGINNING
    valid_to: date | None = None

    @property
    def unit(self) -> str:
        return UNITS.get(self.meter, "hour")

    def applies(self, *, sub_account_id: str, region: str, day: date) -> bool:
        return (
            self.sub_account_id in ("", sub_account_id)
            and self.region in ("", region)
            and self.valid_from <= day
            and (self.valid_to is None or day < self.valid_to)
        )

    @property
    def specificity(self) -> int:
        return (self.sub_account_id != "") + (self.region != "")


def make_prices(calendar: Calendar) -> tuple[Price, ...]:
    """Prices of every meter but SysEleven's load balancers; NodeConductor's memory changes on the 15th."""
    change = calendar.story_month.replace(day=15)
    simple = (
        ("openscaler", "instance_hours", "0.0125"),
        ("openscaler", "memory_gib_hours", "0.0048"),
        ("openscaler", "storage_gib_hours", "0.00011"),
        ("nodeconductor", "storage_gib_hours", "0.00014"),
        ("syseleven", "core_hours", "0.0135"),
        ("syseleven", "memory_gib_hours", "0.0042"),
        ("syseleven", "storage_gib_hours", "0.00016"),
        ("syseleven", "object_storage_gib_hours", "0.00004"),
        ("syseleven", "floating_ip_hours", "0.005"),
        ("syseleven", "instance_hours", "0"),
        ("ocore", "core_hours", "0.021"),
        ("ocore", "memory_gib_hours", "0.0065"),
        ("ocore", "storage_gib_hours", "0.00018"),
        ("ocore", "network_in_bytes", "0"),
        ("ocore", "network_out_bytes", "0.045"),
        ("ocore", "instance_hours", "0.003"),
    )
    return (
        *(Price(provider, meter, Decimal(price)) for provider, meter, price in simple),
        Price("openscaler", "instance_hours", Decimal("0.0150"), region="alg2"),
        Price("nodeconductor", "memory_gib_hours", Decimal("0.0061"), valid_to=change),
        Price("nodeconductor", "memory_gib_hours", Decimal("0.0067"), valid_from=change),
        Price("syseleven", "core_hours", Decimal("0.0119"), sub_account_id="2" * 32),
        *(Price("syseleven", f"flavor:{name}_hours", Decimal(0)) for name in sorted(syseleven.FLAVORS)),
    )


def find_price(prices: Iterable[Price], *, sub_account_id: str, region: str, day: date) -> Price | None:
    """The most specific price of a meter's prices on a day, or None."""
    matching = [price for price in prices if price.applies(sub_account_id=sub_account_id, region=region, day=day)]
    return max(matching, key=lambda price: price.specificity, default=None)


def priced_quantity(meter: str, quantity: Decimal) -> Decimal:
    """The quantity in the unit that the meter is priced in: bytes become GiB."""
    return quantity / GIB if meter in BYTE_METERS else quantity
