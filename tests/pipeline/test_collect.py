"""Collecting over real HTTP: the sandbox's oCore, its faults, and servers that say what a test needs."""

import pickle
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stamina

from tallybook.errors import ConfigurationError, UsageError
from tallybook.landing import Receipt
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import FetchError, UnitResult, check, collect, fetch, rebuild, sample, sampler, settle
from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import write_configuration
from tallybook.sandbox.server import Running
from tests.pipeline.conftest import NOW, MakeHouse, sandbox
from tests.support.web import Asked, Said, serving

OCTOBER = BillingPeriod(2026, 10)


@pytest.fixture
def retries() -> Iterator[list[str]]:
    """What was tried again, as it happens."""
    seen: list[str] = []
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([lambda details: seen.append(repr(details.caused_by))])
    yield seen
    stamina.instrumentation.set_on_retry_hooks(hooks)


EMPTY = b'{"items": [], "period": "hourly", "totals": null}'


def clock() -> datetime:
    return NOW


def outcomes(results: list[UnitResult]) -> list[tuple[str, str, str]]:
    return [(result.connection, result.dataset, result.outcome) for result in results]


def quantities(house: House) -> dict[tuple[str, str], Decimal]:
    """(sub account, meter) -> quantity of October."""
    totals: dict[tuple[str, str], Decimal] = {}
    with house.warehouse() as warehouse:
        for row in warehouse.select("facts.usage", billing_period="2026-10").to_dicts():
            key = (row["sub_account_id"], row["meter"])
            totals[key] = totals.get(key, Decimal(0)) + row["consumed_quantity"]
    return totals


def truth(box: Running) -> dict[tuple[str, str], Decimal]:
    rows = box.truth("2026-10")["providers"]["ocore"]["usage"]
    return {(row["sub_account_id"], row["meter"]): Decimal(row["quantity"]) for row in rows}


def has_no_secret(house: House, secret: str) -> bool:
    files = [path for path in house.settings.data_dir.rglob("*") if path.is_file()]
    return not any(secret.encode() in path.read_bytes() for path in files)


# What is collected


def test_a_collected_month_is_the_sandboxs_own_truth(box: Running, house: MakeHouse) -> None:
    home = house(f"{box.url}/ocore/api")

    results = collect(home, OCTOBER, clock=clock)

    assert outcomes(results) == [("ocore-0", "totals", "done"), ("ocore-0", "usage", "done")]
    assert {key: total for key, total in quantities(home).items() if total} == {
        key: total for key, total in truth(box).items() if total
    }


def test_collecting_again_is_unchanged(box: Running, house: MakeHouse) -> None:
    home = house(f"{box.url}/ocore/api")
    first = collect(home, OCTOBER, clock=clock)

    again = collect(home, OCTOBER, clock=lambda: NOW + timedelta(hours=1))

    assert [result.outcome for result in again] == ["unchanged", "unchanged"]
    assert [result.rows for result in again] == [result.rows for result in first]
    assert all(result.rows for result in again)


@pytest.mark.parametrize("fault", ["rate-limit", "unavailable", "truncated"])
def test_a_fault_that_passes_changes_no_figure(fault: str, house: MakeHouse, retries: list[str]) -> None:
    with sandbox(faults=[fault]) as box:
        # several projects and days, so that the fault has requests to choose from
        projects = [f'"{key[0]}"' for key in truth(box) if key[1] == "core_hours"]
        home = house(f"{box.url}/ocore/api", more=f"projects = [{', '.join(projects)}]")
        for day in range(28, 32):
            fetch(home, OCTOBER, clock=lambda: datetime(2026, 10, day, tzinfo=UTC))  # noqa: B023 - used at once
        results = collect(home, OCTOBER, clock=clock)
        expected = truth(box)

    assert [result.outcome for result in results] == ["done", "done"]
    assert {key: total for key, total in quantities(home).items() if total} == {
        key: total for key, total in expected.items() if total
    }
    assert retries != []  # the fault did strike


def test_tokens_that_expired_are_renewed_on_the_way(box: Running, tmp_path: Path) -> None:
    config = write_configuration(tmp_path, url=box.url, world=box.world)
    home = open_house(config)

    with sampler(home, connections=["syseleven-main"]) as take:
        before = take(clock)
        box.expire_tokens()
        after = take(clock)

    assert [receipt.error for receipt in [*before, *after]] == [""] * (len(before) + len(after))
    assert [len(receipt.files) for receipt in after] == [len(receipt.files) for receipt in before]
    assert has_no_secret(home, "sandbox-application-secret")


