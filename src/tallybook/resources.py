"""Where queries/, reports/ and flows/ lie: inside the installed package, or in the checkout around it."""

from functools import cache
from pathlib import Path

from tallybook.errors import StorageError

_PACKAGE = Path(__file__).resolve().parent


@cache
def root() -> Path:
    """The folder that holds `queries` and `reports`, packaged (wheel) or live (checkout)."""
    packaged, checkout = _PACKAGE / "_resources", _PACKAGE.parents[1]
    for candidate in (packaged, checkout):
        if (candidate / "queries").is_dir():
            return candidate
    raise StorageError(f"queries/ is neither in {packaged} nor in {checkout}: install tallybook again")


@cache
def query(name: str) -> str:
    """The text of `queries/<name>.sql`; raises StorageError when there is no such query."""
    path = root() / "queries" / f"{name}.sql"
    if not path.is_file():
        raise StorageError(f"no query {name}: {path} is missing")
    return path.read_text(encoding="utf-8")


def queries(folder: str) -> list[str]:
    """The names below `queries/<folder>`, sorted, without `.sql`; empty when there is no such folder."""
    base = root() / "queries"
    return sorted(path.relative_to(base).with_suffix("").as_posix() for path in (base / folder).glob("*.sql"))
