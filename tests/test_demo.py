"""A month of the demo, lived in coarse steps: what is asked when."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tallybook import providers
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


def test_the_demo_closes_last_month_over_all_five_providers_and_ends_with_the_paths(tmp_path: Path) -> None:
    """What `make demo` runs, whole: the promise of the first page of the README."""
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "tallybook", "demo", "--folder", str(folder), "--json"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = folder.glob("var/reports/*/r01/monthly-report.json")
    report = json.loads(result.read_text())
    labels = {providers.load(name).label for name in providers.names()}
    assert {row["provider_label"] for row in report["providers"]} == labels
    assert {row["kind"] for row in report["allocation"]["rules"]} == {"shared", "idle"}
    for kind in ("pdf", "html", "json"):
        assert str(result.with_suffix(f".{kind}").relative_to(tmp_path)) in done.stdout
