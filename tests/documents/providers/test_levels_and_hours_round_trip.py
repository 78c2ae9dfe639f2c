"""What the sandbox answers is what comes out of the warehouse that was collected from it, for the same question."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline import collect
from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running
from tallybook.sandbox.world import WorldSize
from tallybook.warehouse import Warehouse
from tests.documents.providers.document_bench import OCTOBER, asked, exact
from tests.sandbox.client import HEADERS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("levels_and_hours")]  # one sandbox for all of them

SAMPLED = (datetime(2026, 10, 14, 3, tzinfo=UTC), datetime(2026, 10, 31, 22, 30, tzinfo=UTC))
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
SEPTEMBER = BillingPeriod(2026, 9)
PROJECT = "1" * 32


@dataclass(frozen=True, slots=True)
class Pair:
    """A sandbox, and a house that sampled and collected it."""

    sandbox: Running
    house: House
    warehouse: Warehouse
    live: dict[datetime, Any]  # what the sandbox said at each sample

    def said(self, path: str, now: datetime = NOW, **params: str) -> Any:
        """The sandbox's answer at a time."""
        self.sandbox.set_clock(now)
        return _get(self.sandbox, path, params)

    def wrote(self, connection: str, name: str, **params: str) -> Any:
        """The document from the warehouse."""
        pair = next(pair for pair in self.house.connections if pair[0].name == connection)
        values = [f"{key}={value}" for key, value in params.items()]
        return asked(self.warehouse, pair, name, *values, period=OCTOBER)


def _get(sandbox: Running, path: str, params: dict[str, str]) -> Any:
    answer = httpx.get(sandbox.url + path, params=params, headers=HEADERS[path.split("/")[1]], trust_env=False)
    assert answer.status_code == 200, answer.text
    return exact(answer.content)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("house")
    size = WorldSize(workloads=48)
    with (
        pytest.MonkeyPatch.context() as patch,
        running(months=2, until=date(2026, 11, 1), size=size, faults=["unknown-fields"]) as sandbox,
    ):
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        house = open_house(write_configuration(Path(folder), url=sandbox.url, world=sandbox.world))
        live = _collected(sandbox, house)
        with house.warehouse() as warehouse:
            yield Pair(sandbox, house, warehouse, live)


def _collected(sandbox: Running, house: House) -> dict[datetime, Any]:
    live = {}
    for moment in SAMPLED:
        sandbox.set_clock(moment)
        live[moment] = _get(sandbox, "/openscaler/v1/stats/live", {})
        receipts = collect.sample(house, clock=lambda at=moment: at)  # type: ignore[misc]
        assert [receipt.error for receipt in receipts] == [""] * len(receipts)
    sandbox.set_clock(NOW)
    for month in (SEPTEMBER, OCTOBER):
        results = collect.collect(house, month, clock=lambda: NOW, connections=["ocore-main"])
        assert {result.outcome for result in results} == {"done"}
    return live


def test_live_stats_of_each_sample(pair: Pair) -> None:
    for moment, said in pair.live.items():
        assert pair.wrote("openscaler-main", "stats-live", at=str(int(moment.timestamp()))) == said
    assert pair.wrote("openscaler-main", "stats-live") == pair.live[SAMPLED[-1]]


LEVELS = [
    {"version": version, **({"regions": regions} if regions else {}), **({"filter": component} if component else {})}
    for version, regions, component in product(
        ("v1", "v2", "v3"),
        ("", "fes", "cbk,dbl"),
        ("", "compute,s3", "network", "network.lb,volume", "dns,network.vpn"),
    )
]


@pytest.mark.parametrize("params", LEVELS, ids=lambda params: " ".join(params.values()))
def test_current_usage(pair: Pair, params: dict[str, str]) -> None:
    asked_for = {key: value for key, value in params.items() if key != "version"}
    said = pair.said(f"/syseleven/{params['version']}/projects/{PROJECT}/current_usage", SAMPLED[-1], **asked_for)

    assert _documented(pair.wrote("syseleven-main", "current-usage", project_id=PROJECT, **params)) == _documented(said)


@pytest.mark.parametrize(
    "params", [one for one in LEVELS if "filter" not in one], ids=lambda one: " ".join(one.values())
)
def test_quota(pair: Pair, params: dict[str, str]) -> None:
    asked_for = {key: value for key, value in params.items() if key != "version"}
    said = pair.said(f"/syseleven/{params['version']}/projects/{PROJECT}/quota", SAMPLED[-1], **asked_for)

    assert _documented(pair.wrote("syseleven-main", "quota", project_id=PROJECT, **params)) == _documented(said)


RANGES = (
    {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"},
    {"start_date": "2026-09-30T20:15:00+02:00", "end_date": "2026-10-11T19:30:00-03:00"},
    {"start_date": "2026-10-05T00:00:00Z", "end_date": "2026-10-05T00:00:00Z"},
)


@pytest.mark.parametrize("bounds", RANGES, ids=lambda bounds: " to ".join(bounds.values()))
@pytest.mark.parametrize("period", ["hourly", "daily", "monthly"])
def test_usage_of_all_and_of_each_project(pair: Pair, period: str, bounds: dict[str, str]) -> None:
    question = {"period": period, **bounds}

    assert pair.wrote("ocore-main", "usage", **question) == _documented(pair.said("/ocore/api/usage", **question))
    for project in pair.sandbox.world.ocore.projects:
        said = _documented(pair.said(f"/ocore/api/projects/{project.project_id}/usage", **question))
        assert pair.wrote("ocore-main", "project-usage", id=project.project_id, **question) == said
        assert pair.wrote("ocore-main", "usage", project_id=project.project_id, **question) == said


@pytest.mark.parametrize("bounds", RANGES, ids=lambda bounds: " to ".join(bounds.values()))
def test_usage_totals(pair: Pair, bounds: dict[str, str]) -> None:
    said = _documented(pair.said("/ocore/api/usage/totals", **bounds))

    wrote = pair.wrote("ocore-main", "usage-totals", **bounds)
    assert wrote["totals"] == sorted(said["totals"], key=lambda one: str(one["projectId"]))


def _documented(document: Any) -> Any:
    """Without the field that the sandbox adds to each object: it has no sum, and no place in an older version."""
    if isinstance(document, dict):
        return {key: _documented(value) for key, value in document.items() if key != "xSandboxAdded"}
    return [_documented(one) for one in document] if isinstance(document, list) else document


def test_unknown_fields_of_levels_are_answered_too(pair: Pair) -> None:
    said = pair.said(f"/syseleven/v3/projects/{PROJECT}/quota", SAMPLED[-1])

    assert "xSandboxAdded" in json.dumps(said)
    assert pair.wrote("syseleven-main", "quota", project_id=PROJECT) == said
