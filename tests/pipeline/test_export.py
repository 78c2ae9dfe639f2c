"""Which connection a document is answered from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars
import pytest

from tallybook import providers
from tallybook.errors import ConfigurationError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect
from tallybook.pipeline.export import BoundReader, Exported, export
from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import write_configuration
from tallybook.sandbox.server import Running
from tallybook.warehouse import Warehouse
from tests.pipeline.conftest import NOW, MakeHouse
from tests.support.web import Said, serving

OCTOBER = BillingPeriod(2026, 10)
WHOLE_MONTH = [f"from={int(OCTOBER.start.timestamp())}", f"to={int(OCTOBER.end.timestamp())}", "datapoints=1"]


def exported(house: House, document: str, connection: str | None = None, values: Sequence[str] = ()) -> Any:
    return json.loads(exporting(house, document, connection, values).body)


def exporting(house: House, document: str, connection: str | None = None, values: Sequence[str] = ()) -> Exported:
    return export(
        house,
        document,
        OCTOBER,
        values=values,
        connection=connection,
        now=NOW,
        available=[providers.load(name) for name in providers.names()],
    )


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
    with pytest.raises(UsageError, match=r"several connections; choose .*NAME, of oCore: ocore-east, ocore-west"):
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


@pytest.fixture
def five(box: Running, tmp_path: Path) -> House:
    return open_house(write_configuration(tmp_path, url=box.url, world=box.world))


@pytest.mark.parametrize(
    ("document", "connection", "said"),
    [
        (
            "openscaler/stats-live",
            "ocore-main",
            (
                r"needs live rates of machines and networks, which the facts of connection ocore-main do not hold "
                r"\(usage of core_hours, .*\); choose one with --connection NAME, of OpenScaler: openscaler-main$"
            ),
        ),
        (
            "ocore/usage",
            "nodeconductor-main",
            (
                r"needs usage of core_hours, .* \(usage of memory_gib_hours, storage_gib_hours; limits of cores, .*\); "
                r".*of oCore: ocore-main; of others with such facts: syseleven-main$"
            ),
        ),
        (
            "ocore/usage",
            "scaleops-main",
            r"connection scaleops-main do not hold \(no usage and no limits\)",
        ),
    ],
)
def test_facts_that_do_not_hold_what_is_needed_are_refused_with_what_can_answer(
    five: House, document: str, connection: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        exported(five, document, connection=connection)
    assert refused.value.exit_code == 2
    assert not five.settings.data_dir.exists()


def test_a_connection_of_another_provider_answers_from_its_facts(five: House) -> None:
    collect(five, OCTOBER, clock=lambda: NOW, connections=["ocore-main"], datasets=["usage"])
    own = exported(five, "ocore/usage-totals")["totals"]
    series = exported(five, "nodeconductor/usage", "ocore-main", ["item=memory", "aggregate=project", *WHOLE_MONTH])

    means = {one["name"]: one["datapoints"][0]["value"] for one in series}
    assert means
    for total in own:  # GB are GiB here; 744 hours
        assert abs(means[total["projectName"]] - total["ramGbHours"] * 1024 / 744) < 0.000001


def test_days_without_samples_are_told_of_an_answer_across_providers(five: House) -> None:
    made = exporting(five, "ocore/usage", "syseleven-main", ["period=daily"])

    assert [hint.split(";")[0] for hint in made.hints] == [
        "syseleven-main usage 2026-10: nothing was received, and the document answers as for no data"
    ]


def test_without_a_connection_of_its_own_it_names_those_that_can_answer(two: House) -> None:
    with pytest.raises(UsageError, match="no connection of ScaleOps is configured; add one of ScaleOps to"):
        exported(two, "scaleops/workloads")
    with pytest.raises(UsageError, match=r"NodeConductor is configured; .*of others with such facts: ocore-east, "):
        exported(two, "nodeconductor/usage", values=["item=memory"])


def test_a_question_leaves_no_warehouse_where_nothing_was_landed(house: MakeHouse) -> None:
    small = house("http://127.0.0.1:9")

    with pytest.raises(UsageError, match="id='east' is no project"):
        exported(small, "ocore/project-usage", values=["id=east"])
    assert exported(small, "ocore/usage")["items"] == []
    assert not small.settings.data_dir.exists()


@pytest.mark.parametrize(
    "text", ["1_000", "\u0663", "\uff11\uff12", " 7", "7 ", "+7", "7.0", "1e3", "", "0x10", "9" * 5000]
)
def test_a_whole_number_is_written_in_ascii_digits(two: House, text: str) -> None:
    with pytest.raises(UsageError, match="is not a whole number"):
        exported(two, "openscaler/stats-live", values=[f"at={text}"])


def test_a_reader_asks_for_what_it_read_lately_only_once_and_forgets_the_rest() -> None:
    asked: list[tuple[str, object]] = []

    class Answering(Warehouse):
        def __init__(self) -> None: ...

        def frame(self, name: str, **parameters: object) -> polars.DataFrame:
            asked.append((name, parameters["of"]))
            return polars.DataFrame({"of": [parameters["of"]]})

    bound = BoundReader(Answering(), {})

    frames = [bound.frame("projects", of=number)["of"].item() for number in (1, 1, 2, 1, 3, 4, 5, 1, 2)]

    assert frames == [1, 1, 2, 1, 3, 4, 5, 1, 2]
    assert asked == [("projects", number) for number in (1, 2, 3, 4, 5, 2)]
