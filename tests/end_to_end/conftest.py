"""Two days of the sandbox's world, sampled, collected and reported as the schedule would; shared by the tests here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import UnitResult, collect, sampler
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import Running, running

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 10, 3, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@dataclass(frozen=True)
class Lived:
    """An installation that saw the first two days of October, hour by hour, and its first report."""

    house: House
    box: Running
    truth: dict[str, Any]
    units: list[UnitResult]
    published: Published


@pytest.fixture(scope="package")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("lived")
    with pytest.MonkeyPatch.context() as patch, running(months=2, until=NOW.date()) as box:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        house = open_house(write_configuration(folder, url=box.url))
        with sampler(house) as take:
            for hour in range(48):
                moment = OCTOBER.start + timedelta(hours=hour)
                box.set_clock(moment)
                take(lambda: moment)  # noqa: B023 - used before the loop goes on
        box.set_clock(NOW)
        units = collect(house, OCTOBER, clock=clock)
        published = report(house, OCTOBER, clock=clock)
        yield Lived(house, box, box.truth("2026-10"), units, published)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
