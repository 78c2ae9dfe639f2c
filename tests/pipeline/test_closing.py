"""Closing months over answers that were landed by hand: what is refused, and what a closed month is made of."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallybook.errors import UsageError
from tallybook.pipeline.collect import rebuild
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tests.pipeline.test_publish import NOW, OCTOBER, document, house, land_snapshot, land_usage
from tests.providers.support import land

pytestmark = pytest.mark.usefixtures("no_pages")


def sampled_once(folder: Path) -> House:
    """A month of which a quarter of an hour was seen: 0.25 of 744 hours."""
    place = house(folder, "openscaler")
    land_snapshot(place, datetime(2026, 10, 5, 10, tzinfo=UTC))
    return place


def closed(place: House, *, accept_gaps: str = "") -> Published:
    return report(place, OCTOBER, clock=lambda: NOW, final=True, reason="checked", accept_gaps=accept_gaps)


def manifest(result: Published) -> dict[str, Any]:
    found = json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_month_seen_in_part_is_not_closed_and_nothing_is_published(tmp_path: Path) -> None:
    place = sampled_once(tmp_path)

    with pytest.raises(UsageError, match=r"openscaler-main live lacks 7.* hours .* which can never be fetched again"):
        closed(place)
    assert not (place.reports_dir / "2026-10").exists()
    assert not (place.reports_dir / "index.html").exists()


def test_it_is_closed_with_a_reason_for_its_gaps_which_the_report_tells(tmp_path: Path) -> None:
    result = closed(sampled_once(tmp_path), accept_gaps=" the sampler was installed late ")

    assert (result.status, result.reasons) == ("FINAL", ("Closed with gaps: the sampler was installed late",))
    assert document(result)["header"]["reasons"] == list(result.reasons)
    assert manifest(result)["accepted_gaps"] == "the sampler was installed late"


def test_a_bound_of_0_asks_for_nothing(tmp_path: Path) -> None:
    place = sampled_once(tmp_path)
    path = place.settings.path
    path.write_text("[tallybook]\nfinal_coverage_pct = 0\n" + path.read_text(encoding="utf-8"), encoding="utf-8")

    result = closed(open_house(path), accept_gaps="for nothing")
    assert (result.status, result.reasons) == ("FINAL", ())
    assert manifest(result)["accepted_gaps"] == ""


def test_gaps_are_accepted_only_when_a_month_is_closed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ask for final too"):
        report(sampled_once(tmp_path), OCTOBER, clock=lambda: NOW, accept_gaps="late")


def test_a_closed_month_names_every_input_by_its_hash(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore", "openscaler")
    land_usage(place, OCTOBER, "4")
    land_usage(place, OCTOBER.shift(-1), "3")
    land_snapshot(place, datetime(2026, 10, 5, 10, tzinfo=UTC))
    rates = "month,from_currency,to_currency,rate,source\n2026-10,USD,EUR,0.9,bank\n"
    place.settings.books_dir.joinpath("exchange_rates.csv").write_text(rates, encoding="utf-8")
    inputs = {(one["kind"], one["name"]): one["sha256"] for one in manifest(closed(place, accept_gaps="-"))["inputs"]}

    assert list(inputs) == [
        ("unit", "ocore-main/usage/2026-09"),
        ("unit", "ocore-main/usage/2026-10"),
        ("unit", "openscaler-main/live/2026-10"),
        ("book", "exchange_rates.csv"),
        ("book", "prices.csv"),
        ("settings", "tallybook"),
        ("settings", "connections/ocore-main"),
        ("settings", "connections/openscaler-main"),
    ]
    assert inputs["book", "exchange_rates.csv"] == hashlib.sha256(rates.encode()).hexdigest()


def snapshots_sha256(result: Published) -> str:
    (one,) = [one for one in manifest(result)["inputs"] if one["name"] == "openscaler-main/live/2026-10"]
    return str(one["sha256"])


def test_every_snapshot_is_in_the_hash_of_its_month_in_whatever_order_it_landed(tmp_path: Path) -> None:
    moments = [datetime(2026, 10, day, 10, tzinfo=UTC) for day in (5, 6, 7)]
    hashes = []
    for name, order in (("a", (0, 1, 2)), ("b", (2, 0, 1)), ("c", (0, 2))):
        place = house(tmp_path / name, "openscaler")
        for one in order:
            land_snapshot(place, moments[one])
        hashes.append(snapshots_sha256(report(place, OCTOBER, clock=lambda: NOW)))

    assert hashes[0] == hashes[1] != hashes[2]


def test_a_rebuild_changes_no_hash(tmp_path: Path) -> None:
    place = sampled_once(tmp_path)
    before = snapshots_sha256(report(place, OCTOBER, clock=lambda: NOW))
    rebuild(place, clock=lambda: NOW)

    assert snapshots_sha256(closed(place, accept_gaps="late")) == before


def test_settings_that_make_facts_change_their_hash_and_only_theirs(tmp_path: Path) -> None:
    place = sampled_once(tmp_path)
    before = {one["name"]: one["sha256"] for one in manifest(closed(place, accept_gaps="late"))["inputs"]}
    path = place.settings.path
    path.write_text(path.read_text(encoding="utf-8") + 'max_gap = "1h"\n', encoding="utf-8")
    after = {
        one["name"]: one["sha256"] for one in manifest(report(open_house(path), OCTOBER, clock=lambda: NOW))["inputs"]
    }

    assert {name for name in before if before[name] != after[name]} == {"connections/openscaler-main"}


def used_and_closed(folder: Path) -> tuple[House, Published]:
    place = house(folder, "ocore")
    land_usage(place, OCTOBER, "4")
    return place, closed(place, accept_gaps="one hour is all there is")


def again(place: House) -> Published:
    return report(place, OCTOBER, clock=lambda: NOW)


def test_a_closed_month_is_not_restated_by_the_month_before(tmp_path: Path) -> None:
    place, first = used_and_closed(tmp_path)
    land_usage(place, OCTOBER.shift(-1), "3")

    assert (again(place).is_new, again(place).revision) == (False, first.revision)


def test_a_closed_month_is_not_opened_by_a_fetch_that_failed_and_the_failure_is_told(tmp_path: Path) -> None:
    place, first = used_and_closed(tmp_path)
    connection = place.settings.connection("ocore-main")
    land(place.store, connection, "usage", [], fetched_at=NOW, error="HTTP 401 for /usage")
    kept = again(place)

    assert (kept.is_new, kept.revision, kept.status) == (False, first.revision, "FINAL")
    assert [failure.error for failure in kept.failures] == ["HTTP 401 for /usage"]


def test_a_closed_month_is_restated_by_figures_of_its_own(tmp_path: Path) -> None:
    place, _ = used_and_closed(tmp_path)
    land_usage(place, OCTOBER, "5", fetched_days_later=1)
    restated = again(place)

    assert (restated.is_new, restated.status, restated.revision) == (True, "RESTATED", 2)
