"""The documents' own examples, served verbatim over HTTP, go through collect to staging and out of export again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect, sample
from tallybook.pipeline.export import export
from tallybook.pipeline.house import House, load, open_house
from tallybook.sandbox import chance
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.example_routes import EXAMPLE_NOW, FOLDER
from tallybook.sandbox.server import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("examples")]
NOW = EXAMPLE_NOW + timedelta(minutes=1)


def leaves(value: Any) -> Iterator[Any]:
    """The words and numbers of a document; a text that is itself JSON is opened."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str) and value[:1] in ("[", "{"):
        yield from leaves(json.loads(value, parse_float=Decimal))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield Decimal(value).normalize()
    elif value is not None:
        yield value


@dataclass(frozen=True)
class Served:
    """A house that collected the examples, and every value that reached a staging table, by provider."""

    house: House
    staged: dict[str, set[Any]]

    def exported(self, name: str, values: list[str]) -> bytes:
        """The document as `tallybook export` writes it."""
        return export(
            self.house,
            name,
            BillingPeriod.containing(NOW),
            values=values,
            connection=None,
            now=NOW,
            available=[providers.load(one) for one in providers.names()],
        ).body


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch, running(example=True, until=NOW.date(), months=2) as box:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        house = open_house(write_configuration(folder, url=box.url))
        receipts = sample(house, clock=lambda: NOW)
        units = collect(house, BillingPeriod.containing(NOW), clock=lambda: NOW)
        assert [receipt.error for receipt in receipts if receipt.error] == []
        assert [unit.message for unit in units if unit.outcome == "failed"] == []
        found: dict[str, set[Any]] = {}
        with house.warehouse() as warehouse:
            load(house, warehouse, now=NOW)
            for _, provider in house.connections:
                for dataset in provider.datasets:
                    for table in dataset.tables:
                        rows = warehouse.select(f"staging.{provider.name}_{table}").to_dicts()
                        found.setdefault(provider.name, set()).update(leaves(rows))
        yield Served(house, found)


@pytest.mark.parametrize(
    ("provider", "example"),
    [(path.parent.name, path.name) for path in sorted(Path(FOLDER).glob("*/*.json"))],
)
def test_no_value_of_a_documented_example_is_lost(served: Served, provider: str, example: str) -> None:
    document = json.loads((Path(FOLDER) / provider / example).read_text(encoding="utf-8"), parse_float=Decimal)
    missing = set(leaves(document)) - served.staged[provider]

    assert missing == set()


def test_every_document_of_the_seeds_is_among_the_examples() -> None:
    names = {path.parent.name for path in Path(FOLDER).glob("*/*.json")}

    assert names == set(providers.names())
    assert len(list(Path(FOLDER).glob("*/*.json"))) == 14


SEGMENTS = ["from=1", "to=1415912629", "datapoints=3"]  # those of the printed answers
PROJECT = ["project_id=11111111111111111111111111111111"]
QUESTIONS = {
    "nodeconductor/usage": ["aggregate=project", "item=cpu", *SEGMENTS],
    "nodeconductor/customer": [],
    "nodeconductor/resource": ["auth_url=https://keystone-berlin.example.com:5000/v2.0"],
    "nodeconductor/creation-time": ["type=customer", *SEGMENTS],
    "nodeconductor/quota": ["aggregate=project", f"uuid={chance.hexadecimal(32, 'projects', 'Proj27')}"],
    "nodeconductor/alert": [],
    "openscaler/stats-live": [],
    "syseleven/quota": PROJECT,
    "syseleven/current-usage": PROJECT,
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_documented_example_comes_out_byte_for_byte(served: Served, name: str) -> None:
    """Beside the white space: keys in their order, every digit, `3.0` as the number that it is."""
    example = (Path(FOLDER) / f"{name}.json").read_bytes()

    assert canonical(served.exported(name, QUESTIONS[name])) == canonical(example)


# What these examples print are placeholders ("string", a month as the answer to any window, an object without fields):
# no time can be read from them, so no window that was asked for has them.
PLACEHOLDERS: dict[str, tuple[list[str], str]] = {
    "ocore/project-usage": (["id=string"], "items"),
    "ocore/usage": ([], "items"),
    "ocore/usage-totals": ([], "totals"),
    "scaleops/aggregated": ([], "aggregatedWorkloads"),
    "scaleops/workloads": ([], "aggregatedWorkloads"),
}


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_an_example_of_placeholders_keeps_its_form_and_counts_nothing(served: Served, name: str) -> None:
    values, rows = PLACEHOLDERS[name]
    example = json.loads((Path(FOLDER) / f"{name}.json").read_bytes())
    answer = json.loads(served.exported(name, values))

    assert list(answer) == list(example)
    assert answer[rows] == []
    assert [list(one) for one in answer.values() if isinstance(one, dict)] == [
        list(one) for one in example.values() if isinstance(one, dict)
    ]


def test_those_are_all_documents() -> None:
    examples = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in Path(FOLDER).glob("*/*.json")}

    assert {*QUESTIONS, *PLACEHOLDERS} == examples


def canonical(body: bytes) -> str:
    """JSON without white space, its keys in their order and its numbers with every digit that counts."""
    return json.dumps(json.loads(body, parse_float=lambda text: number(Decimal(text))), ensure_ascii=False)


def number(value: Decimal) -> Any:
    """A whole number, or a text with the digits of a fraction."""
    return int(value) if value == value.to_integral_value() else f"{value.normalize():f}"