def test_a_project_that_is_named_twice_is_counted_once(box: Running, house: MakeHouse) -> None:
    project = next(key[0] for key in truth(box) if key[1] == "core_hours")
    home = house(f"{box.url}/ocore/api", more=f"projects = [{', '.join([repr(project)] * 6)}]")

    collect(home, OCTOBER, clock=clock, datasets=["usage"])

    assert quantities(home)[project, "core_hours"] == truth(box)[project, "core_hours"]


def test_only_what_was_chosen_is_collected(box: Running, house: MakeHouse) -> None:
    url = f"{box.url}/ocore/api"
    home = house(url, url)

    results = collect(home, OCTOBER, clock=clock, connections=["ocore-1"], datasets=["totals"])

    assert outcomes(results) == [("ocore-1", "totals", "done")]
    assert [name.split("/")[:2] for name in home.store.receipts()] == [["ocore-1", "totals"]]


# What goes wrong


def test_a_wrong_token_names_connection_dataset_period_status_and_what_to_check(box: Running, house: MakeHouse) -> None:
    home = house(f"{box.url}/ocore/api", variable="WRONG_TOKEN")

    for result in collect(home, OCTOBER, clock=clock):
        assert result.outcome == "failed"
        assert result.message.startswith(f"ocore-0 {result.dataset} 2026-10: HTTP 401 for /usage")
        assert "the key needs view permission on usage" in result.message
        assert "README" in result.message
    assert has_no_secret(home, "ocore_k_of_somebody_else")


def test_a_wrong_token_keeps_what_was_collected_before(box: Running, house: MakeHouse) -> None:
    url = f"{box.url}/ocore/api"
    before = house(url)
    collect(before, OCTOBER, clock=clock)
    kept = quantities(before)

    after = house(url, variable="WRONG_TOKEN")
    collect(after, OCTOBER, clock=lambda: NOW + timedelta(hours=1))

    assert quantities(after) == kept
    assert kept != {}
    with after.warehouse() as warehouse:
        units = warehouse.select("landing.units").to_dicts()
    assert all("HTTP 401" in unit["error"] and unit["receipt"] for unit in units)


def test_a_stopped_provider_fails_its_own_units_and_the_others_are_kept(box: Running, house: MakeHouse) -> None:
    with serving(Said()) as web:
        stopped = web.url
    home = house(stopped, f"{box.url}/ocore/api")

    results = collect(home, OCTOBER, clock=clock)

    assert outcomes(results) == [
        ("ocore-0", "totals", "failed"),
        ("ocore-0", "usage", "failed"),
        ("ocore-1", "totals", "done"),
        ("ocore-1", "usage", "done"),
    ]
    assert "ocore-0 usage 2026-10: /usage could not be asked (ConnectError" in results[1].message
    assert "check base_url and that the provider is up" in results[1].message


def test_an_answer_that_is_no_json_fails_the_unit_and_keeps_the_raw_file(house: MakeHouse) -> None:
    with serving(Said(body=b"<html>Sign in</html>")) as web:
        home = house(web.url)
        results = collect(home, OCTOBER, clock=clock)

    assert [result.outcome for result in results] == ["failed", "failed"]
    assert "the answer is not JSON" in results[0].message
    receipts = [home.store.receipt(name) for name in home.store.receipts()]
    assert [home.store.read(receipt, receipt.files[0]) for receipt in receipts] == [b"<html>Sign in</html>"] * 2


def test_a_redirect_to_another_origin_is_told_and_nothing_goes_there(house: MakeHouse) -> None:
    with serving(Said(body=EMPTY)) as other, serving(Said(302, headers={"Location": f"{other.url}/usage"})) as web:
        results = collect(house(web.url), OCTOBER, clock=clock)

    assert other.asked == []
    assert all("no credential is sent there" in result.message for result in results)


def test_an_answer_beyond_the_size_limit_fails_the_unit_and_leaves_no_file(house: MakeHouse) -> None:
    with serving(Said(body=b" " * (2**20 + 1))) as web:
        home = house(web.url, more="max_response_mib = 1")
        results = collect(home, OCTOBER, clock=clock)

    assert all("answered more than 1 MiB; raise max_response_mib" in result.message for result in results)
    left = [path.suffix for path in (home.settings.data_dir / "raw").rglob("*") if path.is_file()]
    assert left == [".json", ".json"]


