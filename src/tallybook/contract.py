"""What a provider is: a frozen dataclass of functions. No base class, no registry.

A provider folder exports `PROVIDER`; `tallybook.providers` finds it by listing. The line it takes part in:

    plan(session, period) -> requests ─► session.ask() lands each answer as a raw file
    parse(body, request)  -> rows per staging table, typed by queries/staging/<provider>/<table>.sql
    queries/facts/<provider>/<fact>.sql -> the provider's rows of facts.usage, costs, quotas, estate, coverage
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import polars

from tallybook.credentials import SecretReader
from tallybook.periods import BillingPeriod
from tallybook.settings import ConnectionSettings

Columns = Mapping[str, Sequence[object]]
"""Column name to values, all of one length. Decimals and numbers that price something are text."""


class Cadence(StrEnum):
    """When a dataset can be asked."""

    HISTORY = "history"  # for any past month: collected, and collected again
    SAMPLED = "sampled"  # only now, and often: `tallybook sample`; integrated over time
    CAPTURED = "captured"  # only now, once a collect is enough: levels like quotas and counts


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a provider. `kind` tells `parse` which answer it is; `asked` travels with the raw file.

    `credential` picks one of several credentials of a connection (a project id), else "".
    """

    kind: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    json: Mapping[str, Any] | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    credential: str = ""
    fallback_path: str = ""  # asked instead when `path` answers 404: a documented name that releases changed


@dataclass(frozen=True, slots=True)
class Answer:
    """A landed answer. `captured_at` is the answer's own `Date`, else the time it was received."""

    request: Request
    status: int
    headers: Mapping[str, str]
    captured_at: datetime
    sha256: str
    read: Callable[[], bytes]


class Session(Protocol):
    """What `plan` may use: asking (each answer is landed) and the clock. The same question is asked once."""

    @property
    def settings(self) -> Any: ...

    @property
    def now(self) -> datetime: ...

    def ask(self, request: Request) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """Rows for each staging table, and notes for people (unknown fields, odd windows).

    `captured_at` is set when the body carries its own timestamp, which then wins over the `Date` header.
    """

    tables: Mapping[str, Columns]
    notes: tuple[str, ...] = ()
    captured_at: datetime | None = None


class Auth(Protocol):
    """Credentials of a connection. `renew` forgets a refused credential and says whether a new try is worth it."""

    def headers(self, credential: str) -> Mapping[str, str]: ...

    def renew(self, credential: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of a provider.

    `tables` are the staging tables that it fills, without the provider's prefix; the last one is the largest.
    `parse_long` says the same as `parse` in parts, of an answer too long for memory: its first argument gives the bytes
    in pieces, from their beginning each time it is called.
    """

    name: str
    cadence: Cadence
    tables: tuple[str, ...]
    plan: Callable[[Session, BillingPeriod], Iterable[Request]]
    parse: Callable[[bytes, Request], Parsed]
    parse_long: Callable[[Callable[[], Iterable[bytes]], Request], Iterator[Parsed]] | None = None


class Reader(Protocol):
    """What a document is built from: queries/<name>.sql as a frame.

    $connection, $billing_period, $period_start, $period_end and the provider's own parameters are bound already.
    """

    def frame(self, name: str, **parameters: object) -> polars.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A documented parameter of a document. `default` None: the document's own rule, told in `default_rule`.

    `kind` is text, texts (a list: `--set` repeats), integer, boolean or choice (one of `choices`).
    """

    name: str
    kind: str = "text"
    default: object = None
    choices: tuple[str, ...] = ()
    is_required: bool = False
    help: str = ""
    default_rule: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """What docs/documents.md tells of a document beside its parameters, in Markdown.

    `source` is where the provider answers it, `example` some `NAME=VALUE`, `refuses` what ends with UsageError though
    its form is right, `differs` in what the answer is another than the provider's own.
    """

    summary: str
    source: str
    example: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the facts of a provider hold, in words that all documents share.

    `meters` are those of facts.usage that have a fixed name, `grain` the length of its charge periods: an hour or a
    UTC day. `limits` tells which resource of facts.quotas limits cores, memory, storage or instances.
    """

    meters: frozenset[str] = frozenset()
    grain: timedelta = timedelta(hours=1)
    limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What they hold, for messages."""
        kinds = (("usage of", sorted(self.meters)), ("limits of", sorted(self.limits)))
        return "; ".join(f"{words} {', '.join(names)}" for words, names in kinds if names) or "no usage and no limits"


@dataclass(frozen=True, slots=True)
class Source:
    """A connection of another provider whose facts answer a document."""

    name: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Across:
    """How a document is answered from the facts of another provider's connection, where they hold what it `needs`.

    `build` is as that of the document, without parameters of a provider in its reader; None: no facts hold it. `reads`
    is the fact that it reads, `differs` what docs/documents.md tells of such answers, in Markdown.
    """

    needs: str
    is_met: Callable[[Facts], bool] = lambda _: False
    build: Callable[[Reader, BillingPeriod, Mapping[str, Any], Source], object] | None = None
    reads: str = "usage"
    differs: tuple[str, ...] = ()

    def is_answered_by(self, facts: Facts) -> bool:
        """Whether these facts hold what is needed."""
        return self.build is not None and self.is_met(facts)


@dataclass(frozen=True, slots=True)
class Document:
    """A documented JSON document. `build` gets every parameter by name, typed, defaults filled in.

    `build` raises UsageError for values the document refuses. `standard` gives the parameter sets of the files
    that every report carries. `datasets` are those it is answered from, so that what was not seen of them is told.
    Its JSON Schema is reports/schemas/<provider>/<name>.schema.json. `across` says what facts of other providers must
    hold to answer it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    build: Callable[[Reader, BillingPeriod, Mapping[str, Any]], object]
    datasets: tuple[str, ...]
    reference: Reference
    across: Across
    standard: Callable[[Reader], Iterable[Mapping[str, Any]]] = lambda _: ({},)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `parameters` are the named parameters its fact queries take from the connection's settings.

    One called `currency` is that of the costs which the provider states: it tells what a silent connection can lack.
    `hint` says what to check when access is refused (HTTP 401 or 403), `facts` what the fact queries give.
    """

    name: str
    label: str
    settings: type[ConnectionSettings]
    datasets: tuple[Dataset, ...]
    authenticate: Callable[[Any, SecretReader], Auth]
    parameters: Callable[[Any], Mapping[str, object]]
    hint: str
    documents: tuple[Document, ...] = ()
    facts: Facts = field(default_factory=Facts)

    def dataset(self, name: str) -> Dataset:
        """The dataset called `name`; KeyError when there is none."""
        return {dataset.name: dataset for dataset in self.datasets}[name]
