"""What the sandbox answers is what comes out of the warehouse that was collected from it, for the same question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline import collect
from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running
from tallybook.sandbox.world import WorldSize
from tallybook.warehouse import Warehouse
from tests.documents.providers.document_bench import OCTOBER, asked, exact
from tests.sandbox.client import HEADERS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("histories_and_costs")]  # one sandbox for all of them

CAPTURED = datetime(2026, 10, 31, 23, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)  # the end of October: the month's now and the sandbox's are one
END, DAY = int(NOW.timestamp()), 86400
CONNECTIONS = ["nodeconductor-main", "scaleops-main"]
REPORTS = {"aggregated": "getAggregated", "workloads": "getWorkloads"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sandbox, and a house that collected September and October from it."""

    sandbox: Running
    house: House
    warehouse: Warehouse

    def statistic(self, name: str, *, now: datetime = NOW, **query: str) -> tuple[Any, Any]:
        """NodeConductor's answer and our document."""
        self.sandbox.set_clock(now)
        url = f"{self.sandbox.url}/nodeconductor/api/stats/{name}/"
        answer = httpx.get(url, params=query, headers=HEADERS["nodeconductor"], trust_env=False)
        return exact(answer.content), self.wrote("nodeconductor-main", name, query)

    def report(self, name: str, **options: Any) -> tuple[Any, Any]:
        """ScaleOps' answer and our document, both sorted: the order of rows is not documented."""
        self.sandbox.set_clock(NOW)
        span = {"from": (END - 31 * DAY) * 1000, "to": END * 1000} if name == "workloads" else {}
        url = f"{self.sandbox.url}/scaleops/detailedCostReport/{REPORTS[name]}"
        answer = httpx.post(url, json=options | span, headers=HEADERS["scaleops"], trust_env=False)
        return by_id(exact(answer.content)), by_id(self.wrote("scaleops-main", name, options))

    def wrote(self, connection: str, name: str, options: dict[str, Any]) -> Any:
        """The document from the warehouse."""
        pair = next(pair for pair in self.house.connections if pair[0].name == connection)
        lists = {key: value if isinstance(value, list) else [value] for key, value in options.items()}
        texts = [f"{key}={spelled(one)}" for key, values in lists.items() for one in values]
        return asked(self.warehouse, pair, name, *texts, period=OCTOBER)


def spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def by_id(document: Any) -> Any:
    return {**document, "aggregatedWorkloads": sorted(document["aggregatedWorkloads"], key=lambda one: str(one["id"]))}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = Path(tmp_path_factory.mktemp("house"))
    with (
        pytest.MonkeyPatch.context() as patch,
        running(months=3, until=date(2026, 11, 1), size=WorldSize(workloads=36)) as sandbox,
    ):
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        house = open_house(write_configuration(folder, url=sandbox.url, world=sandbox.world))
        for month, clock in ((OCTOBER, CAPTURED), (BillingPeriod(2026, 9), NOW), (OCTOBER, NOW)):
            sandbox.set_clock(clock)
            collect.collect(house, month, clock=lambda at=clock: at, connections=CONNECTIONS)  # type: ignore[misc]
        with house.warehouse() as warehouse:
            yield Pair(sandbox, house, warehouse)


def span(start: int, end: int, datapoints: int) -> dict[str, str]:
    return {"from": str(start), "to": str(end), "datapoints": str(datapoints)}


@pytest.mark.parametrize("item", ["cpu", "memory", "storage"])
@pytest.mark.parametrize("aggregate", ["customer", "project", "project_group"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        span(END - 31 * DAY, END, 31),
        span(END - 40 * DAY, END - 5000, 7),
        span(END - 3 * DAY + 77, END, 31),
        span(END, END, 2),
    ],
)
def test_usage(pair: Pair, item: str, aggregate: str, query: dict[str, str]) -> None:
    said, wrote = pair.statistic("usage", item=item, aggregate=aggregate, **query)

    assert said == wrote


def test_usage_of_one_object(pair: Pair) -> None:
    group = pair.sandbox.world.nodeconductor.groups[1]

    said, wrote = pair.statistic("usage", item="memory", aggregate="project_group", uuid=group.uuid)
    assert said == wrote
    assert said[0]["name"] == group.name


@pytest.mark.parametrize("kind", ["customer", "project", "project_group"])
@pytest.mark.parametrize("query", [{}, span(END - 80 * DAY, END - 1234, 7), span(END - 31 * DAY, END, 31)])
def test_creation_time(pair: Pair, kind: str, query: dict[str, str]) -> None:
    said, wrote = pair.statistic("creation-time", type=kind, **query)

    assert said == wrote


def test_customer_resource_and_quota(pair: Pair) -> None:
    estate = pair.sandbox.world.nodeconductor
    questions: list[tuple[str, dict[str, str]]] = [
        ("customer", {}),
        *(("resource", {"auth_url": cloud.auth_url}) for cloud in estate.clouds),
        ("quota", {}),
        ("quota", {"aggregate": "project_group"}),
        *(("quota", {"uuid": one.uuid}) for one in estate.customers),
        *(("quota", {"aggregate": "project", "uuid": one.uuid}) for one in estate.projects),
        *(("quota", {"aggregate": "project_group", "uuid": one.uuid}) for one in estate.groups),
        ("quota", {"aggregate": "project", "uuid": "0" * 32}),
    ]
    for name, query in questions:
        said, wrote = pair.statistic(name, now=CAPTURED, **query)
        assert said == wrote, (name, query)


def test_alert(pair: Pair) -> None:
    months = {"from": str(END - 61 * DAY), "to": str(END - 1)}
    october = {"from": str(END - 31 * DAY), "to": str(END - 1)}
    owner = pair.sandbox.world.nodeconductor.customers[0].uuid
    for query in (october, months, october | {"uuid": owner}, october | {"aggregate": "project"}):
        said, wrote = pair.statistic("alert", **query)
        assert said == wrote, query


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"multiCluster": True},
        {"multiCluster": True, "labels": ["team=data", "env=staging"]},
        {"multiCluster": True, "labels": ["team=data", "env=staging"], "logicalLabel": "AND", "isLabelExclude": True},
        {"multiCluster": True, "namespaces": ["ingest"], "isNamespaceExclude": True, "workloadTypes": ["Deployment"]},
        {"multiCluster": True, "clusterFilters": ["prod-frankfurt"], "isClusterExclude": True},
    ],
)
def test_workloads(pair: Pair, options: dict[str, Any]) -> None:
    said, wrote = pair.report("workloads", **options)

    assert said == wrote
    assert said["aggregatedWorkloads"]


@pytest.mark.parametrize(
    "options",
    [
        {"multiCluster": False},
        {},
        {"range": "30d", "groupByCluster": True},
        {"groupByNamespace": True},
        {"groupByLabels": ["team", "env"], "groupByCluster": True},
        {"groupByLabels": ["team"], "gpuWorkloadsOnly": True},
        {
            "groupByLabels": ["team"],
            "clusters": ["staging-dublin"],
            "from": (END - 50 * DAY) * 1000,
            "to": (END - 3 * DAY) * 1000,
        },
        {
            "groupByCluster": True,
            "groupByNamespace": True,
            "from": (END - 2 * DAY) * 1000,
            "to": (END - DAY) * 1000,
        },
        {"to": (END - 9 * DAY) * 1000, "range": "48h", "groupByLabels": ["nothing"]},
    ],
)
def test_aggregated(pair: Pair, options: dict[str, Any]) -> None:
    said, wrote = pair.report("aggregated", **({"multiCluster": True} | options))

    assert said == wrote
    assert said["aggregatedWorkloads"]
