"""Backfills over a sandbox with one provider: the plan, the result, what is left alone, and interrupted ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tallybook.errors import StorageError, UsageError
from tallybook.pipeline import backfill as backfilling
from tallybook.pipeline.backfill import Step
from tallybook.pipeline.collect import collect
from tallybook.pipeline.house import House
from tallybook.pipeline.journal import Backfill, MonthResult, registered, resumed_since
from tallybook.pipeline.publish import report
from tallybook.sandbox.server import Running
from tests.pipeline.conftest import MakeHouse
from tests.pipeline.test_publish import PRICES

pytestmark = pytest.mark.usefixtures("no_pages")

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
BOTH = Backfill("2026-09", "2026-10", "missing")


@pytest.fixture
def place(house: MakeHouse, box: Running, tmp_path: Path) -> House:
    priced(tmp_path / "books")
    return house(f"{box.url}/ocore/api")


def priced(books: Path) -> None:
    books.mkdir()
    (books / "prices.csv").write_text(PRICES, encoding="utf-8")


def clock() -> datetime:
    return NOW


def planned(place: House, wanted: Backfill = BOTH) -> list[Step]:
    since = resumed_since(place.settings.data_dir, wanted, now=NOW)
    return backfilling.plan(place, wanted, clock=clock, since=since)


def carried_out(place: House, wanted: Backfill = BOTH) -> list[MonthResult]:
    steps = planned(place, wanted)
    months = backfilling.chosen_months(steps)
    with registered(place.settings.data_dir, wanted, months, run_id="", now=NOW) as journal:
        return backfilling.carry_out(place, wanted, steps, journal=journal, clock=clock, tell=lambda _: None)


def states(steps: Sequence[Step], month: str) -> dict[str, str]:
    return {step.dataset: step.state for step in steps if step.month == month}


def outcomes(results: Sequence[MonthResult], month: str) -> dict[str, str]:
    return {row.dataset: row.outcome for row in results if row.month == month}


def test_a_plan_says_of_each_dataset_and_report_what_it_is(place: House) -> None:
    october = BOTH.months[1]
    collect(place, october, clock=lambda: NOW - timedelta(days=3), datasets=["usage"])
    collect(place, october, clock=clock, datasets=["totals"])
    steps = planned(place)

    assert states(steps, "2026-10")["usage"] == "stale"  # the month was not over
    assert states(steps, "2026-10")["totals"] == "complete"
    assert set(states(steps, "2026-09").values()) == {"missing"}
    assert states(steps, "2026-10")["report"] == "missing"
    assert [step.is_chosen for step in steps if step.dataset == "totals"] == [True, False]


def test_what_was_collected_and_never_reported_is_published(place: House) -> None:
    for month in BOTH.months:
        collect(place, month, clock=clock)
    steps = planned(place)
    results = carried_out(place)

    assert {step.dataset for step in steps if step.is_chosen} == {"report"}
    assert outcomes(results, "2026-10")["report"] == "done"
    assert (place.reports_dir / "2026-10" / "r01").is_dir()


def test_the_result_has_every_dataset_of_every_month_and_the_path_of_each_report(place: House) -> None:
    collect(place, BOTH.months[1], clock=clock, datasets=["usage"])
    results = carried_out(place)

    steps = planned(place)
    assert [(row.month, row.dataset) for row in results] == [(step.month, step.dataset) for step in steps]
    assert outcomes(results, "2026-10")["usage"] == "unchanged"
    assert outcomes(results, "2026-10")["totals"] == "done"
    reports = {row.month: (row.revision, row.report) for row in results if row.dataset == "report"}
    assert reports["2026-10"] == (
        "r01 (new)",
        str(place.reports_dir / "2026-10" / "r01" / "monthly-report.html"),
    )


def test_what_is_complete_is_left_alone(place: House) -> None:
    carried_out(place)
    receipts = list(place.store.receipts())
    results = carried_out(place)

    assert {row.outcome for row in results} == {"unchanged"}
    assert backfilling.summary(results) == f"{len(results) - 2} unchanged"
    assert list(place.store.receipts()) == receipts


def test_what_fails_is_listed_with_its_reason_and_the_rest_is_published(house: MakeHouse, box: Running) -> None:
    place = house(f"{box.url}/ocore/api", f"{box.url}/nothing-here", names=("good", "bad"))
    priced(place.settings.books_dir)
    results = carried_out(place, Backfill("2026-10", "2026-10", "missing"))

    bad = [row for row in results if row.connection == "bad"]
    assert {row.outcome for row in bad} == {"failed"}
    assert all("HTTP 404" in row.message for row in bad)
    assert {row.outcome for row in results if row.connection == "good"} == {"done"}
    assert results[-1].revision == "r01 (new)"
    assert set(backfilling.failures(results)) == {f"2026-10 bad {row.dataset}" for row in bad}


def test_a_final_month_is_touched_only_with_a_reason(place: House) -> None:
    carried_out(place)
    report(place, BOTH.months[1], clock=clock, final=True, reason="checked", accept_gaps="a test")

    assert planned(place)  # nothing of it would be touched
    with pytest.raises(UsageError, match="2026-10 is final: give a reason"):
        planned(place, Backfill("2026-09", "2026-10", "all"))
    assert planned(place, Backfill("2026-09", "2026-10", "all", reason="rates were wrong"))


def test_months_that_have_not_begun_or_are_the_wrong_way_round_are_refused(place: House) -> None:
    with pytest.raises(UsageError, match="2026-12 has not begun"):
        planned(place, Backfill("2026-09", "2026-12", "missing"))
    with pytest.raises(UsageError, match="the first month 2026-10 is after the last month 2026-09"):
        planned(place, Backfill("2026-10", "2026-09", "missing"))


def test_an_overlapping_backfill_is_refused_by_name_and_another_is_not(place: House) -> None:
    data = place.settings.data_dir
    with registered(data, BOTH, ["2026-09", "2026-10"], run_id="run-1", now=NOW):
        with pytest.raises(UsageError) as told:
            resumed_since(data, Backfill("2026-10", "2026-12", "all"), now=NOW)
        with (
            pytest.raises(UsageError, match="overlaps 'backfill 2026-09 to 2026-10'"),
            registered(data, BOTH, [], run_id="run-2", now=NOW),
        ):
            pass
        with registered(data, Backfill("2026-07", "2026-08", "all"), ["2026-07"], run_id="", now=NOW) as other:
            assert other.months == ("2026-07",)

    assert str(told.value) == (
        "backfill 2026-10 to 2026-12 overlaps 'backfill 2026-09 to 2026-10', which has 2026-10 in hand since "
        "2026-11-01 06:00 UTC, run run-1: wait for it to end or cancel it, or leave these months out"
    )
    assert resumed_since(data, BOTH, now=NOW) is None  # it has ended


class KilledError(BaseException):
    """Stands for a process that was killed."""


def killed_after(place: House, wanted: Backfill, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Carry out a backfill that ends before its second call of a step of the pipeline."""
    calls, real = [0], getattr(backfilling, step)

    def dying(*args: object, **kwargs: object) -> object:
        calls[0] += 1
        if calls[0] == 2:
            raise KilledError
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(backfilling, step, dying)
        with pytest.raises(KilledError):
            carried_out(place, wanted)


