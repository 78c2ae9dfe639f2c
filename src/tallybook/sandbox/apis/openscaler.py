"""OpenScaler: GET /v1/stats/live, one snapshot of the account.

Relations between fields are those of the documented example: cpu is the mean over VMs, memory and disk are sums
over VMs, network is the sum over VPCs, and block_storage.usage is twice what allocation and capacity give. Rates
are averages over 25 seconds, hence multiples of 0.04. A stopped VM keeps its fields, with zeros for what is used.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tallybook.sandbox import chance
from tallybook.sandbox.answers import Check, Context, guarded, has_token, raw_json
from tallybook.sandbox.credentials import OPENSCALER_TOKEN
from tallybook.sandbox.hours import instant_of
from tallybook.sandbox.measures import plain
from tallybook.sandbox.worlds.openscaler import Machine, block_storage_bytes, state_of

STEP_SECONDS = 5
Number = Decimal | int
Stats = dict[str, object]


def make_routes(context: Context) -> list[Route]:
    """Routes below /openscaler."""

    @lru_cache(maxsize=16)
    def encoded(hour: int) -> bytes:
        return context.encode({"timestamp": 0, "step": STEP_SECONDS, "data": live_data(context, hour)})

    async def live(request: Request) -> Response:  # noqa: ARG001
        timestamp = context.clock.seconds // STEP_SECONDS * STEP_SECONDS
        body = encoded(context.clock.hour)
        return raw_json(body.replace(b'"timestamp":0', b'"timestamp":%d' % timestamp, 1))

    return [Route("/v1/stats/live", guarded(make_check(context), live))]


def make_check(context: Context) -> Check:
    """Bearer token."""

    def check(request: Request) -> Response | None:
        if has_token(request, scheme="Bearer", token=OPENSCALER_TOKEN):
            return None
        return context.answer({"message": "Unauthorized"}, status=401)

    return check


def live_data(context: Context, hour: int) -> Stats:
    """The `data` object of an hour."""
    estate, seed = context.world.openscaler, context.world.recipe.seed
    machines = [
        _machine_stats(seed, machine, state, hour)
        for machine in estate.machines
        if (state := state_of(machine, hour)) is not None
    ]
    vpcs = [_vpc_stats(seed, vpc_id, hour) for vpc_id in estate.vpc_ids]
    capacity = block_storage_bytes(estate, hour)
    allocation = capacity // 100 * chance.between(20, 45, seed, "block storage", hour)
    return {
        "cpu": _mean(machines, "cpu"),
        **{key: _sum(machines, key) for key in ("memory.used", "memory.total")},
        **{f"disk.{key}": _sum(machines, f"disk.{key}") for key in ("read", "write")},
        **{f"disk.{key}": _sum(machines, f"disk.{key}") for key in ("allocation", "capacity")},
        "disk.usage": _percent(_sum(machines, "disk.allocation"), _sum(machines, "disk.capacity")),
        "block_storage.read": _rate(seed, "block read", hour),
        "block_storage.write": _rate(seed, "block write", hour),
        "block_storage.allocation": allocation,
        "block_storage.capacity": capacity,
        "block_storage.usage": _percent(2 * allocation, capacity),
        "network.rx": _sum(vpcs, "network.rx"),
        "network.tx": _sum(vpcs, "network.tx"),
        "vms": machines,
        "vpcs": vpcs,
    }


def _machine_stats(seed: int, machine: Machine, state: str, hour: int) -> Stats:
    runs = state == "running"
    cpu = chance.between(0, 10_000, seed, "vm cpu", machine.vm_id, hour)
    memory = machine.memory_bytes // 128 * chance.between(30, 120, seed, "vm mem", machine.vm_id, hour)
    allocation = machine.disk_bytes // 128 * chance.between(20, 100, seed, "vm disk", machine.vm_id)
    rates = {
        key: _rate(seed, key, machine.vm_id, hour) if runs else 0
        for key in ("disk.read", "disk.write", "network.rx", "network.tx")
    }
    return {
        "vm_id": machine.vm_id,
        "name": machine.name,
        "state": state,
        "region": machine.region,
        "created_at": instant_of(machine.created_hour).strftime("%Y-%m-%dT%H:%M:%S"),
        "os": machine.os,
        "cpu": plain(Decimal(cpu).scaleb(-2)) if runs else 0,
        "memory.used": memory if runs else 0,
        "memory.total": machine.memory_bytes,
        "disk.read": rates["disk.read"],
        "disk.write": rates["disk.write"],
        "disk.allocation": allocation,
        "disk.capacity": machine.disk_bytes,
        "disk.usage": _percent(allocation, machine.disk_bytes),
        "network.rx": rates["network.rx"],
        "network.tx": rates["network.tx"],
    }


def _vpc_stats(seed: int, vpc_id: int, hour: int) -> Stats:
    return {
        "vpc_id": vpc_id,
        "network.rx": _rate(seed, "vpc rx", vpc_id, hour),
        "network.tx": _rate(seed, "vpc tx", vpc_id, hour),
    }


def _rate(*key: object) -> Number:
    """Bytes per second, up to 4 MB/s."""
    return plain(Decimal(chance.between(0, 10**8, *key)) * Decimal("0.04"))


def _percent(part: Number, whole: Number) -> Number:
    return plain((Decimal(part) * 100 / whole).quantize(Decimal("1e-12"))) if whole else 0


def _sum(rows: Iterable[Stats], key: str) -> Number:
    return plain(sum((Decimal(str(row[key])) for row in rows), Decimal(0)))


def _mean(rows: list[Stats], key: str) -> Number:
    return plain((_sum(rows, key) / Decimal(len(rows))).quantize(Decimal("1e-8"))) if rows else 0
