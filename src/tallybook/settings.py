"""`tallybook.toml`: read once, frozen. The promise is contract.md section 3."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tallybook.addresses import BaseUrl
from tallybook.credentials import SecretReader, SecretRef, secret_reader
from tallybook.errors import ConfigurationError
from tallybook.lake import Lake, LakeKeys
from tallybook.limits import LimitKeys, Limits
from tallybook.periods import LONGEST_GAP

M = TypeVar("M", bound=BaseModel)
N = TypeVar("N", "ConnectionSettings", "DeliverySettings")
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_DURATION = re.compile(r"([1-9][0-9]{0,5})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def duration_seconds(text: str) -> int:
    """Whole seconds of a duration such as `90s`, `15m` or `1h`; ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("write a duration as 90s, 15m or 1h")
    return int(match[1]) * _SECONDS[match[2]]


def _checked_duration(text: str) -> str:
    duration_seconds(text)
    return text


def _checked_gap(text: str) -> str:
    if duration_seconds(text) > LONGEST_GAP.total_seconds():
        raise ValueError(
            f"a sample holds {LONGEST_GAP.total_seconds() // 3600:.0f}h at most: what lies further apart is a gap"
        )
    return text


def _known_language(code: str) -> str:
    from tallybook.language import known_languages

    if code not in known_languages():
        raise ValueError(f"no language {code!r}; known: {', '.join(known_languages())}")
    return code


class ConnectionSettings(_Model):
    """What every connection has. A provider's settings model adds its own keys.

    `max_clock_error` is how far the clock of an answer may be ahead of ours, and if it is more than a day behind it,
    to say when a sample was captured; beyond it our clock does.
    """

    name: Name
    provider: str
    base_url: BaseUrl
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    max_response_mib: Annotated[int, Field(ge=1, le=65536)] = 1024
    max_clock_error: Annotated[str, AfterValidator(_checked_duration)] = "1h"


class SampledSettings(ConnectionSettings):
    """A connection that can only be asked about now.

    `max_gap` is how long a sample holds; a longer hole is a gap. Keep it a little longer than the time between two.
    """

    max_gap: Annotated[str, AfterValidator(_checked_gap)] = "15m"

    @property
    def max_gap_seconds(self) -> int:
        """`max_gap` in whole seconds."""
        return duration_seconds(self.max_gap)


