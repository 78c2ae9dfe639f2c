"""Reports over answers that were landed by hand: no provider is asked, no page is rendered."""

import csv
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import openpyxl
import pytest

from tallybook.contract import Request
from tallybook.errors import BookError, ConfigurationError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import rebuild
from tallybook.pipeline.delivering import Wish, make_parcel
from tallybook.pipeline.house import House, open_house
from tallybook.pipeline.publish import report
from tallybook.pipeline.published import Published
from tallybook.pipeline.revisions import revisions
from tallybook.providers.openscaler import api
from tallybook.providers.scaleops import parse
from tests.providers.support import land

pytestmark = pytest.mark.usefixtures("no_pages")

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
PRICES = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
CORE_PRICE = "ocore,,,,core_hours,core-hour,2,EUR,2026-01-01,,list\n"
LIVE = json.loads((Path(api.__file__).parent / "samples" / "live.json").read_text(encoding="utf-8"))


def house(folder: Path, *providers: str) -> House:
    """A house with a connection `<provider>-main` for each provider, none of which can be asked."""
    (folder / "books").mkdir(parents=True, exist_ok=True)
    (folder / "books" / "prices.csv").write_text(PRICES + CORE_PRICE, encoding="utf-8")
    (folder / "tallybook.toml").write_text(
        "".join(
            f'[[connections]]\nname = "{name}-main"\nprovider = "{name}"\nbase_url = "http://127.0.0.1:9"\n'
            'token = { env = "TOKEN" }\n' + ('currency = "USD"\n' if name == "scaleops" else "")
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


def test_a_house_without_connections_has_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"2026-10: .*tallybook\.toml has no connections, so there is nothing to report"
    ):
        published(house(tmp_path))

    assert not (tmp_path / "var" / "reports").exists()


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


def land_usage(house: House, period: BillingPeriod, *core_hours: str, fetched_days_later: int = 0) -> None:
    """oCore's usage of a month: one item in each of its first hours. Fetched on the day after its end, or later."""
    asked = {"period": "hourly", "start_date": f"{period.start:%FT%TZ}", "end_date": f"{period.end:%FT%TZ}"}
    fields = dict.fromkeys(("bandwidthInBytes", "bandwidthOutBytes", "diskGbHours", "instanceCount"), 0)
    fields |= {"instanceHours": 0, "ramGbHours": 0}
    items = [
        {"periodStart": f"{period.start + timedelta(hours=hour):%FT%TZ}", "periodType": "hourly", "projectId": "p-1"}
        | {"projectName": "Web", "cpuCoreHours": "<>", **fields}
        for hour in range(len(core_hours))
    ]
    text = json.dumps({"items": items, "period": "hourly", "totals": None})
    for amount in core_hours:
        text = text.replace('"<>"', amount, 1)
    answer = (Request("usage", "/usage", params=tuple(asked.items()), asked=asked), text.encode())
    fetched_at = period.end + timedelta(days=fetched_days_later, hours=5)
    connection = house.settings.connection("ocore-main")
    land(house.store, connection, "usage", [answer], period=str(period), fetched_at=fetched_at)


def land_costs(house: House, total: str, *, later: timedelta = timedelta(0)) -> None:
    """ScaleOps' costs of the first of October: one documented workload with this total."""
    text = (Path(parse.__file__).parent / "samples" / "workloads.json").read_text(encoding="utf-8")
    workloads = json.loads(text)["aggregatedWorkloads"][:1]
    window = {"startTime": "2026-10-01T00:00:00", "endTime": "2026-10-02T00:00:00"}
    body = {"aggregatedWorkloads": [{**workloads[0], "totalCost": "<>"}], "clusters": ["c"], "window": window}
    start = int(OCTOBER.start.timestamp()) * 1000
    question = Request("workloads", "/report", asked={"from": str(start), "to": str(start + 86_400_000)})
    answer = (question, json.dumps(body).replace('"<>"', total).encode())
    land(house.store, house.settings.connection("scaleops-main"), "workloads", [answer], fetched_at=NOW + later)


def trend(result: Published) -> list[tuple[str, str, bool]]:
    return [
        (row["billing_period"], row["effective_cost"]["exact"], row["is_complete"]) for row in document(result)["trend"]
    ]


def with_history(folder: Path, *providers: str) -> House:
    """July to October at 1, 2, 3 and 4 core-hours in their first hour, 2 EUR each."""
    place = house(folder, "ocore", *providers)
    for before, amount in ((3, "1"), (2, "2"), (1, "3"), (0, "4")):
        land_usage(place, OCTOBER.shift(-before), amount)
    return place


def test_a_rebuild_brings_back_the_trend_of_all_months(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    for before in (3, 2, 1):
        published(place, OCTOBER.shift(-before))
    closed = published(place, final=True)
    assert [row[:2] for row in trend(closed)] == [
        ("2026-07", "2"), ("2026-08", "4"), ("2026-09", "6"), ("2026-10", "8"),
    ]  # fmt: skip

    rebuild(place, clock=lambda: NOW + timedelta(days=40))

    again = published(place)
    assert (again.is_new, again.revision, again.status) == (False, 1, "FINAL")


@pytest.mark.parametrize("order", [(0,), (3, 0), (0, 1, 2, 3, 0), (1, 2, 3, 0)])
def test_the_trend_does_not_depend_on_which_months_were_reported(tmp_path: Path, order: Sequence[int]) -> None:
    place = with_history(tmp_path, "openscaler")
    for before in order:
        result = published(place, OCTOBER.shift(-before))

    # OpenScaler is configured and was never seen: no month is complete
    assert trend(result) == [
        ("2026-07", "2", False), ("2026-08", "4", False), ("2026-09", "6", False), ("2026-10", "8", False),
    ]  # fmt: skip


def test_a_price_of_an_earlier_month_that_changes_changes_the_trend(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    published(place)
    dearer = CORE_PRICE.replace(",2,EUR,2026-01-01,", ",3,EUR,2026-01-01,2026-08-01")
    later = CORE_PRICE.replace("2026-01-01", "2026-08-01")
    place.settings.books_dir.joinpath("prices.csv").write_text(PRICES + dearer + later, encoding="utf-8")

    assert [row[1] for row in trend(published(place))] == ["3", "4", "6", "8"]


def test_an_earlier_month_that_lands_later_is_in_the_trend(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    published(place)
    land_usage(place, OCTOBER.shift(-4), "5")

    assert [row[:2] for row in trend(published(place))][:2] == [("2026-06", "10"), ("2026-07", "2")]


def test_a_book_for_a_connection_that_nobody_configured_is_among_the_notices(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    text = "connection,sub_account_id,project,cost_center,owner\nocore-mian,*,Web,4001,Jana\n"
    place.settings.books_dir.joinpath("projects.csv").write_text(text, encoding="utf-8")

    assert document(published(place))["notices"] == [
        "projects.csv line 2 maps nothing: no connection 'ocore-mian' is configured; did you mean 'ocore-main'?"
    ]


@pytest.mark.parametrize("name", ["it's *[1]", "{a,b} [!x] 100%#; $HOME", 'quoted "twice" \\back'])
def test_a_folder_may_be_called_anything_that_a_pattern_could_be(tmp_path: Path, name: str) -> None:
    place = house(tmp_path / name, "ocore", "openscaler")
    land_usage(place, OCTOBER, "4")
    first = published(place)
    rebuild(place, clock=lambda: NOW)

    assert not published(place).is_new
    assert {path.name for path in (first.folder / "tables").iterdir()} >= {"charges.parquet", "charges.csv"}


def test_two_reports_at_once_make_one_revision(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    land_usage(place, OCTOBER, "4")
    both = Barrier(2)

    def clock() -> datetime:
        both.wait(timeout=30)  # neither goes on before the other has begun
        return NOW

    with ThreadPoolExecutor(2) as pool:
        results = [one.result() for one in [pool.submit(report, place, OCTOBER, clock=clock) for _ in range(2)]]

    assert sorted((one.revision, one.is_new) for one in results) == [(1, False), (1, True)]


def test_a_figure_nobody_can_have_stops_its_own_unit_and_no_report(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore", "scaleops")
    land_usage(place, OCTOBER, "4")
    land_costs(place, "99999999999999999999999999")
    result = published(place)

    assert result.status == "DRAFT"
    assert trend(result)[-1][:2] == ("2026-10", "8")
    (reason,) = [reason for reason in result.reasons if "totalCost" in reason]
    assert reason.startswith("scaleops-main workloads 2026-10 could not be collected: ")


@pytest.mark.parametrize("amount", ["9e24", "999999999999999999999999", "1e18"])
def test_a_quantity_nobody_can_have_keeps_what_was_there_and_says_why(tmp_path: Path, amount: str) -> None:
    place = house(tmp_path, "ocore")
    land_usage(place, OCTOBER, "4")
    published(place)
    land_usage(place, OCTOBER, "1", amount, fetched_days_later=1)
    result = published(place)

    assert (result.status, trend(result)[-1][1]) == ("DRAFT", "8")
    assert any("ocore-main usage 2026-10" in reason and "cpuCoreHours" in reason for reason in result.reasons)


def in_euro(folder: Path, *rates: str) -> House:
    """ScaleOps' costs of 10 USD, reported in EUR."""
    place = house(folder, "scaleops")
    land_costs(place, "10")
    path = folder / "tallybook.toml"
    path.write_text('[tallybook]\nreporting_currency = "EUR"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    lines = ("month,from_currency,to_currency,rate,source", *rates)
    (folder / "books" / "exchange_rates.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return open_house(path)


def test_costs_have_a_second_amount_in_the_reporting_currency(tmp_path: Path) -> None:
    result = published(in_euro(tmp_path, "2026-10,USD,EUR,0.9,bank"))

    conversion = document(result)["conversion"]
    assert (conversion["reporting_currency"], conversion["effective_cost"]["exact"]) == ("EUR", "9")
    (row,) = csv.DictReader((result.folder / "tables" / "projects.csv").read_text(encoding="utf-8").splitlines())
    assert (row["effective_cost"], row["billing_currency"]) == ("10", "USD")
    assert (row["reporting_cost"], row["reporting_currency"]) == ("9", "EUR")


def test_a_missing_rate_publishes_nothing_and_names_month_and_pair(tmp_path: Path) -> None:
    place = in_euro(tmp_path, "2026-09,USD,EUR,0.9,bank")

    with pytest.raises(BookError, match="no rate from USD to EUR for 2026-10"):
        published(place)

    assert not list(place.reports_dir.glob("2026-10/*"))


def test_another_rate_makes_another_revision(tmp_path: Path) -> None:
    first = published(in_euro(tmp_path, "2026-10,USD,EUR,0.9,bank"))
    book = tmp_path / "books" / "exchange_rates.csv"
    book.write_text(book.read_text(encoding="utf-8").replace("0.9", "0.8"), encoding="utf-8")
    second = published(open_house(tmp_path / "tallybook.toml"))

    assert (first.revision, second.revision) == (1, 2)
    assert document(second)["conversion"]["effective_cost"]["exact"] == "8"


def manifest(result: Published) -> dict[str, Any]:
    answer = json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))
    assert isinstance(answer, dict)
    return answer


def test_another_language_makes_another_revision_with_the_same_json(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    english = published(place)
    german = published(place.in_language("de"))
    again = published(place.in_language("de"))

    assert [(one.revision, one.is_new, one.language) for one in (english, german, again)] == [
        (1, True, "en"),
        (2, True, "de"),
        (2, False, "de"),
    ]
    assert manifest(german)["language"] == "de"
    assert document(german) == document(english) | {"header": document(english)["header"] | {"revision": 2}}
    book = openpyxl.load_workbook(german.folder / "monthly-report.xlsx", read_only=True)
    assert book.sheetnames[:3] == ["Bericht", "Abstimmung", "Projekte"]


def test_one_report_in_another_language_leaves_the_library_in_its_own(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    published(place.in_language("de"))
    library = (place.reports_dir / "index.html").read_text(encoding="utf-8")

    assert '<html lang="en">' in library
    assert ">October 2026<" in library


def test_what_messages_quote_is_kept_in_the_language_of_the_pages(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore", "scaleops")  # of which one was never seen
    land_usage(place, OCTOBER, "4")
    english, german = published(place), published(place.in_language("de"))

    assert not (english.folder / "notice.json").exists()
    assert "notice.json" in {file["path"] for file in manifest(german)["files"]}
    told = json.loads((german.folder / "notice.json").read_text(encoding="utf-8"))
    assert any("wurde im Monat Oktober 2026 nie erfasst" in text for text in told["exceptions"])
    said = [make_parcel(place, revision, "x", wish=Wish(), clock=lambda: NOW).notice for revision in
            revisions(place.reports_dir, "2026-10")]  # fmt: skip
    assert [one.headline for one in said] == [
        "Cloud costs October 2026: DRAFT, r01",
        "Cloud-Kosten Oktober 2026: ENTWURF, r02",
    ]
    assert len(said[0].lines) == len(said[1].lines)
    assert "was never seen in October 2026" in " ".join(said[0].lines)
    assert f"- {told['exceptions'][0]}" in said[1].lines
    assert f"- {told['reasons'][0]}" in said[1].lines


def test_a_closed_month_keeps_its_language(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    closed = published(place, final=True)
    asked = published(place.in_language("de"))

    assert (asked.revision, asked.is_new, asked.language) == (closed.revision, False, "en")


def test_the_configured_language_is_that_of_a_report(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    path = tmp_path / "tallybook.toml"
    path.write_text('[tallybook]\nlanguage = "de"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")

    assert published(open_house(path)).language == "de"
    library = (place.reports_dir / "index.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in library
    assert ">Oktober 2026<" in library
    assert published(place.in_language("")).language == "en"
    with pytest.raises(ConfigurationError, match="no language 'xx'; known: en, de"):
        place.in_language("xx")


def test_a_bridge_begins_at_what_the_month_before_was_closed_with(tmp_path: Path) -> None:
    place = with_history(tmp_path)
    published(place, OCTOBER.shift(-1), final=True)
    land_usage(place, OCTOBER.shift(-1), "3.5", fetched_days_later=1)

    (bridge,) = document(published(place))["changes"]["bridges"]
    steps = {step["cause"]: step["effect"]["exact"] for step in bridge["steps"]}
    # September was closed with 3 core-hours at 2 EUR and has 3.5 now; October has 4
    assert (bridge["opening_cost"]["exact"], bridge["closing_cost"]["exact"]) == ("6", "8")
    assert (steps["restatement"], steps["price"], steps["volume"]) == ("1", "0", "1")


def test_a_library_that_a_killed_process_left_out_is_written_again(tmp_path: Path) -> None:
    place = house(tmp_path, "scaleops")
    land_costs(place, "10")
    published(place)
    (place.reports_dir / "index.html").unlink()

    assert not published(place).is_new
    assert (place.reports_dir / "index.html").is_file()


def test_what_a_killed_report_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    place = house(tmp_path, "ocore")
    land_usage(place, OCTOBER, "10")
    left = place.settings.data_dir / "scratch" / "charges.parquet"
    left.parent.mkdir()
    left.write_bytes(b"half of it")
    published(place)

    assert sorted(path.name for path in place.settings.data_dir.iterdir()) == [
        "raw",
        "reports",
        "tallybook.duckdb",
        "tallybook.lock",
    ]


def test_a_month_that_is_to_be_closed_without_a_reason_is_refused_in_words_of_every_door(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"say why in reason \(--reason TEXT\)"):
        report(house(tmp_path, "ocore"), OCTOBER, clock=lambda: NOW, final=True)
