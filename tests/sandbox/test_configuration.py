import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tallybook.pipeline.starting import initialise
from tallybook.sandbox.arrangements import write_arrangements
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.world import World, with_hostile_names

URL = "http://127.0.0.1:1"


def read_book(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "books" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def configuration(world: World, tmp_path: Path) -> Any:
    path = write_configuration(tmp_path, url=f"{URL}/", max_gap="2h", world=world)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_it_has_one_connection_per_provider(configuration: Any) -> None:
    assert [(one["name"], one["base_url"]) for one in configuration["connections"]] == [
        ("openscaler-main", f"{URL}/openscaler"),
        ("nodeconductor-main", f"{URL}/nodeconductor"),
        ("syseleven-main", f"{URL}/syseleven"),
        ("ocore-main", f"{URL}/ocore/api"),
        ("scaleops-main", f"{URL}/scaleops"),
    ]
    assert configuration["connections"][0]["max_gap"] == "2h"


def test_it_names_only_secrets_that_the_sandbox_accepts(configuration: Any) -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["env"]} if set(value) == {"env"} else set()
            return own.union(*(names(item) for item in value.values()))
        return set().union(*(names(item) for item in value)) if isinstance(value, list) else set()

    assert names(configuration) == set(SECRETS)


def test_it_holds_no_secret(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.*") if path.is_file())

    assert not [secret for secret in SECRETS.values() if secret in written]


def test_one_price_changes_on_the_fifteenth(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    rows = [
        (row["unit_price"], row["valid_from"], row["valid_to"])
        for row in read_book(tmp_path, "prices")
        if (row["provider"], row["meter"]) == ("nodeconductor", "memory_gib_hours")
    ]

    assert rows == [("0.0061", "2020-01-01", "2026-10-15"), ("0.0067", "2026-10-15", "")]


def test_no_two_prices_of_equal_rank_apply_on_one_day(world: World) -> None:
    seen: dict[tuple[str, ...], list[Any]] = {}
    for price in world.prices:
        key = (price.provider, price.meter, price.sub_account_id, price.region)
        seen.setdefault(key, []).append(price)

    for prices in seen.values():
        ends = [price.valid_to for price in prices[:-1]]
        assert ends == [price.valid_from for price in prices[1:]]


def test_prices_of_zero_are_written_out(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    zero = {row["meter"] for row in read_book(tmp_path, "prices") if row["unit_price"] == "0"}

    assert {"instance_hours", "network_in_bytes", "flavor:m1.small_hours", "flavor:m2.large_hours"} <= zero


def test_books_reach_over_history_and_a_year_ahead(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    months = [row["month"] for row in read_book(tmp_path, "exchange_rates")]

    assert (months[0], months[-1], len(months)) == ("2026-08", "2027-11", 16)
    assert len(read_book(tmp_path, "budgets")) == 4 * 16


def test_every_sub_account_but_the_archived_one_is_mapped(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    mapped = {(row["connection"], row["sub_account_id"]) for row in read_book(tmp_path, "projects")}

    assert ("openscaler-main", "*") in mapped
    assert {("nodeconductor-main", one.uuid) for one in world.nodeconductor.projects} <= mapped
    assert [("ocore-main", one.project_id) in mapped for one in world.ocore.projects] == [True] * 4 + [False]
    assert ("scaleops-main", "prod-frankfurt/ingest") in mapped


def test_it_has_every_book_that_init_writes_with_the_same_columns(world: World, tmp_path: Path) -> None:
    write_configuration(tmp_path, url=URL, world=world)
    initialise(tmp_path / "init")

    def headers(books: Path) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8").partition("\n")[0] for path in books.iterdir()}

    assert headers(tmp_path / "books") == headers(tmp_path / "init" / "books")


@pytest.mark.parametrize("name", ["adjustments", "allocation", "commitments"])
def test_what_finance_agreed_is_the_demo_s_alone(world: World, tmp_path: Path, name: str) -> None:
    write_configuration(tmp_path, url=URL, world=world)

    assert read_book(tmp_path, name) == []  # the world's truth knows the price list only

    write_arrangements(tmp_path / "books")
    assert read_book(tmp_path, name)


def test_hostile_names_survive_the_books(world: World, tmp_path: Path) -> None:
    hostile = with_hostile_names(world)
    write_configuration(tmp_path, url=URL, world=hostile)

    read = {row["sub_account_id"] for row in read_book(tmp_path, "projects")}

    assert read == {rule.sub_account_id for rule in hostile.project_rules}


def test_without_a_sandbox_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the text is the system's
        write_configuration(tmp_path, url=URL)

    assert list(tmp_path.iterdir()) == []
