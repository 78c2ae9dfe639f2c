"""What the five providers answer about the bench's month: bodies, and the figures that they are made of.

A figure is a function of what it is of (the number of a workload, project or machine) and when (day or hour), so that
the month's sum can be reckoned without reading an answer.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

GIB = 2**30
HOUR = timedelta(hours=1)


def uuid(number: int) -> str:
    """A project's id where ids are 32 hexadecimal digits."""
    return f"{number + 1:032x}"


def micros(index: int, day: int) -> int:
    """What a workload cost on a day, in millionths."""
    return (index * 7919 + day * 104729) % 9999991


def workload(index: int, day: int) -> str:
    """A row of ScaleOps' report; most figures differ from row to row, sizes and shares repeat as real ones do."""
    cost, spot, namespace = micros(index, day), index % 25, index % 97
    return (
        f'{{"amountOfWorkloads":1,"annotations":null,"clusterName":"c{index % 2}","hourlyCost":{_sixth(cost // 24)},'
        f'"id":"c{index % 2}/ns{namespace}/deployment/w{index}","labels":null,"namespace":"ns{namespace}",'
        f'"onDemandHours":{24 - spot},"onDemandPercent":{_hundredth(10000 - spot * 10000 // 24)},'
        f'"ownerCpuRequest":{(index % 64 + 1) / 4},"ownerGpuRequest":{int(index % 50 == 0)},'
        f'"ownerLabels":[{{"key":"team","value":"t{index % 13}"}}],"ownerMemoryRequest":{(index % 96 + 1) * 256},'
        f'"replicas":{1 + index % 5}.{index * 31 % 1000:03d},"savingsAvailable":{_sixth(cost * 37 // 100)},'
        f'"savingsAvailableWithReplicas":{_sixth(cost * 41 // 100)},"services":[],"spotHours":{spot},'
        f'"spotPercent":{_hundredth(spot * 10000 // 24)},"totalCost":{_sixth(cost)},'
        f'"workloadName":"w{index}","workloadType":"Deployment"}}'
    )


def workloads(start: datetime, indices: range, day: int) -> str:
    """ScaleOps' answer for the day that begins at `start`."""
    window = f'{{"startTime":"{start:%Y-%m-%dT%H:%M:%S}","endTime":"{start + timedelta(days=1):%Y-%m-%dT%H:%M:%S}"}}'
    rows = ",".join(workload(index, day) for index in indices)
    return f'{{"aggregatedWorkloads":[{rows}],"clusters":["c0","c1"],"window":{window}}}'


def _sixth(millionths: int) -> str:
    return f"{millionths // 10**6}.{millionths % 10**6:06d}"


