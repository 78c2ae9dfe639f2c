from decimal import Decimal
from typing import Any

import httpx
import pytest

from tallybook.sandbox.answers import ADDED_FIELD
from tallybook.sandbox.faults import KNOWN, check_names
from tallybook.sandbox.naming import HOSTILE_NAMES
from tallybook.sandbox.server import create_app
from tallybook.sandbox.world import World
from tests.sandbox.client import HEADERS, SandboxClient, make_client
from tests.sandbox.test_scaleops import OCTOBER, window

LIVE = "/openscaler/v1/stats/live"
QUOTA = f"/syseleven/v3/projects/{'1' * 32}/quota"


def ask_many(client: SandboxClient) -> list[httpx.Response]:
    """A hundred distinct requests."""
    paths = [f"/nodeconductor/api/stats/customer/?number={number}" for number in range(100)]
    return client.request_each("GET", paths, headers=HEADERS["nodeconductor"])


def objects(payload: Any) -> list[dict[str, Any]]:
    """Every object of a JSON payload, however deep."""
    if isinstance(payload, dict):
        return [payload, *(found for value in payload.values() for found in objects(value))]
    if isinstance(payload, list):
        return [found for value in payload for found in objects(value)]
    return []


def test_an_unknown_fault_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(ValueError, match="unknown fault nonsense; known are gap, hostile-names"):
        create_app(world, faults=["gap", "nonsense"])


def test_every_known_fault_is_accepted() -> None:
    assert check_names(KNOWN) == set(KNOWN)


@pytest.mark.parametrize(
    ("fault", "status", "low", "high"),
    [("rate-limit", 429, 10, 32), ("server-error", 500, 3, 19), ("unavailable", 503, 3, 19)],
)
def test_a_fault_strikes_its_share_of_requests_once(world: World, fault: str, status: int, low: int, high: int) -> None:
    client = make_client(world, faults=[fault])

    first = [answer.status_code for answer in ask_many(client)]
    second = [answer.status_code for answer in ask_many(client)]

    assert low <= first.count(status) <= high  # one in five or ten of 100, three standard deviations either way
    assert first.count(200) == 100 - first.count(status)
    assert second == [200] * 100


def test_the_same_requests_are_struck_every_time(world: World) -> None:
    runs = [[answer.status_code for answer in ask_many(make_client(world, faults=["rate-limit"]))] for _ in range(2)]

    assert runs[0] == runs[1]


def test_too_many_requests_says_when_to_come_back(world: World) -> None:
    answers = ask_many(make_client(world, faults=["rate-limit"]))

    assert {one.headers["retry-after"] for one in answers if one.status_code == 429} == {"1"}


def test_the_sandboxs_own_pages_have_no_faults(world: World) -> None:
    client = make_client(world, faults=["rate-limit", "server-error", "unavailable", "gap"])

    assert {client.get(f"/clock?{number}").status_code for number in range(50)} == {200}


@pytest.mark.parametrize(
    ("now", "status"),
    [("06:59:59", 200), ("07:00:00", 503), ("11:59:59", 503), ("12:00:00", 200)],
)
def test_sampled_providers_are_away_for_five_hours_on_the_tenth(world: World, now: str, status: int) -> None:
    client = make_client(world, faults=["gap"])
    client.set_clock(f"2026-10-10T{now}Z")

    assert [client.answer(path).status_code for path in (LIVE, QUOTA, LIVE)] == [status] * 3
    assert client.answer("/ocore/api/usage").status_code == 200


@pytest.fixture(scope="module")
def honest_truth(world: World) -> Decimal:
    return Decimal(make_client(world).truth("2026-10")["totals"]["USD"])


