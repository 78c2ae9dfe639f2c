"""SysEleven's quota, answered from the quota facts of another provider's connection.

Only components of which each documented field is known are there: compute, in the form of versions 1 and 2.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tallybook.contract import Across, Reader, Source
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod

_FIELDS = {"compute.cores": "cores", "compute.instances": "instances", "compute.ram_mb": "memory"}


def build_quota(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """Region to dotted field to limit, as last captured in the month; {} when nothing was.

    Raises UsageError for an unknown project or region, and for version 3.
    """
    project_id = str(given["project_id"])
    if given["version"] == "v3":
        raise UsageError(
            f"version=v3: the facts of connection {source.name} hold no limits of key pairs and server groups, which "
            "came with it; allowed are v1, v2"
        )
    known = reader.frame("documents/syseleven/accounts_of_facts")["sub_account_id"].to_list()
    _refuse_unknown("project_id", [project_id], known)
    limits = source.facts.limits
    rows = reader.frame(
        "documents/syseleven/quota_of_facts",
        project_id=project_id,
        kinds=list(limits),
        resources=list(limits.values()),
    )
    answer: dict[str, dict[str, Any]] = {}
    for row in rows.to_dicts():
        answer.setdefault(row["region"] or source.name, {})[row["kind"]] = row["quota"]
    asked = [part.strip() for text in given["regions"] or () for part in text.split(",") if part.strip()]
    if answer:
        _refuse_unknown("regions", asked, answer)
    return {region: _compute(levels) for region, levels in answer.items() if not asked or region in asked}


def _compute(levels: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the component, or none when one of them is not known."""
    fields = {name: levels.get(kind) for name, kind in _FIELDS.items()}
    return {} if None in fields.values() else fields


def _refuse_unknown(parameter: str, asked: Iterable[str], known: Iterable[str]) -> None:
    allowed = list(known)
    for name in asked:
        if name not in allowed:
            raise UsageError(f"{parameter}={name!r}: allowed are {', '.join(allowed) or 'none: nothing was captured'}")


QUOTA = Across(
    needs="limits of cores, memory and instances",
    is_met=lambda facts: set(_FIELDS.values()) <= set(facts.limits),
    build=build_quota,
    reads="quotas",
    differs=(
        "`project_id` is the id of a sub account. Where the facts name no region it is called as the connection.",
        (
            "`compute.cores`, `compute.instances` and `compute.ram_mb` (MiB) are there, as in v1 and v2, which "
            "have it alike; a component that is not known whole is not. -1 is unlimited."
        ),
    ),
)
CURRENT_USAGE = Across(needs="instances by flavor, and counts of volumes")
