"""Worlds of the sandbox that a house sampled and collected, to ask both the same question."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
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

SEPTEMBER = BillingPeriod(2026, 9)
BEFORE = [BillingPeriod(2025, 11).shift(months) for months in range(10)]  # in which customers and groups were made
SAMPLED = tuple(datetime(2026, 10, *moment, tzinfo=UTC) for moment in ((3, 5, 0), (3, 5, 40), (9, 23, 0), (16, 21, 15)))
LEVELS = ["quota", "customer", "resource"]
OTHER_PROJECT = "2" * 32


@dataclass(frozen=True, slots=True)
class Life:
    """A world's seed and faults, and when October was collected for the last time, a whole hour."""

    seed: int
    now: datetime
    faults: tuple[str, ...] = ()

    @property
    def captured(self) -> datetime:
        """When levels were captured: within the month."""
        return min(self.now, datetime(2026, 10, 31, 23, tzinfo=UTC))


LIVES = {
    "a month that is over": Life(7, datetime(2026, 11, 1, tzinfo=UTC)),
    "a month that goes on, of hostile names": Life(23, datetime(2026, 10, 17, 13, tzinfo=UTC), ("hostile-names",)),
}


@dataclass(frozen=True, slots=True)
class Lived:
    """A sandbox, and the house that lived with it."""

    life: Life
    box: Running
    house: House
    warehouse: Warehouse
    client: httpx.Client
    live: Mapping[datetime, Any]  # what OpenScaler said at each sample

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(f"the world of seed {self.life.seed}")  # for hypothesis: all of it is too long

    @property
    def now(self) -> int:
        """Unix seconds of the last collect."""
        return int(self.life.now.timestamp())

    def said(self, path: str, query: Mapping[str, Any], *, at: datetime | None = None) -> Any:
        """The sandbox's answer to a GET at a time."""
        self.box.set_clock(at or self.life.now)
        answer = self.client.get(path, params=query, headers=HEADERS[path.split("/")[1]] | self._token(path))
        assert answer.status_code == 200, answer.text
        return exact(answer.content)

    def reported(self, path: str, options: Mapping[str, Any]) -> Any:
        """The sandbox's answer to a POST of options."""
        self.box.set_clock(self.life.now)
        answer = self.client.post(path, json=options, headers=HEADERS[path.split("/")[1]])
        assert answer.status_code == 200, answer.text
        return exact(answer.content)

    def wrote(self, document: str, options: Mapping[str, Any]) -> Any:
        """The document from the warehouse."""
        provider, _, name = document.partition("/")
        pair = next(pair for pair in self.house.connections if pair[1].name == provider)
        lists = {key: value if isinstance(value, list) else [value] for key, value in options.items()}
        texts = [f"{key}={_spelled(one)}" for key, values in lists.items() for one in values]
        return asked(self.warehouse, pair, name, *texts, period=OCTOBER)

    def _token(self, path: str) -> dict[str, str]:
        """The second project is entered with an application credential."""
        if f"/projects/{OTHER_PROJECT}/" not in path:
            return {}
        credential = {"id": SECRETS["S11_ID"], "secret": SECRETS["S11_SECRET"]}
        identity = {"methods": ["application_credential"], "application_credential": credential}
        answer = self.client.post("/syseleven/keystone/v3/auth/tokens", json={"auth": {"identity": identity}})
        return {"X-Auth-Token": answer.headers["x-subject-token"]}


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextmanager
def lived(life: Life, folder: Path) -> Iterator[Lived]:
    """Live: sample, capture levels, and collect September and October."""
    with (
        pytest.MonkeyPatch.context() as patch,
        running(
            seed=life.seed, months=2, until=date(2026, 11, 1), size=WorldSize(workloads=24), faults=life.faults
        ) as box,
        httpx.Client(base_url=box.url, trust_env=False) as client,
    ):
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        house = open_house(write_configuration(folder, url=box.url, world=box.world))
        live = {moment: _sampled(house, box, client, moment) for moment in SAMPLED}
        box.set_clock(life.captured)
        collect.fetch(house, OCTOBER, clock=lambda: life.captured, connections=["nodeconductor-main"], datasets=LEVELS)
        box.set_clock(life.now)
        for month in BEFORE:
            collect.fetch(house, month, clock=lambda: life.now, datasets=["creation_time"])
        collect.fetch(house, SEPTEMBER, clock=lambda: life.now)
        results = collect.collect(house, OCTOBER, clock=lambda: life.now)
        assert {result.outcome for result in results} <= {"done", "cannot"}, results
        with house.warehouse() as warehouse:
            yield Lived(life, box, house, warehouse, client, live)


def _sampled(house: House, box: Running, client: httpx.Client, moment: datetime) -> Any:
    box.set_clock(moment)
    assert [receipt.error for receipt in collect.sample(house, clock=lambda: moment) if receipt.error] == []
    return exact(client.get("/openscaler/v1/stats/live", headers=HEADERS["openscaler"]).content)
