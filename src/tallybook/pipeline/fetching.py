"""Fetching units: plan, ask side by side, land each answer, and write the receipt that makes them count."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tallybook.contract import Answer, Auth, Cadence, Dataset, Provider, Request
from tallybook.credentials import SecretReader
from tallybook.errors import StorageError, TallybookError
from tallybook.http import Client, Reply, RetryPolicy
from tallybook.landing import RawFile, RawStore, Receipt, as_raw_file
from tallybook.periods import BillingPeriod, is_plausible
from tallybook.pipeline.house import Connection
from tallybook.pipeline.secrets import read_secrets
from tallybook.settings import ConnectionSettings, duration_seconds

log = logging.getLogger(__name__)
Watcher = Callable[[str, str, str], None]
"""Told (connection, dataset, event): asked, landed or failed; for progress only."""


def ignore_progress(connection: str, dataset: str, event: str) -> None:
    """A watcher that watches nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open line to one connection, shared by its units: client and the answers had so far."""

    settings: ConnectionSettings
    provider: Provider
    client: Client
    answers: dict[bytes, tuple[Answer, RawFile]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def open_lines(connections: Sequence[Connection], read_secret: SecretReader) -> Iterator[list[Line]]:
    """Lines to connections. All secrets are read before the first request: a missing one stops everything."""
    secrets = read_secrets(connections, read_secret)
    lines = [
        Line(settings, provider, _client(settings, provider, provider.authenticate(settings, secrets.__getitem__)))
        for settings, provider in connections
    ]
    try:
        yield lines
    finally:
        for line in lines:
            line.client.close()


def fetch_unit(
    line: Line,
    dataset: Dataset,
    period: BillingPeriod,
    *,
    store: RawStore,
    now: Callable[[], datetime],
    watch: Watcher = ignore_progress,
) -> Receipt:
    """Fetch one unit and write its receipt, also when it failed. Raises StorageError when the disk refuses."""
    session = UnitSession(line, dataset, period, store=store, now=now(), watch=watch)
    problems = session.ask_all()
    error = f"{line.settings.name} {dataset.name} {session.period}: {'; '.join(problems)}" if problems else ""
    # Half a month is not a month; but the half of a snapshot that landed can't be had again.
    is_kept = not error or dataset.cadence is not Cadence.HISTORY
    receipt = Receipt(
        provider=line.provider.name,
        connection=line.settings.name,
        dataset=dataset.name,
        cadence=dataset.cadence.value,
        period=session.period,
        fetched_at=now(),
        files=tuple(session.files) if is_kept else (),
        error=error,
    )
    store.write_receipt(receipt)
    watch(line.settings.name, dataset.name, "failed" if error else "landed")
    return receipt


class UnitSession:
    """The session of one unit's plan. Every answer becomes a raw file of the unit."""

    def __init__(
        self,
        line: Line,
        dataset: Dataset,
        period: BillingPeriod,
        *,
        store: RawStore,
        now: datetime,
        watch: Watcher,
    ) -> None:
        self._line = line
        self._dataset = dataset
        self._period = period
        self._store = store
        self._watch = watch
        self._asked: dict[bytes, Future[Answer]] = {}
        self._is_dated = False
        self.now = now
        self.period = str(period)
        self.files: list[RawFile] = []

    @property
    def settings(self) -> Any:
        return self._line.settings

    def ask_all(self) -> list[str]:
        """Ask what the dataset plans, as many at a time as the connection allows; returns what went wrong.

        A history stops at its first problem, a snapshot goes on: its other answers still count.
        """
        problems: list[str] = []

        def ask_one(request: Request) -> None:
            if problems and self._dataset.cadence is Cadence.HISTORY:
                return
            try:
                self.ask(request)
            except StorageError:
                raise
            except TallybookError as problem:
                problems.append(str(problem))

        with ThreadPoolExecutor(self._line.settings.max_concurrency) as pool:
            try:
                for _ in pool.map(ask_one, self._dataset.plan(self, self._period)):
                    pass
            except StorageError:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            except Exception as problem:  # noqa: BLE001 - the plan's own questions, and errors of ours: no other unit's
                problems.append(_told(problem))
        return list(dict.fromkeys(problems))

    def ask(self, request: Request) -> Answer:
        """Ask and land; the same question is asked and kept once, also when two threads come with it at a time."""
        key = _question(request)
        with self._line.lock:
            known = self._asked.get(key)
            asked = known or self._asked.setdefault(key, Future())
        if known is None:
            try:
                asked.set_result(self._borrowed(key) or self._ask_anew(key, request))
            except BaseException as problem:
                asked.set_exception(problem)
                raise
        return asked.result()

    def _borrowed(self, key: bytes) -> Answer | None:
        """An answer that another unit of this line got: landed once more, so that each unit is whole."""
        if self._dataset.cadence is Cadence.SAMPLED or key not in self._line.answers:
            return None
        answer, file = self._line.answers[key]
        self._date(answer.captured_at)
        self._store.land(self._line.settings.name, self._dataset.name, self.period, [answer.read()])
        with self._line.lock:
            self.files.append(file)
        return answer

    def _ask_anew(self, key: bytes, request: Request) -> Answer:
        reply, (sha256, size) = self._line.client.ask(request, self._land)
        captured_at = self._moment(reply)
        file = as_raw_file(
            request,
            status=reply.status,
            sha256=sha256,
            size_bytes=size,
            captured_at=captured_at,
            is_clock_doubted=self._dataset.cadence is not Cadence.HISTORY and reply.date not in (None, captured_at),
        )
        unit = (self._line.settings.name, self._dataset.name, self.period)
        answer = Answer(
            request=request,
            status=reply.status,
            headers=reply.headers,
            captured_at=captured_at,
            sha256=sha256,
            read=lambda: self._store.read_body(*unit, sha256, size_bytes=size),
        )
        with self._line.lock:
            self._line.answers[key] = (answer, file)
            self.files.append(file)
        self._watch(self._line.settings.name, self._dataset.name, "asked")
        return answer

    def _moment(self, reply: Reply) -> datetime:
        """When it was answered: the answer's own `Date`, unless that cannot be."""
        told, error = reply.date, timedelta(seconds=duration_seconds(self._line.settings.max_clock_error))
        return told if told is not None and is_plausible(told, ours=self.now, clock_error=error) else self.now

    def _date(self, captured_at: datetime) -> None:
        """A snapshot belongs to the month in which it began, by the provider's clock; all of it, over midnight too."""
        with self._line.lock:
            if self._dataset.cadence is not Cadence.HISTORY and not self._is_dated:
                self.period, self._is_dated = str(BillingPeriod.containing(captured_at)), True

    def _land(self, reply: Reply, chunks: Iterator[bytes]) -> tuple[str, int]:
        self._date(self._moment(reply))
        return self._store.land(self._line.settings.name, self._dataset.name, self.period, chunks)


