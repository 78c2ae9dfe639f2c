"""The shape of ScaleOps' cost reports, which both have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec


class Workload(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """One workload or group, every field as documented. Numbers and lists are JSON text still."""

    amount_of_workloads: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # what the warehouse holds
    annotations: msgspec.Raw
    cluster_name: str
    hourly_cost: msgspec.Raw
    id: str
    labels: msgspec.Raw
    namespace: str
    on_demand_hours: msgspec.Raw
    on_demand_percent: msgspec.Raw
    owner_cpu_request: msgspec.Raw
    owner_gpu_request: msgspec.Raw
    owner_labels: msgspec.Raw
    owner_memory_request: msgspec.Raw
    replicas: msgspec.Raw
    savings_available: msgspec.Raw
    savings_available_with_replicas: msgspec.Raw
    services: msgspec.Raw
    spot_hours: msgspec.Raw
    spot_percent: msgspec.Raw
    total_cost: msgspec.Raw
    workload_name: str
    workload_type: str


NAMES = dict(zip(Workload.__struct_fields__, Workload.__struct_encode_fields__, strict=True))
"""The document's field for each of our columns, in the order of the struct."""


class OwnerLabel(msgspec.Struct, frozen=True, gc=False):
    """A pair of ownerLabels; keys may repeat."""

    key: str
    value: str


class Window(msgspec.Struct, rename="camel", frozen=True):
    """The answered window: ISO 8601 texts, in the example without a zone."""

    start_time: str
    end_time: str


class Report(msgspec.Struct, rename="camel", frozen=True):
    """The answer of both reports. A Go server may write an empty list as null."""

    aggregated_workloads: list[Workload] | None
    clusters: list[str] | None
    window: Window


TEXTS = ("id", "cluster_name", "namespace", "workload_name", "workload_type")
NUMBERS = (
    "hourly_cost",
    "total_cost",
    "on_demand_hours",
    "spot_hours",
    "on_demand_percent",
    "spot_percent",
    "savings_available",
    "savings_available_with_replicas",
    "replicas",
    "owner_cpu_request",
    "owner_memory_request",
    "owner_gpu_request",
)
LISTS: dict[str, Any] = {
    "owner_labels": list[OwnerLabel] | None,
    "services": list[str] | None,
    "annotations": Any,  # null in the document's example; its shape otherwise is not documented
    "labels": Any,
}


@dataclass(frozen=True, slots=True)
class Read:
    """A report with its workloads as columns of staging, named alike and of `count` rows (None: there was no list).

    `unknown` is what the document does not name beside the rows, as JSON text; `unknown_names` are all such names.
    """

    window: Window
    clusters: list[str] | None
    count: int | None
    columns: Mapping[str, Any]
    unknown: str = ""
    unknown_names: tuple[str, ...] = ()