def test_the_token_is_in_no_file(box: Running, house: MakeHouse) -> None:
    home = house(f"{box.url}/ocore/api")
    collect(home, OCTOBER, clock=clock)

    assert has_no_secret(home, "ocore_k_sandbox_6f1d2c")


# What is refused before anything is done


def refused(home: House, **options: Any) -> str:
    with pytest.raises((UsageError, ConfigurationError)) as caught:
        collect(home, **{"period": OCTOBER, "clock": clock} | options)
    assert caught.value.exit_code == 2
    assert not home.settings.data_dir.exists()
    return str(caught.value)


def test_a_month_in_the_future_is_refused(house: MakeHouse) -> None:
    message = refused(house("http://127.0.0.1:9"), period=BillingPeriod(2026, 12))

    assert message == "2026-12 has not begun: nothing can be known of it; give a month up to 2026-11"


def test_an_unknown_dataset_names_the_known_ones(house: MakeHouse) -> None:
    message = refused(house("http://127.0.0.1:9"), datasets=["usage", "costs"])

    assert message == "no dataset 'costs' at the chosen connections; known: totals, usage"


def test_an_unknown_connection_names_the_known_ones(house: MakeHouse) -> None:
    message = refused(house("http://127.0.0.1:9"), connections=["ocore"])

    assert re.fullmatch(r"no connection 'ocore' in .*tallybook\.toml; known: ocore-0", message)


def test_a_missing_secret_stops_everything_before_the_first_request(house: MakeHouse) -> None:
    with serving(Said(body=EMPTY)) as web:
        message = refused(house(web.url, variable="NOT_SET"))

    assert "connection 'ocore-0', key 'token': environment variable NOT_SET is not set; export it" in message
    assert web.asked == []


# How much at once


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_requests_are_open_than_a_connection_allows(house: MakeHouse, limit: int) -> None:
    projects = ", ".join(f'"p-{number}"' for number in range(12))
    with serving(Said(body=EMPTY, after_seconds=0.03)) as web:
        home = house(web.url, more=f"projects = [{projects}]\nmax_concurrency = {limit}")
        collect(home, OCTOBER, clock=clock, datasets=["usage"])

    assert len(web.asked) == 12
    assert web.most_at_once == limit


def test_connections_are_asked_side_by_side(house: MakeHouse) -> None:
    with serving(Said(body=EMPTY, after_seconds=0.2)) as web:
        home = house(*[web.url] * 3, more="max_concurrency = 1")
        collect(home, OCTOBER, clock=clock, datasets=["usage"])

    assert web.most_at_once == 3


def test_a_history_stops_at_its_first_problem(house: MakeHouse) -> None:
    projects = ", ".join(f'"p-{number}"' for number in range(50))
    with serving(Said(403, b"no")) as web:
        home = house(web.url, more=f"projects = [{projects}]\nmax_concurrency = 2")
        collect(home, OCTOBER, clock=clock, datasets=["usage"])

    assert len(web.asked) < 10


# Months


@pytest.mark.parametrize(
    ("now", "asked_until"),
    [
        ("2026-10-15T12:34:56", "2026-10-15T12%3A00%3A00Z"),
        ("2026-10-31T23:59:59", "2026-10-31T23%3A00%3A00Z"),
        ("2026-11-01T00:00:00", "2026-11-01T00%3A00%3A00Z"),
        ("2027-03-01T00:00:00", "2026-11-01T00%3A00%3A00Z"),
    ],
)
def test_a_month_is_asked_up_to_its_last_whole_hour(house: MakeHouse, now: str, asked_until: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    with serving(Said(body=EMPTY)) as web:
        collect(house(web.url), OCTOBER, clock=lambda: moment, datasets=["usage"])

    (path,) = web.paths
    assert path == f"/usage?period=hourly&start_date=2026-10-01T00%3A00%3A00Z&end_date={asked_until}"


def test_nothing_is_sampled_where_history_can_be_asked(house: MakeHouse) -> None:
    with serving(Said(body=EMPTY)) as web:
        assert sample(house(web.url), clock=clock) == []

    assert web.asked == []


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"{}", b'{"timestamp": 1, "step": 5, "data": {}}'])
def test_a_sample_that_nobody_can_use_has_an_error_and_is_kept(tmp_path: Path, body: bytes) -> None:
    config = tmp_path / "tallybook.toml"
    with serving(Said(body=body)) as web:
        config.write_text(
            f'[[connections]]\nname = "live"\nprovider = "openscaler"\nbase_url = "{web.url}"\n'
            'token = { env = "OPENSCALER_TOKEN" }\n',
            encoding="utf-8",
        )
        home = open_house(config)
        (told,) = sample(home, clock=clock)

    (landed,) = (home.store.receipt(name) for name in home.store.receipts())
    assert told.error.startswith("live live 2026-11: /v1/stats/live: ")
    assert (landed.error, len(landed.files)) == ("", 1)


