"""How a shared warehouse is named; that it works is tested with a catalog, in tests/flows/test_lake.py."""

from pathlib import Path

import pytest

from tallybook.errors import ConfigurationError, StorageError
from tallybook.lake import Lake, LakeKeys

CATALOG = "ducklake:postgres:host=db.example.com port=5432 dbname=tallybook user=finance"


def lake(warehouse: str, files: str = "lake") -> Lake | None:
    return LakeKeys(warehouse=warehouse, warehouse_files=files).lake(Path("/etc/tallybook"))


def test_without_keys_there_is_none() -> None:
    assert lake("", "") is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("lake", "/etc/tallybook/lake/"),
        ("/mnt/finance/lake", "/mnt/finance/lake/"),
        ("s3://finance/tallybook/", "s3://finance/tallybook/"),
    ],
)
def test_files_lie_beside_the_configuration_or_where_they_are_said_to(files: str, expected: str) -> None:
    assert lake(CATALOG, files) == Lake(CATALOG, expected)


def test_an_apostrophe_in_a_folder_ends_no_statement() -> None:
    assert Lake(CATALOG, "/mnt/o'neill/").attaching == (
        f"attach '{CATALOG}' as lake (data_path '/mnt/o''neill/'); use lake"
    )


@pytest.mark.parametrize(
    "warehouse",
    [
        "tallybook.duckdb",
        "ducklake:postgres:",
        "ducklake:sqlite:catalog.sqlite",
        "ducklake:postgres:host=db password=hunter2",
        "ducklake:postgres:postgresql://finance:hunter2@db/tallybook",
        "ducklake:postgres:host=db' as x; drop schema facts; --",
    ],
)
def test_what_is_no_catalog_is_refused_and_a_password_is_not_repeated(warehouse: str) -> None:
    with pytest.raises(ConfigurationError, match="PGPASSWORD") as refused:
        lake(warehouse)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("keys", [("", "lake"), (CATALOG, "")])
def test_one_key_without_the_other_is_refused(keys: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="warehouse"):
        lake(*keys)


def test_a_missing_extension_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallybook.lake.find_spec", lambda _: None)

    with pytest.raises(StorageError, match=r"duckdb-extension-ducklake: pip install 'tallybook\[lake\]'"):
        _ = Lake(CATALOG, "/lake/").extensions
