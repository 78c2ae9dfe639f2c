"""NodeConductor's usage and quota, answered from the facts of another provider's connection.

The connection stands for the one customer, its sub accounts for the projects; facts know no project groups.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tallybook.contract import Across, Reader, Source
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.nodeconductor.segments import DAY, HOUR, segments

_METERS = {"memory": "memory_gib_hours", "storage": "storage_gib_hours"}
_QUOTAS = {"cores": "vcpu", "memory": "ram", "storage": "storage", "instances": "max_instances"}


def build_usage(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """A series of means in MiB for the connection or each sub account; none for a uuid that no sub account has."""
    _refuse_unknown(given, source)
    item = given["item"]
    allowed = [name for name, meter in _METERS.items() if meter in source.facts.meters]
    if item not in allowed:
        raise UsageError(
            f"item={item}: the facts of connection {source.name} hold {source.facts.told}; allowed are "
            f"{', '.join(allowed)}"
        )
    until: int | None = reader.frame("documents/nodeconductor/known_of_facts").item()
    now = int(period.end.timestamp()) if until is None else until
    cut = segments(given, now=now, span=HOUR)
    _refuse_finer(cut, period, source)
    series = reader.frame(
        "documents/nodeconductor/usage_of_facts",
        aggregate=given["aggregate"],
        uuid=given["uuid"],
        item=item,
        meter=_METERS[item],
        **cut,
    )
    return series.drop("sub_account_id").to_dicts()


def build_quota(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], source: Source) -> object:
    """The limits of all sub accounts that are selected together, as last captured in the month; {} without any."""
    _refuse_unknown(given, source)
    limits = source.facts.limits
    rows = reader.frame(
        "documents/nodeconductor/quota_of_facts",
        uuid=given["uuid"],
        kinds=list(limits),
        resources=list(limits.values()),
    )
    levels = {row["kind"]: row for row in rows.to_dicts()}
    quota = {
        **{name: levels[kind]["quota"] for kind, name in _QUOTAS.items() if kind in levels},
        **{f"{name}_usage": levels[kind]["used"] for kind, name in _QUOTAS.items() if kind in levels},
    }
    unknown = [name for name, value in quota.items() if value is None]
    if unknown:
        raise UsageError(
            f"quota: the facts of connection {source.name} of {period} lack {', '.join(unknown)}, without which the "
            "document would not be whole"
        )
    return quota


def _refuse_unknown(given: Mapping[str, Any], source: Source) -> None:
    """UsageError for objects that facts do not know: groups, and customers by their uuid."""
    if given["aggregate"] == "project_group":
        raise UsageError(
            f"aggregate=project_group: the facts of connection {source.name} know no groups; allowed are "
            "customer, project"
        )
    if given["aggregate"] == "customer" and given["uuid"]:
        raise UsageError(
            f"uuid={given['uuid']!r}: the connection {source.name} is the only customer and has no uuid; "
            "leave uuid away, or give aggregate=project and the id of a project"
        )


def _refuse_finer(cut: Mapping[str, int], period: BillingPeriod, source: Source) -> None:
    """UsageError for segments that cut a charge period: how usage was spread within it is not known."""
    if source.facts.grain <= timedelta(hours=1) or not (cut["start"] % DAY or cut["step"] % DAY):
        return
    start, end = int(period.start.timestamp()), int(period.end.timestamp())
    raise UsageError(
        f"from={cut['start']} in segments of {cut['step']} seconds: the facts of connection {source.name} hold whole "
        f"UTC days; give segments of whole days, e.g. from={start} to={end} datapoints={(end - start) // DAY}"
    )


USAGE = Across(
    needs=f"usage of {' or '.join(_METERS.values())}",
    is_met=lambda facts: not facts.meters.isdisjoint(_METERS.values()),
    build=build_usage,
    differs=(
        "`item` is memory or storage: percent of a CPU is no usage that could be added up.",
        "`aggregate` is project (each sub account, `uuid` is its id) or customer (the connection as a whole).",
        (
            "GiB-hours x 1024 / hours are MiB: memory is the mean of a segment, storage that of its last hour or day, "
            "both rounded to the millionth."
        ),
        "Of usage that is known by day, segments are whole UTC days. Now is the end of the month's last usage.",
        "Hours that nobody saw add nothing: sampled figures are lower bounds, as in reports.",
    ),
)
QUOTA = Across(
    needs="limits of cores, memory, storage and instances",
    is_met=lambda facts: set(_QUOTAS) <= set(facts.limits),
    build=build_quota,
    reads="quotas",
    differs=(
        (
            "Cores are `vcpu`, MiB of memory `ram`, GiB of volumes x 1024 `storage`, instances `max_instances`: sums "
            "over the regions of each sub account on its last day with a capture. One unlimited makes a sum -1."
        ),
        "`aggregate` is project (`uuid` is the id of a sub account) or customer (all of the connection).",
        "A limit or use that is not known in a region is refused.",
    ),
)
CUSTOMER = Across(needs="counts of the projects and project groups of customers")
RESOURCE = Across(needs="the capacity of a cloud")
CREATION_TIME = Across(needs="times of creation of customers, projects and project groups")
ALERT = Across(needs="counts of alerts")