# Checking and making anew


def test_check_tells_what_works_and_what_does_not(box: Running, house: MakeHouse) -> None:
    with serving(Said(403, b"not yours")) as web:
        home = house(f"{box.url}/ocore/api", web.url, names=["good", "bad"])
        results = check(home, clock=clock)

    assert results["good"] == ""
    assert results["bad"].startswith("HTTP 403 for /usage: not yours; the key needs view permission")
    assert not home.settings.data_dir.exists()


def _by_project(asked: Asked) -> Said:
    return Said(503 if "/p-2/" in asked.path else 200, EMPTY)


@pytest.mark.parametrize("answering", [_by_project, lambda _: Said(body=EMPTY)], ids=["one fails", "all answer"])
def test_a_history_counts_only_when_all_of_it_was_answered(
    house: MakeHouse, answering: Callable[[Asked], Said]
) -> None:
    with serving(answering) as web:
        home = house(web.url, more='projects = ["p-1", "p-2", "p-3"]')
        (result,) = collect(home, OCTOBER, clock=clock, datasets=["usage"])

    (receipt,) = [home.store.receipt(name) for name in home.store.receipts()]
    assert (result.outcome, len(receipt.files)) in [("failed", 0), ("done", 3)]
    assert bool(result.message) == (answering is _by_project)


def test_a_rebuild_has_the_same_figures_and_loses_no_failure(box: Running, house: MakeHouse) -> None:
    url = f"{box.url}/ocore/api"
    home = house(url)
    collect(home, OCTOBER, clock=clock)
    collect(house(url, variable="WRONG_TOKEN"), OCTOBER, clock=lambda: NOW + timedelta(hours=1))
    before, errors = quantities(home), failures(home)
    home.settings.data_dir.joinpath("tallybook.duckdb").write_bytes(b"damaged")

    rebuild(home, clock=clock)

    assert quantities(home) == before
    assert failures(home) == errors
    assert len(errors) == 2


def failures(home: House) -> list[str]:
    with home.warehouse() as warehouse:
        return sorted(unit["error"] for unit in warehouse.select("landing.units").to_dicts())


def test_what_failed_reaches_another_process_with_its_receipts() -> None:
    receipt = Receipt(
        "example", "main", "usage", "history", "2026-10", datetime(2026, 11, 1, tzinfo=UTC), (), "timeout"
    )

    told = pickle.loads(pickle.dumps(FetchError("main usage 2026-10: timeout", [receipt])))  # noqa: S301 - our own

    assert (str(told), told.receipts) == ("main usage 2026-10: timeout", [receipt])


def test_a_fetch_that_an_earlier_one_of_the_future_keeps_from_counting_has_failed(
    box: Running, house: MakeHouse
) -> None:
    place = house(f"{box.url}/ocore/api")
    collect(place, OCTOBER, clock=lambda: NOW + timedelta(days=2))  # this machine's clock ran ahead

    found = collect(place, OCTOBER, clock=clock)

    assert [result.outcome for result in found] == ["failed", "failed"]
    assert "counts as fetched at 2026-11-03 00:00 UTC, which has not come" in found[0].message
    assert re.search(r"/raw/ocore-0/totals/2026-10/20261103T000000.*receipt\.json", found[0].message)


def test_a_fetch_that_a_later_one_overtook_is_done(box: Running, house: MakeHouse) -> None:
    place = house(f"{box.url}/ocore/api")
    collect(place, OCTOBER, clock=lambda: NOW + timedelta(minutes=1))
    receipts = fetch(place, OCTOBER, clock=clock)

    found = settle(place, OCTOBER, receipts, clock=lambda: NOW + timedelta(minutes=2))

    assert [result.outcome for result in found] == ["done", "done"]
