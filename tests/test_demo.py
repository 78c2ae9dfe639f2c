"""A month of the demo, lived in coarse steps: what is asked when."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tallybook.demo import live_through
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import open_house
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import running
from tallybook.sandbox.world import WorldSize

pytestmark = [pytest.mark.slow]

OCTOBER = BillingPeriod(2026, 10)


def test_a_month_is_sampled_its_levels_captured_at_its_end_and_collected_on_the_2nd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    told: list[str] = []
    with running(months=1, until=date(2026, 11, 20), size=WorldSize(workloads=12)) as box:
        house = open_house(write_configuration(tmp_path, url=box.url))
        until = datetime(2026, 11, 20, tzinfo=UTC)
        live_through(house, box, OCTOBER, every=timedelta(days=10), until=until, say=told.append)

    receipts = [house.store.receipt(name) for name in house.store.receipts()]
    when = {(one.cadence, one.fetched_at) for one in receipts}
    samples = {datetime(2026, 10, day, tzinfo=UTC) for day in (1, 11, 21)}
    assert [one.error for one in receipts if one.error] == []
    assert {at for cadence, at in when if cadence == "sampled"} == samples
    assert {at for cadence, at in when if cadence == "history"} == {datetime(2026, 11, 2, 6, tzinfo=UTC)}
    assert {at for cadence, at in when if cadence == "captured"} == {
        *samples,
        datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
    }
    assert [line.split(":")[0] for line in told] == ["October 2026", "October 2026"]