class _ProbedError(Exception):
    """One answer is enough."""


@dataclass(frozen=True, slots=True)
class ProbeSession:
    """A session that asks one question, lands nothing, and stops the plan."""

    line: Line
    now: datetime

    @property
    def settings(self) -> Any:
        return self.line.settings

    def ask(self, request: Request) -> Answer:
        """Ask and stop: what the plan would read of the answer is not there."""
        self.try_out(request)
        raise _ProbedError

    def try_out(self, request: Request) -> None:
        """Ask and forget the answer."""
        self.line.client.ask(request, lambda _, chunks: sum(len(chunk) for chunk in chunks))


def probe(line: Line, *, now: datetime) -> list[str]:
    """Ask a connection one question with each of its credentials; returns what went wrong."""
    session, problems, tried = ProbeSession(line, now), list[str](), set[str]()
    try:
        for request in line.provider.datasets[0].plan(session, BillingPeriod.containing(now)):
            if request.credential not in tried:
                tried.add(request.credential)
                try:
                    session.try_out(request)
                except TallybookError as problem:
                    problems.append(str(problem))
    except _ProbedError:
        pass
    except Exception as problem:  # noqa: BLE001 - no other connection's
        problems.append(_told(problem))
    return problems


def _told(problem: Exception) -> str:
    """A problem for people. One that nobody foresaw is an error of ours, and goes to the log whole."""
    if isinstance(problem, TallybookError):
        return str(problem)
    log.error("an error of tallybook's own", exc_info=problem)
    return f"{type(problem).__name__} within tallybook, an error of its own: report it with the lines of the log"


def _client(settings: ConnectionSettings, provider: Provider, auth: Auth) -> Client:
    return Client(
        base_url=settings.base_url,
        auth=auth,
        hint=f"{provider.hint} (see the README of {provider.label}'s provider)",
        timeout_seconds=settings.timeout_seconds,
        max_bytes=settings.max_response_mib * 2**20,
        max_connections=settings.max_concurrency,
        retry=RetryPolicy(name=settings.name),
    )


def _question(request: Request) -> bytes:
    return msgspec.json.encode(
        (request.method, request.path, request.params, request.json, request.credential), order="sorted"
    )
