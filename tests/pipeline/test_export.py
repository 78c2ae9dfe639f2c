"""Which connection a document is answered from."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tallybook import providers
from tallybook.errors import ConfigurationError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect
from tallybook.pipeline.export import export
from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import write_configuration
from tallybook.sandbox.server import Running
from tests.pipeline.conftest import NOW, MakeHouse
from tests.support.web import Said, serving

OCTOBER = BillingPeriod(2026, 10)


def exported(house: House, document: str, connection: str | None = None, values: Sequence[str] = ()) -> Any:
    made = export(
        house,
        document,
        OCTOBER,
        values=values,
        connection=connection,
        now=NOW,
        available=[providers.load(name) for name in providers.names()],
    )
    return json.loads(made.body)


def usage_of(project: str) -> Said:
    hour = {
        **dict.fromkeys(("bandwidthInBytes", "bandwidthOutBytes", "cpuCoreHours", "diskGbHours"), 1),
        **dict.fromkeys(("instanceCount", "instanceHours", "ramGbHours"), 1),
        "periodStart": "2026-10-01T00:00:00Z",
        "periodType": "hourly",
        "projectId": project,
        "projectName": project,
    }
    return Said(body=json.dumps({"items": [hour], "period": "hourly", "totals": None}).encode())


@pytest.fixture
def two(house: MakeHouse) -> House:
    return house("http://127.0.0.1:9", "http://127.0.0.1:9", names=("ocore-east", "ocore-west"))


def test_with_several_connections_and_none_chosen_they_are_named(two: House) -> None:
    with pytest.raises(UsageError, match="connections of oCore: ocore-east, ocore-west; choose one with --connection"):
        exported(two, "ocore/usage")


def test_the_chosen_connection_answers_and_no_other(house: MakeHouse) -> None:
    with serving(lambda _: usage_of("east")) as east, serving(lambda _: usage_of("west")) as west:
        pair = house(east.url, west.url, names=("ocore-east", "ocore-west"))
        collect(pair, OCTOBER, clock=lambda: NOW, datasets=["usage"])

    for name in ("east", "west"):
        answer = exported(pair, "ocore/usage", connection=f"ocore-{name}")
        assert [item["projectId"] for item in answer["items"]] == [name]
        assert exported(pair, "ocore/project-usage", f"ocore-{name}", [f"id={name}"])["totals"]["projectId"] == name
    with pytest.raises(UsageError, match="id='west' is no project that was seen; known: east"):
        exported(pair, "ocore/project-usage", "ocore-east", ["id=west"])


def test_an_unknown_connection_is_told_the_known_ones(two: House) -> None:
    with pytest.raises(ConfigurationError, match=r"no connection .ocore-north..*ocore-east, ocore-west") as refused:
        exported(two, "ocore/usage", connection="ocore-north")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("document", "connection"),
    [
        ("ocore/usage", "syseleven-main"),
        ("nodeconductor/customer", "ocore-main"),
        ("scaleops/workloads", "openscaler-main"),
    ],
)
def test_a_connection_of_another_provider_is_refused(
    box: Running, tmp_path_factory: pytest.TempPathFactory, document: str, connection: str
) -> None:
    house = open_house(write_configuration(tmp_path_factory.mktemp("five"), url=box.url, world=box.world))

    with pytest.raises(UsageError, match=f"connection '{connection}' is not one of "):
        exported(house, document, connection=connection)


def test_a_provider_without_a_connection_cannot_answer(two: House) -> None:
    with pytest.raises(UsageError, match="connections of ScaleOps: none"):
        exported(two, "scaleops/workloads")
