"""The world's own totals of a month, hour by hour and priced day by day, in exact decimals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from tallybook.sandbox.hours import DAY_HOURS, date_of, hour_of, month_hours
from tallybook.sandbox.measures import Metered, MeterKey, text
from tallybook.sandbox.prices import (
    BYTE_METERS,
    CURRENCY,
    UNITS,
    Price,
    find_price,
    priced_quantity,
)
from tallybook.sandbox.projects import find_project
from tallybook.sandbox.restatement import percent_of_day
from tallybook.sandbox.world import World
from tallybook.sandbox.worlds import nodeconductor, ocore, openscaler, scaleops, syseleven

Days = dict[int, Decimal]


@dataclass(frozen=True, slots=True)
class Charge:
    """One meter's month. The cost is None when no day of it has a price; `is_priced` when every day has one."""

    provider: str
    key: MeterKey
    name: str
    quantity: Decimal
    cost: Decimal | None
    is_priced: bool


@dataclass(frozen=True, slots=True)
class WorkloadCost:
    """One workload's month: cost and savings in millionths of USD, replica-hours."""

    workload: scaleops.Workload
    sums: scaleops.Sums


def tell_truth(world: World, month: str, *, now: datetime, restates: bool) -> dict[str, object]:
    """The document of `/truth/<month>`: what has been used and owed in the hours completed at `now`.

    Meters without usage are left out. Decimals are text.

    Raises:
        ValueError: the text is no month, or it lies outside of history.
    """
    hours = completed_hours(world, month, now=now)
    charges = list(iterate_charges(world, hours))
    workloads = list(iterate_workloads(world, hours, now=now, restates=restates))
    providers: dict[str, object] = {
        provider: _provider_document([one for one in charges if one.provider == provider]) for provider in _METERS
    }
    providers["scaleops"] = _scaleops_document(workloads)
    unpriced = sorted({(one.provider, one.key.meter) for one in charges if not one.is_priced})
    return {
        "month": month,
        "providers": providers,
        "projects": _project_rows(world, charges, workloads),
        "totals": {
            CURRENCY: text(_total(charges)),
            scaleops.CURRENCY: text(_workload_total(workloads)),
        },
        "unpriced": [{"provider": provider, "meter": meter} for provider, meter in unpriced],
    }


def completed_hours(world: World, month: str, *, now: datetime) -> range:
    """The month's hours that history holds and that are over at `now`.

    Raises:
        ValueError: the text is no month, or it lies outside of history.
    """
    first, end = month_hours(month)
    if first < world.calendar.start_hour or first > hour_of(now):
        raise ValueError(f"{month} has no history; the world begins {world.calendar.start:%Y-%m}")
    return range(first, min(end, hour_of(now)))


_METERS: dict[str, Callable[[World, int], Iterable[Metered]]] = {
    "openscaler": lambda world, hour: openscaler.meter_hour(world.openscaler, hour),
    "nodeconductor": lambda world, hour: nodeconductor.meter_hour(world.nodeconductor, hour),
    "syseleven": lambda world, hour: syseleven.meter_hour(world.syseleven, hour),
    "ocore": lambda world, hour: ocore.meter_hour(world.ocore, hour),
}


