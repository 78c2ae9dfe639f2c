"""Reports over answers that were landed by hand: no provider is asked, no page is rendered."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import Published, report
from tallybook.providers.openscaler import api
from tests.providers.support import land

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
PRICES = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
LIVE = json.loads((Path(api.__file__).parent / "samples" / "live.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)


def house(folder: Path, *providers: str) -> House:
    """A house with a connection `<provider>-main` for each provider, none of which can be asked."""
    (folder / "books").mkdir(parents=True, exist_ok=True)
    (folder / "books" / "prices.csv").write_text(PRICES, encoding="utf-8")
    (folder / "tallybook.toml").write_text(
        "".join(
            f'[[connections]]\nname = "{name}-main"\nprovider = "{name}"\nbase_url = "http://127.0.0.1:9"\n'
            'token = { env = "TOKEN" }\n'
            for name in providers
        ),
        encoding="utf-8",
    )
    return open_house(folder / "tallybook.toml")


def published(house: House, period: BillingPeriod = OCTOBER, *, final: bool = False) -> Published:
    return report(house, period, clock=lambda: NOW, final=final, reason="checked" if final else "")


def document(result: Published) -> dict[str, Any]:
    answer = json.loads((result.folder / "monthly-report.json").read_text(encoding="utf-8"))
    assert isinstance(answer, dict)
    return answer


def land_snapshot(house: House, captured: datetime, **changes: object) -> None:
    """A snapshot with one of the documented machines, with `changes`."""
    machine = LIVE["data"]["vms"][0] | changes
    body = {"timestamp": int(captured.timestamp()), "step": 5, "data": LIVE["data"] | {"vms": [machine]}}
    answer = (Request("live", "/v1/stats/live"), json.dumps(body).encode(), captured)
    connection = house.settings.connection("openscaler-main")
    land(house.store, connection, "live", [answer], period=f"{captured:%Y-%m}", fetched_at=captured)


def test_an_undocumented_state_is_among_the_notices_of_the_report(tmp_path: Path) -> None:
    place = house(tmp_path, "openscaler")
    land_snapshot(place, datetime(2026, 10, 5, 10, tzinfo=UTC), state="started")
    land_snapshot(place, datetime(2026, 10, 6, 10, tzinfo=UTC))

    assert (
        "openscaler-main: state 'started' of 1 machine is not in the document: counted as not running, without "
        "instance hours and memory"
    ) in document(published(place))["notices"]


def test_what_was_odd_in_any_sample_of_the_month_is_told_not_only_the_last_one_s(tmp_path: Path) -> None:
    place = house(tmp_path, "openscaler")
    land_snapshot(place, datetime(2026, 10, 5, 10, tzinfo=UTC), gpu="yes")
    land_snapshot(place, datetime(2026, 10, 6, 10, tzinfo=UTC))

    assert "openscaler-main live: unknown field data.vms.gpu: kept" in document(published(place))["notices"]
