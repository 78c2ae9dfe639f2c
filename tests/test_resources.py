from pathlib import Path

import pytest

from tallybook import resources
from tallybook.errors import StorageError


def test_the_root_holds_the_queries_and_the_reports() -> None:
    assert (resources.root() / "queries" / "landing").is_dir()
    assert (resources.root() / "reports" / "templates").is_dir()


def test_a_query_is_read_by_its_name() -> None:
    text = resources.query("landing/receipts")

    assert text == (resources.root() / "queries" / "landing" / "receipts.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["landing/none", "none", ""])
def test_a_query_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(StorageError, match=f"no query {name}"):
        resources.query(name)


def test_the_names_below_a_folder_are_sorted_and_not_those_below_its_folders() -> None:
    names = resources.queries("facts")

    assert names == sorted(names)
    assert "facts/usage" in names
    assert all(name.count("/") == 1 for name in names)


def test_a_folder_that_is_not_there_has_no_queries() -> None:
    assert resources.queries("facts/none") == []


def test_an_installation_without_queries_says_to_install_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "a" / "b")

    with pytest.raises(StorageError, match="install tallybook again"):
        resources.root.__wrapped__()
