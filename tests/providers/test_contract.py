"""What every provider promises: its folders, tables and facts, and coverage of what never came."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from tallybook import providers
from tallybook.contract import Cadence, Provider, Request
from tallybook.credentials import SecretRef
from tallybook.errors import SchemaError
from tallybook.facts import FACTS, refresh_facts
from tallybook.periods import BillingPeriod
from tallybook.resources import queries, query, root
from tallybook.settings import ConnectionSettings
from tallybook.warehouse import Warehouse
from tests.providers.support import settings

EVERY = providers.names()
OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 2, tzinfo=UTC)
STAMPS = {
    True: ("x_connection", "x_period", "x_answer", "x_captured_at"),  # of a history
    False: ("x_connection", "x_period", "x_receipt", "x_raw_sha256", "x_captured_at"),
}
EXTRA = {"scaleops": {"currency": "USD"}, "syseleven": {"projects": [{"id": "a" * 32, "token": SecretRef(env="T")}]}}


def folder(name: str) -> Path:
    return Path(str(providers.__file__)).parent / name


def connection(name: str) -> ConnectionSettings:
    return settings(name, **EXTRA.get(name, {}))


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    return Warehouse.in_memory()


@pytest.fixture(params=EVERY)
def provider(request: pytest.FixtureRequest) -> Provider:
    return providers.load(request.param)


def test_five_providers_are_found_by_listing() -> None:
    assert EVERY == ["nodeconductor", "ocore", "openscaler", "scaleops", "syseleven"]


def test_a_provider_is_named_after_its_folder_and_explains_itself(provider: Provider) -> None:
    readme = (folder(provider.name) / "README.md").read_text(encoding="utf-8")

    assert re.search(r"^# ", readme)
    assert len(readme.splitlines()) <= 120
    assert provider.hint
    assert provider.label


def test_samples_are_json_without_secrets(provider: Provider) -> None:
    samples = sorted((folder(provider.name) / "samples").glob("*.json"))

    assert samples
    for sample in samples:
        text = sample.read_text(encoding="utf-8")
        assert not re.search(r"(?i)bearer |x-auth-token|password|gAAAA", text), sample


def test_every_dataset_has_its_staging_tables(provider: Provider) -> None:
    declared = [table for dataset in provider.datasets for table in dataset.tables]
    made = {name.rsplit("/", 1)[1] for name in queries(f"staging/{provider.name}")}

    assert len(declared) == len(set(declared)), "a table belongs to one dataset: replacing a unit empties it"
    assert set(declared) == made


def test_staging_tables_begin_with_their_stamps(provider: Provider, warehouse: Warehouse) -> None:
    for dataset in provider.datasets:
        for table in dataset.tables:
            columns = warehouse.select(f"staging.{provider.name}_{table}").columns
            stamps = STAMPS[dataset.cadence is Cadence.HISTORY]
            assert tuple(columns[: len(stamps)]) == stamps, table


def test_facts_have_exactly_the_columns_of_their_table(provider: Provider, warehouse: Warehouse) -> None:
    named = [name.rsplit("/", 1)[1] for name in queries(f"facts/{provider.name}")]

    assert "coverage" in named
    assert set(named) <= set(FACTS)
    for fact in named:
        expected = set(warehouse.select(f"facts.{fact}").columns)
        parameters = {
            **provider.parameters(connection(provider.name)),
            "connection": "c",
            "billing_period": str(OCTOBER),
            "period_start": OCTOBER.start,
            "period_end": OCTOBER.end,
            "observed_until": NOW,
        }
        assert set(warehouse.frame(f"facts/{provider.name}/{fact}", **parameters).columns) == expected, fact


def test_what_costs_can_be_followed_to_its_raw_files(provider: Provider, warehouse: Warehouse) -> None:
    making_costs = {f"facts/{provider.name}/{fact}" for fact in ("usage", "costs")} & set(
        queries(f"facts/{provider.name}")
    )

    assert {name.replace("origins/", "facts/") for name in queries(f"origins/{provider.name}")} == making_costs
    for name in queries(f"origins/{provider.name}"):
        parameters = {
            **provider.parameters(connection(provider.name)),
            "connection": "c",
            "billing_period": str(OCTOBER),
            "period_start": OCTOBER.start,
            "period_end": OCTOBER.end,
            "observed_until": NOW,
        }
        found = warehouse.frame(name, **parameters).columns
        assert found == ["dataset", "staging_table", "sub_account_id", "receipt", "sha256", "row_count"], name


def test_what_never_came_is_missing_on_every_day(provider: Provider) -> None:
    warehouse, chosen = Warehouse.in_memory(), connection(provider.name)
    refresh_facts(warehouse, [(chosen, provider)], now=NOW, periods=[OCTOBER])

    rows = warehouse.select("facts.coverage").to_dicts()
    feeding = [row for row in rows if row["feeds"] in ("usage", "costs")]
    assert {row["dataset"] for row in rows} == {dataset.name for dataset in provider.datasets}
    assert len({(row["dataset"], row["date"]) for row in rows}) == len(rows) == 31 * len(provider.datasets)
    assert feeding
    assert all(row["received"] == 0 < row["expected"] for row in feeding)


def test_only_what_can_be_asked_again_is_called_backfillable(provider: Provider) -> None:
    warehouse, chosen = Warehouse.in_memory(), connection(provider.name)
    refresh_facts(warehouse, [(chosen, provider)], now=NOW, periods=[OCTOBER])
    said = {row["dataset"]: row["is_backfillable"] for row in warehouse.select("facts.coverage").to_dicts()}

    assert said == {dataset.name: dataset.cadence is Cadence.HISTORY for dataset in provider.datasets}


def test_nothing_fetched_is_no_usage_and_no_cost(provider: Provider) -> None:
    warehouse, chosen = Warehouse.in_memory(), connection(provider.name)
    refresh_facts(warehouse, [(chosen, provider)], now=NOW, periods=[OCTOBER])

    assert [warehouse.select(f"facts.{fact}").height for fact in ("usage", "costs", "quotas", "estate")] == [0] * 4


def test_every_document_has_a_schema_that_is_one(provider: Provider) -> None:
    for document in provider.documents:
        path = root() / "reports" / "schemas" / provider.name / f"{document.name}.schema.json"
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["description"]


def test_every_document_names_the_datasets_it_is_answered_from(provider: Provider) -> None:
    for document in provider.documents:
        assert document.datasets
        assert set(document.datasets) <= {dataset.name for dataset in provider.datasets}


def test_queries_of_a_provider_use_only_parameters_that_exist(provider: Provider) -> None:
    known = {"connection", "billing_period", "period_start", "period_end", "observed_until"}
    known |= set(provider.parameters(connection(provider.name)))
    folders = ("facts", "checks", "origins")
    for name in (name for folder in folders for name in queries(f"{folder}/{provider.name}")):
        text = re.sub(r"--[^\n]*", "", query(name))
        assert set(re.findall(r"\$([a-z_]+)", text)) <= known, name


HOURS = {"from": "1790812800000", "to": "1790899200000"}


@pytest.mark.parametrize(
    ("name", "dataset", "sample", "asked"),
    [
        ("nodeconductor", "usage", "usage", {"name": "Project 1"}),
        ("nodeconductor", "quota", "quota", {}),
        ("nodeconductor", "customer", "customer", {}),
        ("ocore", "usage", "usage", {}),
        ("ocore", "totals", "two_projects_totals", {}),
        ("openscaler", "live", "live", {}),
        ("scaleops", "workloads", "two_workloads", HOURS),
        ("syseleven", "quota", "quota_v3", {"project_id": "p", "version": "v3"}),
    ],
)
def test_an_answer_that_names_a_field_twice_is_refused(
    name: str, dataset: str, sample: str, asked: dict[str, str]
) -> None:
    body = (folder(name) / "samples" / f"{sample}.json").read_bytes()
    twice, count = re.subn(rb'("\w+": ("[^"]*"|[\d.]+))(,|\s*[}])', rb"\1, \1\3", body, count=1)

    assert count == 1
    with pytest.raises(SchemaError, match="twice in one object"):
        providers.load(name).dataset(dataset).parse(twice, Request(dataset, "/", asked=asked))