def _hundredth(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def ocore_figures(project: int, hour: int) -> dict[str, Decimal | int]:
    """What a project of oCore used in an hour, by field."""
    cores = Decimal((project * 31 + hour * 7) % 257 + 1) / 4
    received = (project * 7919 + hour * 104729) % 10**9
    return {
        "bandwidthInBytes": received,
        "bandwidthOutBytes": received * 3 + 1,
        "cpuCoreHours": cores,
        "diskGbHours": (project % 50 + 1) * 20,
        "instanceCount": project % 8 + 1,
        "instanceHours": project % 8 + 1,
        "ramGbHours": cores * 4,
    }


def ocore_items(start: datetime, hours: int, projects: int) -> Iterator[str]:
    """The answer for the whole organisation, in pieces: an item for each project and hour, and their sums."""
    sums: dict[str, Decimal | int] = {}
    yield '{"items":['
    for project in range(projects):
        items = []
        for hour in range(hours):
            figures = ocore_figures(project, hour)
            sums = {name: sums.get(name, 0) + value for name, value in figures.items()}
            items.append(_item(figures, f'"{start + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}"', project))
        yield ",".join(items) + ("," if project + 1 < projects else "")
    yield f'],"period":"hourly","totals":{_item(sums, "null", None)}}}'


def _item(figures: dict[str, Decimal | int], start: str, project: int | None) -> str:
    words = ("", "") if project is None else (f"prj_{project}", f"Project {project}")
    kind = "" if project is None else "hourly"
    return (
        f'{{"bandwidthInBytes":{figures["bandwidthInBytes"]},"bandwidthOutBytes":{figures["bandwidthOutBytes"]},'
        f'"cpuCoreHours":{figures["cpuCoreHours"]},"diskGbHours":{figures["diskGbHours"]},'
        f'"instanceCount":{figures["instanceCount"]},"instanceHours":{figures["instanceHours"]},'
        f'"periodStart":{start},"periodType":"{kind}","projectId":"{words[0]}","projectName":"{words[1]}",'
        f'"ramGbHours":{figures["ramGbHours"]}}}'
    )


def project_mib(project: int, hour: int, item: str) -> int:
    """The level of a project of NodeConductor in an hour: MiB, or percent of cpu."""
    if item == "cpu":
        return (project + hour) % 101
    return ((project * 17 + hour) % 256 + 1) * 64 if item == "memory" else (project % 100 + 1) * 1024


def series(start: int, hours: int, project: int, item: str) -> str:
    """NodeConductor's answer for one project and item from unix seconds on."""
    values = ((start + 3600 * hour, project_mib(project, hour, item)) for hour in range(hours))
    points = ",".join(f'{{"from":{first},"to":{first + 3600},"value":{mib}.0}}' for first, mib in values)
    return f'[{{"name":"Project {project}","datapoints":[{points}]}}]'


def listed(numbers: range) -> str:
    """A page of NodeConductor's projects."""
    owner = {"customer_uuid": uuid(10**6), "customer_name": "Estate"}
    return json.dumps(
        [{"uuid": uuid(n), "name": f"Project {n}", "created": "2026-01-01T00:00:00Z"} | owner for n in numbers]
    )


def machine_gib(machine: int) -> tuple[int, int]:
    """Memory and disk of a machine of OpenScaler."""
    return machine % 8 * 2 + 2, machine % 10 * 20 + 20


BLOCK_STORAGE_GIB = 500


def live(at: datetime, machines: int, sample: dict[str, Any]) -> str:
    """OpenScaler's snapshot, after the documented one."""
    (first, *_), hour = sample["data"]["vms"], at.hour
    vms = [
        first
        | {"vm_id": n, "name": f"vm-{n}", "region": f"alg{n % 2 + 1}", "cpu": (n * 37 + hour * 11) % 10000 / 100}
        | {"memory.total": machine_gib(n)[0] * GIB, "disk.capacity": machine_gib(n)[1] * GIB}
        for n in range(machines)
    ]
    data = sample["data"] | {"vms": vms, "block_storage.capacity": BLOCK_STORAGE_GIB * GIB}
    return json.dumps(sample | {"timestamp": int(at.timestamp()), "data": data})


def region_levels(project: int, hour: int) -> dict[str, int]:
    """Levels of a project of SysEleven, by documented field."""
    cores = (project + hour) % 32 + 1
    return {
        "compute.cores": cores,
        "compute.instances": cores,
        "compute.ram_mb": cores * 4096,
        "volume.space_gb": 100 * (project % 9 + 1),
        "network.floatingips": project % 5,
        "network.loadbalancers": 0,
        "loadbalancer.loadbalancers": 1,
    }


OBJECT_STORAGE_GIB = 64


def current_usage(project: int, hour: int, sample: dict[str, Any]) -> str:
    """SysEleven's answer, after the documented one: of one region."""
    levels = region_levels(project, hour)
    stored = [{"space_bytes": OBJECT_STORAGE_GIB * GIB, "type": "quobyte"}]
    kinds = {"compute.flavors": {"m1.small": levels["compute.cores"]}, "objectstorage": stored}
    return json.dumps({"cbk": sample["cbk"] | levels | kinds})