def iterate_charges(world: World, hours: range) -> Iterator[Charge]:
    """One charge per provider and meter with usage in the hours, in sorted order."""
    for provider, meter_hour in _METERS.items():
        names = _sub_account_names(world, provider)
        used: dict[MeterKey, Days] = defaultdict(lambda: defaultdict(Decimal))
        for hour in hours:
            for key, quantity in meter_hour(world, hour):
                if quantity:
                    used[key][hour // DAY_HOURS] += quantity
        for key in sorted(used):
            name = names.get(key.sub_account_id, key.sub_account_id)
            yield _charge(world.prices, provider=provider, key=key, name=name, days=used[key])


def _charge(prices: tuple[Price, ...], *, provider: str, key: MeterKey, name: str, days: Days) -> Charge:
    candidates = [one for one in prices if (one.provider, one.meter) == (provider, key.meter)]
    costs: list[Decimal] = []
    for day, quantity in days.items():
        price = find_price(
            candidates,
            sub_account_id=key.sub_account_id,
            region=key.region,
            day=date_of(day * DAY_HOURS),
        )
        if price is not None:
            costs.append(priced_quantity(key.meter, quantity) * price.unit_price)
    return Charge(
        provider,
        key,
        name,
        sum(days.values(), Decimal(0)),
        cost=sum(costs, Decimal(0)) if costs else None,
        is_priced=len(costs) == len(days),
    )


def iterate_workloads(world: World, hours: range, *, now: datetime, restates: bool) -> Iterator[WorkloadCost]:
    """One row per workload that ran in the hours."""
    percent = percent_of_day(hours.start, now=now, enabled=restates)
    for workload in world.scaleops.workloads:
        sums = scaleops.sum_hours(world.scaleops, workload, first=hours.start, end=hours.stop)
        if sums.hours:
            yield WorkloadCost(workload, sums._replace(cost=sums.cost // 100 * percent))


def _sub_account_names(world: World, provider: str) -> dict[str, str]:
    if provider == "nodeconductor":
        return {one.uuid: one.name for one in world.nodeconductor.projects}
    if provider == "ocore":
        return {one.project_id: one.name for one in world.ocore.projects}
    return {}


def _total(charges: Iterable[Charge]) -> Decimal:
    return sum((one.cost for one in charges if one.cost is not None), Decimal(0))


def _workload_total(workloads: Iterable[WorkloadCost]) -> Decimal:
    return Decimal(sum(one.sums.cost for one in workloads)).scaleb(-6)


def _provider_document(charges: list[Charge]) -> dict[str, object]:
    usage = [
        {
            "sub_account_id": one.key.sub_account_id,
            "sub_account_name": one.name,
            "region": one.key.region,
            "meter": one.key.meter,
            "unit": "byte" if one.key.meter in BYTE_METERS else UNITS.get(one.key.meter, "hour"),
            "quantity": text(one.quantity),
            "cost": None if one.cost is None else text(one.cost),
            "currency": CURRENCY,
        }
        for one in charges
    ]
    return {"usage": usage, "total_cost": {CURRENCY: text(_total(charges))}}


def _scaleops_document(workloads: list[WorkloadCost]) -> dict[str, object]:
    rows = [
        {
            "cluster": one.workload.cluster,
            "namespace": one.workload.namespace,
            "workload": one.workload.name,
            "workload_type": one.workload.type,
            "total_cost": text(Decimal(one.sums.cost).scaleb(-6)),
            "spot_hours": str(one.sums.spot_hours),
            "on_demand_hours": str(one.sums.on_demand_hours),
            "savings_available": text(Decimal(one.sums.savings).scaleb(-6)),
            "currency": scaleops.CURRENCY,
        }
        for one in workloads
    ]
    return {"workloads": rows, "total_cost": {scaleops.CURRENCY: text(_workload_total(workloads))}}


def _project_rows(world: World, charges: list[Charge], workloads: list[WorkloadCost]) -> list[dict[str, str]]:
    find = partial(find_project, world.project_rules)
    costs: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for one in charges:
        project = find(provider=one.provider, sub_account_id=one.key.sub_account_id, name=one.name)
        costs[project, one.provider, CURRENCY] += one.cost or Decimal(0)
    for row in workloads:
        account = f"{row.workload.cluster}/{row.workload.namespace}"
        project = find(provider="scaleops", sub_account_id=account, name=account)
        costs[project, "scaleops", scaleops.CURRENCY] += Decimal(row.sums.cost).scaleb(-6)
    return [
        {"project": project, "provider": provider, "currency": currency, "cost": text(cost)}
        for (project, provider, currency), cost in sorted(costs.items())
    ]
