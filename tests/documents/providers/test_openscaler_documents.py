"""OpenScaler's live stats out of the warehouse: as of any sampled moment, as they were answered."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.openscaler import api
from tests.documents.providers.document_bench import OCTOBER, asked, asked_bytes, exact, problems, standard
from tests.providers.support import Bench, settings

SAMPLES = Path(api.__file__).parent / "samples"
EXAMPLE = (SAMPLES / "live.json").read_text(encoding="utf-8")
APRIL_2024 = BillingPeriod(2024, 4)
LIVE = Request("live", "/v1/stats/live")


def at(*moment: int) -> datetime:
    return datetime(2026, 10, *moment, tzinfo=UTC)


def snapshot(moment: datetime, **changes: Any) -> bytes:
    """The documented example at another time."""
    document = json.loads(EXAMPLE) | {"timestamp": int(moment.timestamp())}
    document["data"] |= changes
    return json.dumps(document).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("openscaler", max_gap="15m"))


def sampled(bench: Bench, *bodies: bytes, period: str = "2026-10") -> Bench:
    for number, body in enumerate(bodies):
        fetched_at = datetime(2026, 11, 2, 6, number, tzinfo=UTC)
        soon_after = datetime.fromtimestamp(json.loads(body)["timestamp"] + 7, UTC)
        bench.land("live", [(LIVE, body, soon_after)], period=period, fetched_at=fetched_at)
    bench.stage(period=period)
    return bench


def live(bench: Bench, *values: str, period: BillingPeriod = OCTOBER) -> Any:
    return asked(bench.warehouse, (bench.connection, bench.provider), "stats-live", *values, period=period)


@pytest.mark.parametrize("name", ["live", "live_empty", "live_stopped"])
def test_an_answer_comes_back_out_as_it_was(bench: Bench, name: str) -> None:
    body = (SAMPLES / f"{name}.json").read_bytes()
    sampled(bench, body, period="2024-04")

    assert live(bench, period=APRIL_2024) == exact(body)


def test_the_keys_are_in_the_order_of_the_document(bench: Bench) -> None:
    sampled(bench, EXAMPLE.encode(), period="2024-04")

    body = asked_bytes(bench.warehouse, (bench.connection, bench.provider), "stats-live", period=APRIL_2024).decode()

    assert json.loads(body, object_pairs_hook=list) == json.loads(EXAMPLE, object_pairs_hook=list)


def test_without_a_moment_it_is_the_last_sample_of_the_month(bench: Bench) -> None:
    november = datetime(2026, 11, 1, tzinfo=UTC)
    sampled(bench, snapshot(at(31, 23, 55)), snapshot(at(7)), snapshot(november))

    assert live(bench)["timestamp"] == int(at(31, 23, 55).timestamp())


def test_a_sample_holds_until_the_next_one(bench: Bench) -> None:
    first, second = at(7, 12, 0), at(7, 12, 10)
    sampled(bench, snapshot(first, cpu=1), snapshot(second, cpu=2))

    moments = {first: 1, at(7, 12, 9, 59): 1, second: 2, at(7, 12, 24, 59): 2}
    assert {moment: live(bench, f"at={int(moment.timestamp())}")["data"]["cpu"] for moment in moments} == moments


def test_a_moment_in_another_month_is_answered_from_that_month(bench: Bench) -> None:
    sampled(bench, snapshot(at(7)))
    sampled(bench, snapshot(datetime(2026, 9, 30, 23, 50, tzinfo=UTC), cpu=3), period="2026-09")

    seconds = int(datetime(2026, 9, 30, 23, 59, tzinfo=UTC).timestamp())
    assert live(bench, f"at={seconds}")["data"]["cpu"] == 3


def test_beyond_max_gap_nothing_is_known_and_the_nearest_samples_are_named(bench: Bench) -> None:
    sampled(bench, snapshot(at(7, 12)), snapshot(at(8, 12)))

    with pytest.raises(UsageError, match=r"2026-10-07T12:00:00Z.*2026-10-08T12:00:00Z"):
        live(bench, f"at={int(at(7, 12, 15).timestamp())}")


def test_before_the_first_sample_nothing_is_known(bench: Bench) -> None:
    sampled(bench, snapshot(at(7)))

    with pytest.raises(UsageError, match="the next one after it is"):
        live(bench, "at=0")


def test_a_month_without_samples_is_refused_and_makes_no_file(bench: Bench) -> None:
    with pytest.raises(UsageError, match="nothing was sampled in 2026-10"):
        live(bench)
    assert standard(bench.warehouse, (bench.connection, bench.provider), "stats-live") == []


def test_a_report_carries_the_last_sample(bench: Bench) -> None:
    sampled(bench, snapshot(at(7)))

    assert standard(bench.warehouse, (bench.connection, bench.provider), "stats-live") == [{}]


@pytest.mark.parametrize("value", ["1793000000000", "-1", "100000000000"])
def test_milliseconds_and_negative_times_are_refused(bench: Bench, value: str) -> None:
    with pytest.raises(UsageError, match="unix seconds"):
        live(bench, f"at={value}")


@pytest.mark.parametrize("value", ["2026-10-07", "1.5", ""])
def test_what_is_no_whole_number_is_refused(bench: Bench, value: str) -> None:
    with pytest.raises(UsageError, match="whole number"):
        live(bench, f"at={value}")


def test_a_stale_answer_counts_once(bench: Bench) -> None:
    sampled(bench, snapshot(at(7)), snapshot(at(7)))

    assert [vm["vm_id"] for vm in live(bench)["data"]["vms"]] == [4, 5]


def test_unknown_fields_are_written_back(bench: Bench) -> None:
    document = json.loads(EXAMPLE)
    document["zone"] = "x"
    document["data"]["gpu.used"] = 1.25
    document["data"]["vms"][1]["gpu"] = {"model": "<script>"}
    document["data"]["vpcs"][0]["name"] = "'; drop table x; --"
    body = json.dumps(document).encode()
    sampled(bench, body, period="2024-04")

    assert live(bench, period=APRIL_2024) == exact(body)


def test_every_digit_of_a_figure_is_kept(bench: Bench) -> None:
    body = EXAMPLE.replace("58.54400337", "0.000000123456789123").encode()
    sampled(bench, body, period="2024-04")

    assert live(bench, period=APRIL_2024) == exact(body)


def test_the_schema_holds_for_the_documented_example() -> None:
    assert problems("openscaler", "stats-live", json.loads(EXAMPLE)) == []


def paths(value: object, *path: Any) -> list[tuple[Any, ...]]:
    """The paths to all values of a document, first machine and network only."""
    if isinstance(value, dict):
        return [(*path, key) for key in value] + [one for key in value for one in paths(value[key], *path, key)]
    return paths(value[0], *path, 0) if isinstance(value, list) else []


EVERY_PATH = paths(json.loads(EXAMPLE))


@pytest.mark.parametrize("path", EVERY_PATH, ids=lambda path: "/".join(map(str, path)))
def test_the_schema_refuses_an_example_without_a_field_or_with_a_changed_one(path: tuple[Any, ...]) -> None:
    missing, changed = copy.deepcopy(json.loads(EXAMPLE)), copy.deepcopy(json.loads(EXAMPLE))
    for document, change in ((missing, None), (changed, True)):
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        if change is None:
            del parent[path[-1]]
        else:
            parent[path[-1]] = change

    assert problems("openscaler", "stats-live", missing) != []
    assert problems("openscaler", "stats-live", changed) != []
