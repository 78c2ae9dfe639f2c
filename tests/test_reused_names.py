"""A connection's name that is used again for another provider: nothing of the one counts for the other."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.facts import refresh_facts
from tallybook.providers import syseleven
from tests.providers.support import FETCHED, Bench, settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 31
ASKED = {"period": "hourly", "start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}
USAGE = Request("usage", "/usage", asked=ASKED)
NOTHING_USED = b'{"items": [], "period": "hourly", "totals": null}'
ONE_HOUR = b"""{"period": "hourly", "totals": null, "items": [{"bandwidthInBytes": 0, "bandwidthOutBytes": 0,
    "cpuCoreHours": 7, "diskGbHours": 0, "instanceCount": 1, "instanceHours": 1, "ramGbHours": 0, "projectId": "p-1",
    "projectName": "Shop", "periodStart": "2026-10-01T05:00:00Z", "periodType": "hourly"}]}"""
QUOTA = Request("quota", "/v3/projects/p-1/quota", asked={"project_id": "p-1", "version": "v3"})
QUOTAS = (Path(syseleven.__file__).parent / "samples" / "quota_v3.json").read_bytes()
NODECONDUCTOR = {"aggregates": ("project",)}
PROJECTS = ({"id": "p-1", "token": {"env": "TOKEN"}},)


@pytest.fixture
def before(tmp_path: Path) -> Bench:
    """A connection of oCore whose October landed."""
    bench = Bench(tmp_path, settings("ocore"))
    bench.land("usage", [(USAGE, ONE_HOUR)])
    bench.stage(now=NOW)
    return bench


def reused(bench: Bench, provider: str, **keys: Any) -> Bench:
    """The same installation after the connection's name was given to another provider."""
    again = Bench(bench.store.root.parent, settings(provider, **keys))
    again.warehouse = bench.warehouse
    return again


def received(bench: Bench, dataset: str) -> Decimal:
    return sum((row["received"] for row in bench.rows("facts.coverage", dataset=dataset)), Decimal(0))


def test_what_another_provider_answered_under_the_name_is_not_seen(before: Bench) -> None:
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    after.stage(now=NOW)

    assert received(after, "usage") == 0
    assert {row["provider"] for row in after.rows("facts.coverage")} == {"nodeconductor"}


def test_a_capture_of_another_provider_is_not_seen(tmp_path: Path) -> None:
    before = Bench(tmp_path, settings("syseleven", projects=PROJECTS))
    before.land("quota", [(QUOTA, QUOTAS)], fetched_at=datetime(2026, 10, 5, 12, tzinfo=UTC))
    before.stage(now=NOW)
    assert received(before, "quota") == 1
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    after.stage(now=NOW)

    assert received(after, "quota") == 0


def test_the_hours_that_another_provider_was_asked_for_are_not_seen(tmp_path: Path) -> None:
    before = Bench(tmp_path, settings("nodeconductor", **NODECONDUCTOR))
    asked = {"aggregate": "project", "start_date": ASKED["start_date"], "end_date": ASKED["end_date"], "page": "1"}
    before.land("usage", [(Request("projects", "/api/projects/", asked=asked), b"[]")])
    before.stage(now=NOW)
    after = reused(before, "ocore")
    after.stage(now=NOW)

    assert received(after, "usage") == 0


def test_the_same_bytes_of_another_provider_are_no_unchanged_unit(before: Bench) -> None:
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    after.land("usage", [(USAGE, ONE_HOUR)], fetched_at=FETCHED + timedelta(hours=1))
    (entry,) = after.stage(now=NOW)

    assert entry.outcome == "unreadable"


def test_each_provider_has_its_own_unit(before: Bench) -> None:
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    after.land("usage", [], error="HTTP 503 for /api/projects/")
    after.stage(now=NOW)
    units = {row["provider"]: row["error"] for row in after.rows("landing.units")}

    assert units == {"ocore": None, "nodeconductor": "HTTP 503 for /api/projects/"}


def test_an_older_fetch_of_the_new_provider_is_not_late(before: Bench) -> None:
    """Each provider's fetches are in an order of their own."""
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    page = Request("projects", "/api/projects/", asked={"page": "1"})
    after.land("usage", [(page, b"[]")], fetched_at=datetime(2026, 11, 1, 6, tzinfo=UTC))
    (entry,) = after.stage(now=NOW)

    assert entry.outcome == "staged"
    assert received(after, "usage") == DAYS * 24


def test_facts_of_the_provider_before_count_no_more(before: Bench) -> None:
    """Also those of months that nobody asks for: trends read them."""
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    refresh_facts(after.warehouse, [(after.connection, after.provider)], now=NOW)

    assert after.rows("facts.usage") == []
    assert after.rows("facts.coverage") == []


def test_facts_come_back_with_the_provider(before: Bench) -> None:
    after = reused(before, "nodeconductor", **NODECONDUCTOR)
    after.stage(now=NOW)
    refresh_facts(before.warehouse, [(before.connection, before.provider)], now=NOW)

    assert [row["consumed_quantity"] for row in before.rows("facts.usage", meter="core_hours")] == [7]
    assert received(before, "usage") == DAYS * 24
