"""Fetching one unit of a provider made up for the test, over real HTTP."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tallybook.contract import Answer, Cadence, Dataset, Parsed, Provider, Request, Session
from tallybook.credentials import SecretRef
from tallybook.errors import ConfigurationError, SchemaError, StorageError
from tallybook.http import Client, RetryPolicy, StaticHeaders
from tallybook.landing import RawStore, Receipt
from tallybook.periods import BillingPeriod
from tallybook.pipeline.fetching import Line, fetch_unit, open_lines, probe
from tallybook.settings import ConnectionSettings
from tests.support.web import Asked, Said, Web, serving

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
Plan = Callable[[Session, BillingPeriod], Iterable[Request]]


def dataset(plan: Plan, cadence: Cadence = Cadence.HISTORY, name: str = "usage") -> Dataset:
    return Dataset(name, cadence, ("rows",), plan, lambda _body, _request: Parsed({}))


def asking(*paths: str) -> Plan:
    return lambda _session, _period: [Request("page", path) for path in paths]


@contextmanager
def line_to(web: Web, *datasets: Dataset, max_concurrency: int = 4, max_clock_error: str = "1h") -> Iterator[Line]:
    settings = ConnectionSettings(
        name="main",
        provider="madeup",
        base_url=web.url,
        max_concurrency=max_concurrency,
        max_clock_error=max_clock_error,
    )
    provider = Provider(
        name="madeup",
        label="Made Up",
        settings=ConnectionSettings,
        datasets=datasets,
        authenticate=lambda _settings, _read: StaticHeaders({"Authorization": "Bearer t"}),
        parameters=lambda _: {},
        hint="check the key",
    )
    client = Client(
        base_url=web.url,
        auth=StaticHeaders({"Authorization": "Bearer t"}),
        hint="check the key",
        timeout_seconds=5,
        max_bytes=2**20,
        max_connections=max_concurrency,
        retry=RetryPolicy(attempts=2, wait_initial_seconds=0.01, wait_max_seconds=0.01),
    )
    try:
        yield Line(settings, provider, client)
    finally:
        client.close()


@pytest.fixture
def store(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw")


def fetched(line: Line, of: Dataset, store: RawStore, *, now: datetime = NOW) -> Receipt:
    receipt = fetch_unit(line, of, OCTOBER, store=store, now=lambda: now)
    assert [store.receipt(name) for name in store.receipts() if store.receipt(name).id == receipt.id] == [receipt]
    return receipt


def bodies(store: RawStore, receipt: Receipt) -> list[bytes]:
    return sorted(store.read(receipt, file) for file in receipt.files)


def by_path(asked: Asked) -> Said:
    return Said(body=asked.path.encode())


def test_every_answer_of_a_unit_is_landed_with_its_question(store: RawStore) -> None:
    unit = dataset(asking("/a", "/b", "/c"))
    with serving(by_path) as web, line_to(web) as line:
        receipt = fetched(line, unit, store)

    assert bodies(store, receipt) == [b"/a", b"/b", b"/c"]
    assert sorted(file.path for file in receipt.files) == ["/a", "/b", "/c"]
    assert (receipt.period, receipt.error, receipt.cadence) == ("2026-10", "", "history")


def test_the_same_question_is_asked_and_kept_once_also_side_by_side(store: RawStore) -> None:
    unit = dataset(asking(*["/a"] * 20))
    with serving(Said(body=b"a", after_seconds=0.05)) as web, line_to(web) as line:
        receipt = fetched(line, unit, store)

    assert web.paths == ["/a"]
    assert bodies(store, receipt) == [b"a"]


def test_a_plan_may_read_an_answer_to_ask_further(store: RawStore) -> None:
    def plan(session: Session, period: BillingPeriod) -> Iterator[Request]:
        pages = session.ask(Request("list", "/pages")).read().decode().split()
        yield from (Request("page", page) for page in pages)

    def answer(asked: Asked) -> Said:
        return Said(body=b"/p1 /p2") if asked.path == "/pages" else by_path(asked)

    with serving(answer) as web, line_to(web) as line:
        receipt = fetched(line, dataset(plan), store)

    assert bodies(store, receipt) == [b"/p1", b"/p1 /p2", b"/p2"]


def test_an_answer_that_another_unit_got_is_not_asked_again_but_landed(store: RawStore) -> None:
    first, second = dataset(asking("/list", "/a"), name="one"), dataset(asking("/list", "/b"), name="two")
    with serving(by_path) as web, line_to(web) as line:
        fetched(line, first, store)
        receipt = fetched(line, second, store)

    assert sorted(web.paths) == ["/a", "/b", "/list"]
    assert bodies(store, receipt) == [b"/b", b"/list"]


def test_a_sample_is_never_borrowed(store: RawStore) -> None:
    with serving(by_path) as web, line_to(web) as line:
        for name in ("one", "two"):
            fetched(line, dataset(asking("/live"), Cadence.SAMPLED, name), store)

    assert web.paths == ["/live", "/live"]


def test_half_a_history_counts_for_nothing_and_half_a_snapshot_for_itself(store: RawStore) -> None:
    def answer(asked: Asked) -> Said:
        return Said(500, b"oops") if asked.path == "/b" else by_path(asked)

    with serving(answer) as web, line_to(web) as line:
        history = fetched(line, dataset(asking("/a", "/b", "/c"), name="past"), store)
        snapshot = fetched(line, dataset(asking("/a", "/b", "/c"), Cadence.SAMPLED, "now"), store)

    assert history.files == ()
    assert bodies(store, snapshot) == [b"/a", b"/c"]
    for receipt in (history, snapshot):
        assert receipt.error.startswith(f"main {receipt.dataset} 2026-10: HTTP 500 for /b: oops")


def test_a_plan_that_cannot_read_an_answer_fails_its_unit(store: RawStore) -> None:
    def plan(session: Session, period: BillingPeriod) -> Iterator[Request]:
        session.ask(Request("list", "/list"))
        yield Request("page", "/a")
        raise SchemaError("the list has no field 'uuid'")

    with serving(by_path) as web, line_to(web) as line:
        receipt = fetched(line, dataset(plan), store)

    assert receipt.error == "main usage 2026-10: the list has no field 'uuid'"
    assert receipt.files == ()


def test_a_disk_that_refuses_stops_the_fetch_without_a_receipt(store: RawStore, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file where a folder should be", encoding="utf-8")

    with serving(by_path) as web, line_to(web) as line, pytest.raises(StorageError, match="cannot write to"):
        fetch_unit(line, dataset(asking("/a", "/b")), OCTOBER, store=store, now=lambda: NOW)


# When


def test_an_answer_is_captured_at_its_own_date_else_when_it_came(store: RawStore) -> None:
    def answer(asked: Asked) -> Said:
        return Said(headers={"Date": "Tue, 20 Oct 2026 11:59:30 GMT"} if asked.path == "/dated" else {})

    with serving(answer) as web, line_to(web) as line:
        receipt = fetched(line, dataset(asking("/dated", "/undated")), store)

    assert not any(file.is_clock_doubted for file in receipt.files)
    assert {file.path: file.captured_at for file in receipt.files} == {
        "/dated": datetime(2026, 10, 20, 11, 59, 30, tzinfo=UTC),
        "/undated": NOW,
    }


def test_a_snapshot_belongs_to_the_month_of_the_providers_clock(store: RawStore) -> None:
    said, before = Said(headers={"Date": "Sun, 01 Nov 2026 00:00:01 GMT"}), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    with serving(said) as web, line_to(web) as line:
        live = dataset(asking("/live"), Cadence.SAMPLED)
        receipt = fetch_unit(line, live, OCTOBER, store=store, now=lambda: before)

    assert receipt.period == "2026-11"
    assert bodies(store, receipt) == [b"{}"]


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:07 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sat, 01 Jan 2050 00:00:00 GMT",
        "Tue, 20 Oct 2026 13:00:01 GMT",  # NOW is noon
        "Mon, 19 Oct 2026 11:59:59 GMT",
    ],
)
def test_a_clock_that_is_plainly_wrong_is_not_believed(store: RawStore, date: str) -> None:
    with serving(Said(headers={"Date": date})) as web, line_to(web) as line:
        receipt = fetched(line, dataset(asking("/live"), Cadence.SAMPLED), store)

    assert receipt.period == f"{NOW:%Y-%m}"
    assert [(file.captured_at, file.is_clock_doubted) for file in receipt.files] == [(NOW, True)]


def test_a_clock_is_believed_as_far_as_the_connection_says(store: RawStore) -> None:
    said = Said(headers={"Date": "Thu, 22 Oct 2026 11:00:00 GMT"})
    with serving(said) as web, line_to(web, max_clock_error="48h") as line:
        receipt = fetched(line, dataset(asking("/live"), Cadence.SAMPLED), store)

    assert [file.captured_at for file in receipt.files] == [NOW + timedelta(hours=47)]


@pytest.mark.parametrize("cadence", [Cadence.SAMPLED, Cadence.CAPTURED])
def test_a_snapshot_over_midnight_at_the_months_end_stays_one_unit(store: RawStore, cadence: Cadence) -> None:
    both_arrived = threading.Barrier(2, timeout=5)

    def answer(asked: Asked) -> Said:
        both_arrived.wait()
        is_late = asked.path == "/b"
        date = "Sun, 01 Nov 2026 00:00:00 GMT" if is_late else "Sat, 31 Oct 2026 23:59:59 GMT"
        return Said(body=asked.path.encode(), headers={"Date": date})

    with serving(answer) as web, line_to(web) as line:
        receipt = fetched(line, dataset(asking("/a", "/b"), cadence), store)

    assert receipt.period in ("2026-10", "2026-11")
    assert bodies(store, receipt) == [b"/a", b"/b"]


def test_a_history_belongs_to_the_month_that_was_asked_whatever_the_clock(store: RawStore) -> None:
    with serving(Said(headers={"Date": "Tue, 01 Dec 2026 00:00:00 GMT"})) as web, line_to(web) as line:
        receipt = fetched(line, dataset(asking("/a")), store)

    assert receipt.period == "2026-10"


# Progress, probes, secrets


def test_progress_is_told_for_each_answer_and_each_unit(store: RawStore) -> None:
    told: list[tuple[str, str, str]] = []
    with serving(by_path) as web, line_to(web) as line:
        for paths in (("/a", "/b"), ()):
            fetch_unit(
                line,
                dataset(asking(*paths)),
                OCTOBER,
                store=store,
                now=lambda: NOW,
                watch=lambda *event: told.append(event),
            )

    assert [event for *_, event in told] == ["asked", "asked", "landed", "landed"]
    assert {event[:2] for event in told} == {("main", "usage")}


def test_a_probe_asks_one_question_and_lands_nothing() -> None:
    def plan(session: Session, period: BillingPeriod) -> Iterator[Request]:
        answer: Answer = session.ask(Request("list", "/list"))
        yield Request("page", answer.read().decode())

    with serving(by_path) as web, line_to(web, dataset(plan)) as line:
        problems = probe(line, now=NOW)

    assert (web.paths, problems) == (["/list"], [])


def test_a_probe_tries_each_credential_once_and_tells_all_that_fail() -> None:
    def plan(_session: Session, _period: BillingPeriod) -> Iterator[Request]:
        for credential in ("one", "two", "three", "two"):
            yield Request("page", f"/{credential}", credential=credential)

    def only_one(asked: Asked) -> Said:
        return Said() if asked.path == "/one" else Said(status=403)

    with serving(only_one) as web, line_to(web, dataset(plan)) as line:
        problems = probe(line, now=NOW)

    assert web.paths == ["/one", "/two", "/three"]
    assert [problem.split(":")[0] for problem in problems] == ["HTTP 403 for /two", "HTTP 403 for /three"]


def broken(_session: Session, _period: BillingPeriod) -> Iterator[Request]:
    yield Request("page", "/a")
    raise KeyError("a name that the plan looks up")


def test_an_error_of_our_own_fails_its_unit_only_and_is_logged(
    store: RawStore, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(by_path) as web, line_to(web) as line:
        failed = fetched(line, dataset(broken), store)
        landed = fetched(line, dataset(asking("/b"), name="other"), store)

    assert failed.error.startswith("main usage 2026-10: KeyError within tallybook")
    assert (failed.files, landed.error) == ((), "")
    assert "a name that the plan looks up" in caplog.text


def test_an_error_of_our_own_is_a_problem_of_the_probed_connection() -> None:
    with serving(by_path) as web, line_to(web, dataset(broken)) as line:
        assert [problem.split()[0] for problem in probe(line, now=NOW)] == ["KeyError"]


def test_an_interrupt_of_a_plan_is_none_of_its_errors(store: RawStore) -> None:
    def interrupted(_session: Session, _period: BillingPeriod) -> Iterator[Request]:
        yield Request("page", "/a")
        raise KeyboardInterrupt

    with serving(by_path) as web, line_to(web) as line, pytest.raises(KeyboardInterrupt):
        fetch_unit(line, dataset(interrupted), OCTOBER, store=store, now=lambda: NOW)

    assert list(store.receipts()) == []


class WithToken(ConnectionSettings):
    token: SecretRef


def with_tokens(web: Web, *names: str) -> list[tuple[ConnectionSettings, Provider]]:
    """A connection for each name, whose token lies in the environment variable of the same name."""

    def authenticate(settings: WithToken, read: Callable[[SecretRef], str]) -> StaticHeaders:
        return StaticHeaders({"Authorization": read(settings.token)})

    provider = Provider("madeup", "Made Up", WithToken, (), authenticate, lambda _: {}, "hint")
    return [
        (WithToken(name=name, provider="madeup", base_url=web.url, token=SecretRef(env=name)), provider)
        for name in names
    ]


def test_all_secrets_are_read_before_the_first_request() -> None:
    def read_secret(ref: SecretRef) -> str:
        if ref.env == "second":
            raise ConfigurationError("environment variable second is not set; export it")
        return "token"

    with serving(by_path) as web:
        refused = pytest.raises(ConfigurationError, match="connection 'second', key 'token': environment variable sec")
        with refused, open_lines(with_tokens(web, "first", "second"), read_secret):
            raise AssertionError("no line opens without all secrets")

    assert web.asked == []
