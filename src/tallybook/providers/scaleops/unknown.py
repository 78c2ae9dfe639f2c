"""Workloads with fields that the document does not name, which a provider adds one day to every row.

Their names are learned from the rows themselves: a list that does not fit is looked at for names, and decoded once more
with them. So each row stays one object of known fields, and what is unknown is written in whole columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec

from tallybook.decode import encode_lines
from tallybook.providers.scaleops.shapes import NAMES, Workload

_MOST = 20  # names that are learned: each may have a list decoded once more
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Form:
    """How lists of workloads are decoded that may have the fields of these names too."""

    names: frozenset[str]
    decoder: msgspec.json.Decoder[list[Any]]
    apart: type[msgspec.Struct]  # the unknown fields on their own

    def unknown_lines(self, workloads: Sequence[Any]) -> bytes:
        """Of each workload its unknown fields as `decode.unknown_fields` writes them, `{}` for none, a line each."""
        if not self.names:
            return b"{}\n" * len(workloads)
        values = (map(attrgetter(field), workloads) for field in self.apart.__struct_fields__)
        return encode_lines(map(self.apart, *values))


def decoded(lists: Iterable[bytes | msgspec.Raw]) -> Iterator[tuple[Form, Sequence[Any]]]:
    """The workloads of each list, and the form that they have: the last one has all unknown names of the report.

    Raises DecodeError, ValueError or ArithmeticError when one is not as documented otherwise, or a name cannot be held.
    """
    form = _form(frozenset())
    for each in lists:
        try:
            workloads = form.decoder.decode(each)
        except msgspec.ValidationError:
            names = form.names | _unknown_names(each)
            if len(names) > _MOST:
                raise
            form = _form(names)
            workloads = form.decoder.decode(each)
        yield form, workloads


def _unknown_names(workloads: bytes | msgspec.Raw) -> set[str]:
    return set(chain.from_iterable(map(_FIELDS.decode, _LIST.decode(workloads)))).difference(NAMES.values())


@lru_cache(_MOST)
def _form(names: frozenset[str]) -> Form:
    rename = {f"unknown_{number}": name for number, name in enumerate(sorted(names))}
    unknown = [(field, Any, msgspec.UNSET) for field in rename]
    workload = msgspec.defstruct(
        "_Workload",
        [*Workload.__annotations__.items(), *unknown],
        rename=NAMES | rename,
        forbid_unknown_fields=True,
        frozen=True,
        gc=False,
    )
    decoder = msgspec.json.Decoder(list[workload], float_hook=Decimal)  # type: ignore[valid-type] # made above
    return Form(names, decoder, msgspec.defstruct("_Unknown", unknown, rename=rename, frozen=True, gc=False))