class DeliverySettings(_Model):
    """What every delivery has. A kind's settings model adds its own keys.

    Revisions of other `statuses`, and of months before `first_month`, are not for it.
    """

    name: Name
    kind: str
    statuses: Annotated[
        tuple[Literal["DRAFT", "PROVISIONAL", "FINAL", "RESTATED"], ...],
        Field(min_length=1),
    ] = ("PROVISIONAL", "FINAL", "RESTATED")
    first_month: Annotated[str, StringConstraints(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$")] = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration; paths are absolute."""

    path: Path
    data_dir: Path
    books_dir: Path
    reporting_currency: str  # "": costs are shown in their own currencies only
    entity: str
    final_coverage_pct: Decimal
    refetch_days: int
    connections: tuple[ConnectionSettings, ...]
    read_secret: SecretReader
    anomaly_amount: Decimal
    anomaly_pct: Decimal
    limits: Limits
    page_size: Literal["A4", "Letter"]  # of the PDFs
    lake: Lake | None
    library_token: SecretRef | None = None  # None: one that `tallybook library` makes
    deliveries: tuple[DeliverySettings, ...] = ()
    reports_url: str = ""  # where readers find the folder of reports; "": nowhere
    language: str = "en"  # of the pages and the spreadsheet

    def connection(self, name: str) -> ConnectionSettings:
        """The connection called `name`; ConfigurationError naming the known ones."""
        for connection in self.connections:
            if connection.name == name:
                return connection
        known = ", ".join(sorted(connection.name for connection in self.connections))
        raise ConfigurationError(f"no connection {name!r} in {self.path}; known: {known or 'none'}")


class _House(LimitKeys, LakeKeys, _Model):
    data_dir: str = "var"
    books_dir: str = "books"
    reporting_currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    entity: str = "All connections"
    final_coverage_pct: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(99)
    refetch_days: Annotated[int, Field(ge=0, le=28)] = 10
    anomaly_amount: Annotated[Decimal, Field(ge=0, lt=10**12)] = Decimal(10)
    anomaly_pct: Annotated[Decimal, Field(ge=0, lt=10**6)] = Decimal(30)
    page_size: Literal["A4", "Letter"] = "A4"
    library_token: SecretRef | None = None
    reports_url: BaseUrl | Literal[""] = ""
    language: Annotated[str, AfterValidator(_known_language)] = "en"


_ONE_OF = {"connections": "connection", "deliveries": "delivery"}
_TABLES = {"tallybook", *_ONE_OF}


def load_settings(
    path: Path,
    *,
    models: Mapping[str, type[ConnectionSettings]],
    kinds: Mapping[str, type[DeliverySettings]] | None = None,
    environment: Mapping[str, str] = os.environ,
    prefect_secret: Callable[[str], str] | None = None,
) -> Settings:
    """Read the configuration. `models` maps provider names to their settings models, `kinds` those of deliveries.

    Raises ConfigurationError naming the key and the known ones.
    """
    document = _read_toml(path)
    unknown = set(document) - _TABLES
    if unknown:
        known = "[tallybook], [[connections]], [[deliveries]]"
        raise ConfigurationError(f"{path}: unknown table [{min(unknown)}]; known: {known}")
    house = _validated(_House, document.get("tallybook", {}), f"{path}: [tallybook]")
    connections = _rows(document, "connections", "provider", models, path)
    deliveries = _rows(document, "deliveries", "kind", kinds or {}, path)
    base = path.resolve().parent
    return Settings(
        path=path.resolve(),
        data_dir=_data_dir(base / house.data_dir, path),
        books_dir=_books_dir(base / house.books_dir, path),
        reporting_currency=house.reporting_currency,
        entity=house.entity,
        final_coverage_pct=house.final_coverage_pct,
        refetch_days=house.refetch_days,
        connections=connections,
        read_secret=secret_reader(base, environment, prefect_secret),
        anomaly_amount=house.anomaly_amount,
        anomaly_pct=house.anomaly_pct,
        limits=house.limits(base),
        page_size=house.page_size,
        lake=house.lake(base),
        library_token=house.library_token,
        deliveries=deliveries,
        reports_url=(house.reports_url or environment.get("TALLYBOOK_REPORTS_URL", "")).rstrip("/"),
        language=house.language,
    )


def _data_dir(folder: Path, path: Path) -> Path:
    """The folder, refused where no warehouse can lie: DuckDB 1.5 puts the `.wal` of a file before a `?` in its path."""
    if any(mark == "?" or mark < " " for mark in str(folder)):
        raise ConfigurationError(
            f"{path}: [tallybook]: data_dir {str(folder)!r} has a question mark or a control character in its path, "
            "which the warehouse cannot have; set data_dir and choose another folder"
        )
    return folder


def _books_dir(folder: Path, path: Path) -> Path:
    if "\0" in str(folder):
        raise ConfigurationError(f"{path}: [tallybook]: books_dir {str(folder)!r} is no path; choose another folder")
    return folder


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors of Windows begin it with a mark
    except FileNotFoundError as error:
        raise ConfigurationError(f"no configuration at {path}: run 'tallybook init', or give --config FILE") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path} is not TOML that can be read: its values are nested too deeply") from error
    except ValueError as error:  # of TOML, of UTF-8, or an integer of more digits than Python reads
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _rows(
    document: Mapping[str, Any],
    table: Literal["connections", "deliveries"],
    by: str,
    models: Mapping[str, type[N]],
    path: Path,
) -> tuple[N, ...]:
    """The rows of [[table]], each read by the model that its key `by` chooses; their names are unique."""
    rows = document.get(table, [])
    if not isinstance(rows, list):
        raise ConfigurationError(f"{path}: write [[{table}]] with two brackets")
    found = tuple(_row(row, table, by, models, path) for row in rows)
    names = [one.name.lower() for one in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: two {table} are called {name!r}; names are unique")
    return found


def _row(row: Any, table: str, by: str, models: Mapping[str, type[N]], path: Path) -> N:
    if not isinstance(row, dict):
        raise ConfigurationError(f"{path}: [[{table}]] holds tables, and nothing else")
    where = f"{path}: {_ONE_OF[table]} {row.get('name', '(without a name)')!r}"
    chosen = row.get(by)
    if not isinstance(chosen, str) or chosen not in models:
        raise ConfigurationError(f"{where}: unknown {by} {chosen!r}; known: {', '.join(sorted(models))}")
    return _validated(models[chosen], row, where)


def _validated(model: type[M], values: Any, where: str) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(problem, model) for problem in error.errors())
        raise ConfigurationError(f"{where}: {problems}") from None


def _explain(problem: Any, model: type[BaseModel]) -> str:
    """One problem of pydantic's as a sentence. The input is never repeated: it may be a secret."""
    key = ".".join(str(part) for part in problem["loc"]) or "table"
    if problem["type"] == "extra_forbidden":
        known = sorted(_model_at(problem["loc"][:-1], model).model_fields)
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else "."
        return f"unknown key {key!r}{guess} Known keys: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"key {key!r} is required"
    return f"key {key!r}: {problem['msg'].removeprefix('Value error, ')}"


def _model_at(where: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The model of a nested table, by the keys and indexes that lead to it."""
    for part in where:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field else model
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation such as `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