@pytest.mark.parametrize(("step", "only"), [("fetch", "missing"), ("settle", "all"), ("report", "all")])
def test_an_interrupted_backfill_goes_on_where_it_stopped(
    place: House, monkeypatch: pytest.MonkeyPatch, step: str, only: str
) -> None:
    wanted = Backfill("2026-09", "2026-10", only)
    killed_after(place, wanted, monkeypatch, step)
    fetched = {receipt.rpartition("/")[0] for receipt in place.store.receipts()}
    results = carried_out(place, wanted)

    receipts = [receipt.rpartition("/")[0] for receipt in place.store.receipts()]
    assert sorted(receipts) == sorted(set(receipts))  # nothing was asked twice
    assert len(fetched) == len(receipts) // 2 if step == "fetch" else len(receipts)
    assert {(row.outcome, row.message) for row in results if row.outcome != "done"} == set()
    assert [row.revision for row in results if row.dataset == "report"] == ["r01 (new)", "r01 (new)"]
    assert list((place.settings.data_dir / "backfills").iterdir()) == [place.settings.data_dir / "backfills" / "lock"]


def test_what_was_interrupted_is_forgotten_after_a_day(place: House, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Backfill("2026-09", "2026-10", "all")
    killed_after(place, wanted, monkeypatch, "settle")
    data = place.settings.data_dir

    assert resumed_since(data, wanted, now=NOW + timedelta(hours=23)) == NOW
    assert resumed_since(data, Backfill("2026-09", "2026-10", "failed"), now=NOW) is None
    assert resumed_since(data, wanted, now=NOW + timedelta(hours=25)) is None


def test_a_month_that_cannot_be_published_is_failed_and_the_others_go_on(
    place: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backfilling.report

    def full(house: House, period: object, **kwargs: object) -> object:
        if str(period) == "2026-09":
            raise StorageError("the disk is full")
        return real(house, period, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(backfilling, "report", full)
    results = carried_out(place)

    assert outcomes(results, "2026-09")["report"] == "failed"
    assert outcomes(results, "2026-09")["usage"] == "done"
    assert [row.message for row in results if (row.month, row.dataset) == ("2026-09", "report")] == ["the disk is full"]
    assert outcomes(results, "2026-10")["report"] == "done"
