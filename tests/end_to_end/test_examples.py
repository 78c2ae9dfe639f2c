"""The documents' own examples, served verbatim over HTTP, go through collect to staging without losing a value."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect, sample
from tallybook.pipeline.house import load, open_house
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


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Any]]:
    """Every value that reached a staging table, by provider."""
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
    return found


@pytest.mark.parametrize(
    ("provider", "example"),
    [(path.parent.name, path.name) for path in sorted(Path(FOLDER).glob("*/*.json"))],
)
def test_no_value_of_a_documented_example_is_lost(staged: dict[str, set[Any]], provider: str, example: str) -> None:
    document = json.loads((Path(FOLDER) / provider / example).read_text(encoding="utf-8"), parse_float=Decimal)
    missing = set(leaves(document)) - staged[provider]

    assert missing == set()


def test_every_document_of_the_seeds_is_among_the_examples() -> None:
    names = {path.parent.name for path in Path(FOLDER).glob("*/*.json")}

    assert names == set(providers.names())
    assert len(list(Path(FOLDER).glob("*/*.json"))) == 14