@pytest.mark.parametrize(("now", "percent"), [("2026-11-05T23:00:00Z", 100), ("2026-11-06T00:00:00Z", 103)])
def test_a_closed_month_costs_more_after_the_fifth(world: World, honest_truth: Decimal, now: str, percent: int) -> None:
    client = make_client(world, faults=["restated"])
    client.set_clock(now)

    served = client.report("getAggregated", **OCTOBER)["aggregatedWorkloads"][0]["totalCost"]

    expected = honest_truth * percent / 100
    assert Decimal(client.truth("2026-10")["totals"]["USD"]) == Decimal(str(served)) == expected


def test_savings_and_hours_are_not_restated(world: World) -> None:
    honest, restated = make_client(world), make_client(world, faults=["restated"])
    restated.set_clock("2026-11-06T00:00:00Z")

    first, second = (
        client.report("getAggregated", **OCTOBER)["aggregatedWorkloads"][0] for client in (honest, restated)
    )

    for field in ("savingsAvailable", "spotHours", "onDemandHours"):
        assert first[field] == second[field]


def test_one_day_of_the_month_is_answered_with_another_window(world: World) -> None:
    client = make_client(world, faults=["wrong-window"])

    wrong = client.report("getWorkloads", **window("2026-10-12", "2026-10-13"))["window"]
    right = client.report("getWorkloads", **window("2026-10-13", "2026-10-14"))["window"]

    assert wrong == {"startTime": "2026-10-25T00:00:00", "endTime": "2026-11-01T00:00:00"}
    assert right == {"startTime": "2026-10-13T00:00:00", "endTime": "2026-10-14T00:00:00"}


@pytest.mark.parametrize(
    "path",
    [LIVE, "/nodeconductor/api/projects/", "/nodeconductor/api/stats/customer/", "/ocore/api/usage"],
)
def test_every_object_has_one_more_field(world: World, path: str) -> None:
    body = make_client(world, faults=["unknown-fields"]).ask(path)

    assert objects(body)
    assert all(ADDED_FIELD in found for found in objects(body))


def test_maps_of_regions_flavors_and_severities_get_no_field(world: World) -> None:
    client = make_client(world, faults=["unknown-fields"])

    regions = client.ask(QUOTA.replace("quota", "current_usage"))
    alerts = client.ask("/nodeconductor/api/stats/alert/", **{"from": 1})

    assert list(regions) == ["cbk", "dbl", "fes"]
    assert ADDED_FIELD in regions["cbk"]
    assert ADDED_FIELD not in regions["cbk"]["compute.flavors"]
    assert set(alerts) == {"Debug", "Error", "Info", "Warning"}


def test_names_are_hostile_everywhere_a_name_can_be(world: World) -> None:
    client = make_client(world, faults=["hostile-names"])
    workloads = client.report("getWorkloads", **OCTOBER)["aggregatedWorkloads"]
    names = [
        *(vm["name"] for vm in client.ask(LIVE)["data"]["vms"]),
        *(row["name"] for row in client.ask("/nodeconductor/api/projects/")),
        *(row["name"] for row in client.ask("/nodeconductor/api/stats/customer/")),
        *(row["projectName"] for row in client.ask("/ocore/api/usage", start_date="2026-10-31T00:00:00Z")["items"]),
        *(row[field] for row in workloads for field in ("clusterName", "namespace", "workloadName")),
        *(label["value"] for row in workloads for label in row["ownerLabels"] if label["key"] == "team"),
    ]

    assert names
    assert all(name.startswith(HOSTILE_NAMES) for name in names)


def test_a_slow_answer_is_still_an_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("tallybook.sandbox.faults.asyncio.sleep", note)

    answers = ask_many(make_client(world, faults=["slow"]))

    assert {answer.status_code for answer in answers} == {200}
    assert set(waits) == {0.3}
    assert 3 <= len(waits) <= 19  # one in ten of 100, three standard deviations either way


def test_faults_do_not_replace_authentication(world: World) -> None:
    client = make_client(world, faults=["unknown-fields"])

    assert client.get(LIVE).status_code == 401
    assert client.get(LIVE, headers=HEADERS["openscaler"]).status_code == 200
