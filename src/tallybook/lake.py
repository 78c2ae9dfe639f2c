"""Where a warehouse lies that several machines share: a DuckLake, its catalog in PostgreSQL, its tables as Parquet.

    warehouse = "ducklake:postgres:host=db.example.com dbname=tallybook user=tallybook"
    warehouse_files = "s3://finance/tallybook"      # or a folder that all machines mount

Secrets are never written there: PostgreSQL's client reads PGPASSWORD or ~/.pgpass, httpfs reads AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel

from tallybook.errors import ConfigurationError, StorageError

_CATALOG = re.compile(r"ducklake:postgres:((host|hostaddr|port|dbname|user|sslmode|service)=[A-Za-z0-9._/-]+( |$))+")
_FILES = re.compile(r"s3://[A-Za-z0-9._/-]+")


@dataclass(frozen=True, slots=True)
class Lake:
    """A DuckLake: its catalog, as DuckDB attaches it, and where its Parquet files lie."""

    catalog: str
    files: str

    @property
    def extensions(self) -> tuple[Path, ...]:
        """The files of the DuckDB extensions that it needs, from their Python packages; StorageError without one."""
        names = ("ducklake", "postgres_scanner", *(("httpfs",) if self.files.startswith("s3:") else ()))
        return tuple(_extension(name) for name in names)

    @property
    def attaching(self) -> str:
        """The statement that makes it the place of all tables."""
        files = self.files.replace("'", "''")
        return f"attach '{self.catalog}' as lake (data_path '{files}'); use lake"


class LakeKeys(BaseModel):
    """The keys of the configuration that name a lake."""

    warehouse: str = ""
    warehouse_files: str = ""

    def lake(self, base: Path) -> Lake | None:
        """The lake; None without one. Paths are relative to `base`. Raises ConfigurationError."""
        return _lake_of(self.warehouse, self.warehouse_files, base)


def _lake_of(catalog: str, files: str, base: Path) -> Lake | None:
    if not catalog:
        if files:
            raise ConfigurationError("warehouse_files is for a warehouse that is a DuckLake: set warehouse too")
        return None
    if not _CATALOG.fullmatch(catalog):
        raise ConfigurationError(
            "warehouse: write 'ducklake:postgres:host=... dbname=... user=...'; a password is never written here: "
            "export PGPASSWORD, or use ~/.pgpass"
        )
    if not files:
        raise ConfigurationError("warehouse_files is missing: a folder that all machines mount, or s3://bucket/folder")
    return Lake(catalog, files.rstrip("/") + "/" if _FILES.fullmatch(files) else f"{base / files}/")


def _extension(name: str) -> Path:
    package = f"duckdb_extension_{name}"
    found = find_spec(package)
    folders = list(found.submodule_search_locations or ()) if found else []
    for path in (path for folder in folders for path in sorted(Path(folder).rglob("*.duckdb_extension"))):
        return path
    raise StorageError(
        f"a DuckLake needs the Python package {package.replace('_', '-')}: pip install 'tallybook[lake]'"
    )
