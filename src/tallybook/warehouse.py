"""The warehouse: one DuckDB file, one writer at a time. The only module that imports duckdb.

Times are naive UTC inside (no time zone extension is needed offline) and aware UTC outside.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import polars
import pyarrow

from tallybook.errors import ROOM, ConflictError, RefusedRowsError, StorageError
from tallybook.lake import Lake
from tallybook.layout import definitions, definitions_sha256, tables_sha256
from tallybook.limits import Limits, give_back_memory, usual_limits
from tallybook.locks import alone
from tallybook.resources import query
from tallybook.statements import checked_name, used, where
from tallybook.stream import Stream

# For each parameter DuckDB looks twice for pandas: where there is none, Python would search all its folders each time.
if find_spec("pandas") is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]

T = TypeVar("T")

_SCHEMAS = ("landing", "staging", "facts", "pricing", "marts")
_LAYOUT = "landing.layout"
# Nothing is fetched or read behind our back.
_SAFE: dict[str, Any] = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions"), "false")
_FILE = "tallybook.duckdb"
_KEPT: dict[str, Any] = {
    # By itself DuckDB writes for its version 1.0 too, whose way to compress texts makes storing a third dearer.
    "storage_compatibility_version": "v1.5.0",
    # Five, which is usual, are no quicker and take 200 MiB more to store a month of costs.
    "write_buffer_row_group_count": 1,
}
# Rows on their way into a table need no order, and keeping it costs memory and a core. A query that is read does:
# without this setting DuckDB 1.5 hands rows over in any order, whatever their "order by".
_UNORDERED = {"preserve_insertion_order": "false"}
# What is computed is read many times: numbers of 128 bits that are packed take nine times as long to read.
_UNPACKED = {"disabled_compression_methods": "bitpacking"}
WAIT_SECONDS = 600.0  # somebody at a terminal learns after ten minutes that another process does not let go
_FULL = ("No space left", "File too large", "Disk quota exceeded", "failed to offload data block")
# The part of what it may take that is not worth giving back, as a small installation's: it takes 25 ms each time.
_LITTLE = 1 / 6


class Warehouse:
    """An open warehouse. Use `open_warehouse`, which holds the lock, or `Warehouse.in_memory()`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits | None = None) -> None:
        self._connection = connection
        self._limits = limits
        self._schemas: dict[str, pyarrow.Schema] = {}
        # after two seconds it would draw into the standard output, whose last line may be JSON
        self._execute("set enable_progress_bar = false", {})
        self._prepare()

    @classmethod
    def in_memory(cls) -> Self:
        """An empty warehouse without a file; for the little that is put into one, further threads only cost time."""
        return cls(duckdb.connect(":memory:", config={**_SAFE, "threads": 1}))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, name: str, **parameters: object) -> None:
        """Execute queries/<name>.sql with those of the named parameters that it uses."""
        text = query(name)
        self._execute(text, used(text, parameters))

    def frame(self, name: str, **parameters: object) -> polars.DataFrame:
        """The result of queries/<name>.sql as a frame; times come back naive UTC."""
        text = query(name)
        return self._frame(text, used(text, parameters))

    def select(self, table: str, **equals: object) -> polars.DataFrame:
        """All rows of a table whose columns equal the given values."""
        clause, values = where(equals)
        return self._frame(f"select * from {checked_name(table)}{clause}", values)  # noqa: S608 - checked identifiers

    def insert(self, table: str, rows: polars.DataFrame | pyarrow.Table) -> int:
        """Append rows by column name, casting to the table's types; returns how many."""
        return self.insert_stream(table, [rows.to_arrow() if isinstance(rows, polars.DataFrame) else rows])

    def insert_stream(self, table: str, parts: Iterable[pyarrow.Table]) -> int:
        """Append the rows of all parts, which have the same columns, in one statement; returns how many.

        Parts are drawn while others are written, in no certain order. What drawing one raises is raised here.
        """
        stream = Stream(parts, self._kinds(table))
        if stream.schema:
            self._connection.register("incoming", stream.reader())
            try:
                with self._set(_UNORDERED):
                    self._execute(f"insert into {checked_name(table)} by name select * from incoming", {})  # noqa: S608
            except StorageError:
                if stream.error:
                    raise stream.error from None
                raise
            finally:
                self._connection.unregister("incoming")
        return stream.row_count

    def insert_query(self, table: str, name: str, **parameters: object) -> None:
        """Append the result of queries/<name>.sql to a table, by column name."""
        text = query(name)
        with self._set(_UNORDERED | _UNPACKED):
            self._execute(f"insert into {checked_name(table)} by name\n{text}", used(text, parameters))

    def tables(self, name: str, parts: Iterable[Mapping[str, object]]) -> Iterator[pyarrow.Table]:
        """What queries/<name>.sql gives for each of `parts`, its parameters; each when it is asked for."""
        text = query(name)
        for parameters in parts:
            yield self._fetched(text, used(text, parameters), duckdb.DuckDBPyConnection.to_arrow_table)
            self.give_back()

    def delete(self, table: str, **equals: object) -> None:
        """Remove the rows whose columns equal the given values."""
        clause, values = where(equals)
        self._execute(f"delete from {checked_name(table)}{clause}", values)  # noqa: S608

    def give_back(self) -> None:
        """Give memory that only keeps what was read, or was freed, back to the machine; before others need as much."""
        if self._limits:
            with self._connection.cursor() as other:  # a transaction goes on, also where not all could be freed
                [kept] = other.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone() or (0,)
                if kept > self._limits.memory_bytes * _LITTLE:
                    with suppress(duckdb.Error):
                        other.execute("set memory_limit = '1MiB'")
                    other.execute(f"set memory_limit = '{self._limits.memory}'")  # DuckDB's own word for it is rounded
        give_back_memory()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and what is read is of one moment: a shared warehouse is asked once what it holds."""
        self._execute("begin transaction", {})
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._execute("commit", {})

    @contextmanager
    def _set(self, settings: Mapping[str, str]) -> Iterator[None]:
        """With other settings for a while. They are the database's; this connection's transaction may be aborted."""
        with self._connection.cursor() as other:
            other.execute(";".join(f"set {name} = '{value}'" for name, value in settings.items()))
            try:
                yield
            finally:
                other.execute(";".join(f"reset {name}" for name in settings))

    def _kinds(self, table: str) -> pyarrow.Schema:
        if table not in self._schemas:
            empty = self._connection.sql(f"select * from {checked_name(table)} limit 0")  # noqa: S608 - checked identifier
            self._schemas[table] = empty.to_arrow_table().schema
        return self._schemas[table]

    def _prepare(self) -> None:
        """Make what is missing, only once: it takes time, and in a shared warehouse new views disturb the others."""
        statements = definitions()
        prepared = definitions_sha256(statements)
        if self._is_prepared(prepared):
            return
        with self.transaction():  # each statement alone would be a commit: seconds in a shared warehouse
            self._make(statements)
            self._execute(f"create or replace table landing.prepared as select '{prepared}' as sha256", {})

    def _make(self, statements: list[str]) -> None:
        for schema in _SCHEMAS:
            self._execute(f"create schema if not exists {schema}", {})
        layout = polars.DataFrame([{"tables_sha256": tables_sha256(statements)}])
        known = self._frame("select table_name from information_schema.tables where table_schema = 'landing'", {})
        if not known.is_empty() and not ("layout" in known["table_name"] and layout.equals(self.select(_LAYOUT))):
            raise StorageError(
                "the warehouse was made by another version of tallybook, with other tables: run 'tallybook rebuild', "
                "which makes it anew from the raw files; raw files and reports stay as they are"
            )
        self._execute(";\n".join(statements), {})
        if known.is_empty():
            self.insert(_LAYOUT, layout)

    def _is_prepared(self, sha256: str) -> bool:
        try:
            return not self.select("landing.prepared", sha256=sha256).is_empty()
        except StorageError:
            return False

    def _frame(self, text: str, parameters: Mapping[str, object]) -> polars.DataFrame:
        return self._fetched(text, parameters, duckdb.DuckDBPyConnection.pl)

    def _fetched(
        self, text: str, parameters: Mapping[str, object], fetch: Callable[[duckdb.DuckDBPyConnection], T]
    ) -> T:
        try:
            # a relation of .sql() with parameters would run the query twice
            return fetch(self._connection.execute(text, dict(parameters) or None))
        except duckdb.Error as error:
            raise StorageError(f"the warehouse could not answer: {error}{_advice(error)}") from error

    def _execute(self, text: str, parameters: Mapping[str, object]) -> None:
        try:
            self._connection.execute(text, dict(parameters) or None)
        except (duckdb.DataError, duckdb.IntegrityError) as error:
            raise RefusedRowsError(f"the warehouse refused: {error}") from error
        except duckdb.Error as error:
            kind = ConflictError if "Transaction conflict" in str(error) else StorageError
            raise kind(f"the warehouse refused: {error}{_advice(error)}") from error


def _advice(error: duckdb.Error) -> str:
    """What to do when a disk is full; the error names the file."""
    is_full = any(word in str(error) for word in _FULL)
    return f"; the disk is full: free {ROOM} and run it again; nothing was changed" if is_full else ""


def is_there(data_dir: Path) -> bool:
    """Whether a warehouse was made here before."""
    return (data_dir / _FILE).exists()


@contextmanager
def open_warehouse(
    data_dir: Path, *, wait_seconds: float = WAIT_SECONDS, limits: Limits | None = None
) -> Iterator[Warehouse]:
    """Open `tallybook.duckdb` for this process alone, waiting for another one to end.

    Raises StorageError when the wait is over or the file cannot be opened.
    """
    with alone(data_dir, wait_seconds=wait_seconds), _connected(data_dir / _FILE, limits) as warehouse:
        yield warehouse


@contextmanager
def open_lake(lake: Lake, data_dir: Path, *, limits: Limits | None = None) -> Iterator[Warehouse]:
    """Open a warehouse that others may write at the same time; the caller holds the locks of what it changes."""
    limits = limits or usual_limits()
    config = {**_SAFE, **limits.options(data_dir)}
    with closing(duckdb.connect(":memory:", config=config)) as connection:
        try:
            for extension in lake.extensions:
                connection.execute(f"load '{str(extension).replace(chr(39), chr(39) * 2)}'")
            with alone(data_dir, "catalog.lock"):  # the first one makes its tables
                connection.execute(lake.attaching)
                warehouse = Warehouse(connection, limits)
        except duckdb.Error as error:
            raise StorageError(
                f"{lake.catalog} cannot be opened ({error}); check that PostgreSQL answers, that the user may write, "
                "and that the extension packages have DuckDB's own version"
            ) from error
        yield warehouse


def remake_warehouse(
    data_dir: Path, fill: Callable[[Warehouse], T], *, wait_seconds: float = WAIT_SECONDS, limits: Limits | None = None
) -> T:
    """Make a new warehouse with `fill`; it takes the old one's place only when it is complete."""
    new, old = data_dir / f"{_FILE}.new", data_dir / _FILE
    with alone(data_dir, wait_seconds=wait_seconds):
        try:
            new.unlink(missing_ok=True)
            with _connected(new, limits) as warehouse:
                result = fill(warehouse)
            old.with_name(f"{_FILE}.wal").unlink(missing_ok=True)  # a killed process's; it would be replayed
            new.replace(old)
        finally:
            for leftover in (new, new.with_suffix(".new.wal")):
                leftover.unlink(missing_ok=True)
    return result


@contextmanager
def _connected(path: Path, limits: Limits | None) -> Iterator[Warehouse]:
    limits = limits or usual_limits()
    limits.clear(path.parent)
    config = {**_SAFE, **_KEPT, **limits.options(path.parent)}
    try:
        connection = duckdb.connect(str(path), config=config)
    except duckdb.Error as error:
        advice = "if it is damaged, run 'tallybook rebuild'"
        if "lock on file" in str(error):
            advice = "another program has it open; close it and run this again"
        raise StorageError(f"{path} cannot be opened ({error}); {advice}") from error
    with closing(connection), Warehouse(connection, limits) as warehouse:
        yield warehouse
