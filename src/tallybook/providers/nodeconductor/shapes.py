"""The shape of a usage answer."""

from decimal import Decimal

import msgspec


class Datapoint(msgspec.Struct, rename={"from_": "from"}, frozen=True):
    """A segment `[from, to)`. Later servers leave the value out where they have none; storage may be text."""

    from_: int
    to: int
    value: Decimal | None = None


class Series(msgspec.Struct, frozen=True):
    """The datapoints of one object, which is only named."""

    name: str
    datapoints: list[Datapoint]
