"""ScaleOps: what is asked, how a connection is configured, and the login that issues a token."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tallybook.contract import Request
from tallybook.credentials import SecretRef
from tallybook.errors import ProviderError
from tallybook.periods import BillingPeriod
from tallybook.providers.scaleops import PROVIDER, auth, plan
from tests.providers.support import settings
from tests.support.web import Said, serving

OCTOBER = BillingPeriod(2026, 10)
SECRET = "t0k3n-v4lue"
FIRST = 1790812800000  # 2026-10-01T00:00:00Z in milliseconds


@dataclass
class Session:
    settings: Any
    now: datetime

    def ask(self, request: Request) -> Any:
        raise AssertionError(f"these plans need no answer: {request}")


def asked(dataset: str, *, now: datetime = datetime(2026, 11, 2, tzinfo=UTC), **keys: Any) -> list[Request]:
    session = Session(settings("scaleops", currency="USD", **keys), now)
    return list(PROVIDER.dataset(dataset).plan(session, OCTOBER))


@pytest.mark.parametrize("dataset", ["workloads", "aggregated"])
def test_one_window_is_asked_for_each_day(dataset: str) -> None:
    requests = asked(dataset)

    bounds = [(int(request.asked["from"]), int(request.asked["to"])) for request in requests]
    assert bounds == [(FIRST + n * 86_400_000, FIRST + (n + 1) * 86_400_000) for n in range(31)]


def test_a_day_that_is_not_over_is_not_asked() -> None:
    assert len(asked("workloads", now=datetime(2026, 10, 3, 23, 59, tzinfo=UTC))) == 2


def test_workloads_are_asked_with_times_and_all_clusters_in_the_query() -> None:
    request = asked("workloads")[0]

    assert (request.method, request.path) == ("POST", "/detailedCostReport/getWorkloads")
    assert dict(request.params) == {"multiCluster": "true", "from": str(FIRST), "to": str(FIRST + 86_400_000)}
    assert request.json == {"shouldIgnoreWorkloads": False}


def test_groups_are_asked_with_every_option_in_the_body_and_none_in_the_query() -> None:
    request = asked("aggregated", group_by_labels=["app", "team"])[0]

    assert request.params == ()
    assert request.json == {
        "from": FIRST,
        "to": FIRST + 86_400_000,
        "multiCluster": True,
        "groupByCluster": True,
        "groupByNamespace": True,
        "groupByLabels": ["app", "team"],
        "groupByAnnotations": [],
    }


@pytest.mark.parametrize("dataset", ["workloads", "aggregated"])
def test_no_option_is_asked_twice_and_no_array_stands_in_the_query(dataset: str) -> None:
    for method in ("POST", "GET"):
        request = asked(dataset, method=method)[0]
        names = [name for name, _ in request.params]
        assert len(names) == len(set(names) - set(request.json or {}))
        assert all(value for _, value in request.params)
        assert "range" not in [*names, *(request.json or {})]  # from and to, or range: never both


def test_seconds_in_place_of_milliseconds_are_refused() -> None:
    with pytest.raises(ValueError, match="looks like seconds"):
        plan.epoch_ms(datetime(1970, 1, 21, tzinfo=UTC))


def test_configured_paths_and_one_cluster_are_asked() -> None:
    request = asked("workloads", workloads_path="/v2/costs", multi_cluster=False)[0]

    assert request.path == "/v2/costs"
    assert dict(request.params)["multiCluster"] == "false"


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "USD", "username": SecretRef(env="U")}, "either token, or both"),
        ({"currency": "USD", "token": None}, "either token, or both"),
        ({"currency": "USD", "token": None, "username": SecretRef(env="U")}, "either token, or both"),
        ({"currency": "USD", "window_zone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"currency": "USD", "aggregated_path": "report"}, "aggregated_path"),
        ({"currency": "USD", "method": "GET", "group_by_labels": ["app"]}, "JSON body only"),
        ({"currency": "USD", "cluster": "a\nX-Evil: 1"}, "cluster"),
    ],
)
def test_a_wrong_configuration_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        settings("scaleops", **keys)


def test_a_token_and_a_cluster_become_headers() -> None:
    connection = settings("scaleops", currency="USD", cluster="prod-eu")

    headers = auth.authenticate(connection, lambda _: "s3cret").headers("")

    assert headers == {"Authorization": "Bearer s3cret", "X-Scaleops-Cluster": "prod-eu"}


def test_the_token_is_decoded_once_and_not_cut_at_an_equals_sign() -> None:
    assert auth.token_of("/?state=TOKEN&token=ab%3D%3Dc%2Bd%252F") == "ab==c+d%2F"
    assert auth.token_of("https://host/app?token=a=b+c") == "a=b+c"
    assert auth.token_of("https://host/#/callback?token=abc") == "abc"


@pytest.mark.parametrize("location", ["/login", "/?token=", "/?mytoken=x", "/?token=a%0D%0AX-Evil:1", ""])
def test_a_redirect_without_a_usable_token_is_a_failed_login(location: str) -> None:
    with pytest.raises(ProviderError, match="check user name and password"):
        auth.token_of(location)


def test_a_login_happens_once_and_once_more_after_a_refused_token() -> None:
    tokens = iter(["first", "second"])
    line = auth.LoginAuth(lambda: f"/?token={next(tokens)}", {})

    before = [line.headers("")["Authorization"] for _ in range(2)]
    is_worth_it = line.renew("")
    after = line.headers("")["Authorization"]

    assert before == ["Bearer first", "Bearer first"]
    assert is_worth_it
    assert after == "Bearer second"


def login(url: str) -> str:
    return auth.login_redirect(url, json={"password": SECRET}, cookies={"a": "1", "b": "2"}, timeout_seconds=2)


def test_a_login_gives_the_address_it_would_go_on_to() -> None:
    with serving(Said(303, headers={"Location": "http://elsewhere.example/callback?code=1"})) as web:
        assert login(f"{web.url}/login") == "http://elsewhere.example/callback?code=1"

    assert [(asked.method, asked.headers["cookie"]) for asked in web.asked] == [("POST", "a=1; b=2")]


@pytest.mark.parametrize("said", [Said(200), Said(401, SECRET.encode()), Said(302), Said(hangs_up=True)])
def test_a_login_that_goes_nowhere_says_so_without_what_was_sent(said: Said) -> None:
    with serving(said) as web, pytest.raises(ProviderError, match=r"the login at http://127\.0\.0\.1") as caught:
        login(f"{web.url}/login")

    assert SECRET not in str(caught.value)


def test_a_login_at_no_address_says_so() -> None:
    with pytest.raises(ProviderError, match="could not be asked"):
        login("http://127.0.0.1:99999/login")
