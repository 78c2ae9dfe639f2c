"""NodeConductor: what is asked, page by page and uuid by uuid, and how a connection is configured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tallybook.contract import Answer, Request
from tallybook.errors import ProviderError
from tallybook.periods import BillingPeriod
from tallybook.providers.nodeconductor import PROVIDER, authenticate, plan
from tests.providers.nodeconductor_answers import ARCHIVE, CUSTOMER, START, WAREHOUSE
from tests.providers.support import settings

OCTOBER = BillingPeriod(2026, 10)
AFTER = datetime(2026, 11, 2, tzinfo=UTC)
PROJECT = {"uuid": WAREHOUSE, "name": "Warehouse", "customer_uuid": CUSTOMER, "customer_name": "Acme"}
LISTS: dict[str, list[list[dict[str, str]]]] = {
    "/api/customers/": [[{"uuid": CUSTOMER, "name": "Acme"}]],
    "/api/project-groups/": [[]],
    "/api/projects/": [[PROJECT, {**PROJECT, "uuid": ARCHIVE, "name": "Archive"}]],
}


@dataclass
class Session:
    """Answers lists from pages and alerts of a uuid; `link` makes the Link header of a page that is not the last."""

    settings: Any
    now: datetime
    pages: Mapping[str, list[list[dict[str, str]]]]
    link: str = '<http://elsewhere.example.com{path}?page_size=2&page={next}>; rel="next", <http://x/>; rel="last"'
    asked: list[Request] = field(default_factory=list)
    alerts: Mapping[str, bytes] = field(default_factory=dict)
    counts: tuple[str, ...] = ()  # X-Result-Count of each page

    def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        if request.kind == "alert":
            alerts = self.alerts.get(request.asked.get("uuid", ""), b"{}")
            return Answer(request, 200, {}, self.now, "", lambda: alerts)
        page = int(dict(request.params)["page"])
        pages = self.pages[request.path]
        headers = {"link": self.link.format(path=request.path, next=page + 1)} if page < len(pages) else {}
        headers |= {"X-Result-Count": self.counts[page - 1]} if self.counts else {}
        body = json.dumps(pages[page - 1]).encode()
        return Answer(request, 200, headers, self.now, "", lambda: body)


def make_session(
    *, now: datetime = AFTER, pages: Any = None, link: str = "", alerts: Any = None, **keys: Any
) -> Session:
    session = Session(settings("nodeconductor", **keys), now, pages or LISTS, alerts=alerts or {})
    session.link = link or session.link
    return session


def asked(dataset: str, **keys: Any) -> list[Request]:
    return list(PROVIDER.dataset(dataset).plan(make_session(**keys), OCTOBER))


def test_usage_is_asked_hour_by_hour_for_each_uuid_and_item() -> None:
    requests = asked("usage")

    queries = [dict(request.params) for request in requests]
    assert {request.path for request in requests} == {"/api/stats/usage/"}
    assert [(query["aggregate"], query["uuid"], query["item"]) for query in queries] == [
        (aggregate, uuid, item)
        for aggregate, uuid in (("customer", CUSTOMER), ("project", WAREHOUSE), ("project", ARCHIVE))
        for item in ("cpu", "memory", "storage")
    ]
    assert {(query["from"], query["to"], query["datapoints"]) for query in queries} == {
        (str(START), str(START + 744 * 3600), "744")
    }


def test_usage_of_a_running_month_ends_with_its_last_whole_hour() -> None:
    query = dict(asked("usage", now=datetime(2026, 10, 2, 5, 59, tzinfo=UTC))[0].params)

    assert (query["to"], query["datapoints"]) == (str(START + 29 * 3600), "29")


def test_nothing_is_asked_while_no_hour_has_passed() -> None:
    first_minutes = datetime(2026, 10, 1, 0, 40, tzinfo=UTC)

    assert asked("usage", now=first_minutes) == []
    assert asked("creation_time", now=first_minutes) == []
    assert asked("alert", now=first_minutes) == []


def test_quotas_are_asked_one_by_one_and_remember_whose_they_are() -> None:
    warehouse = asked("quota")[1]

    assert dict(warehouse.params) == {"aggregate": "project", "uuid": WAREHOUSE}
    assert warehouse.asked["customer_name"] == "Acme"
    assert warehouse.asked["customer_uuid"] == CUSTOMER


def test_counts_and_capacity_are_asked_below_the_prefix() -> None:
    (customer,) = asked("customer")
    resources = asked("resource", auth_urls=["https://a/v2.0", "https://b/v2.0/"])

    assert (customer.path, customer.params) == ("/api/stats/customer/", ())
    assert [dict(request.params) for request in resources] == [
        {"auth_url": "https://a/v2.0"},
        {"auth_url": "https://b/v2.0/"},  # exactly as written: the server compares texts
    ]


def test_creations_are_asked_per_type_hour_by_hour() -> None:
    now = datetime(2026, 10, 4, 15, 20, tzinfo=UTC)
    requests = asked("creation_time", now=now, creation_clock_offset_seconds=3600)

    assert [dict(request.params) for request in requests] == [
        {"type": kind, "from": str(START + 3600), "to": str(START + 88 * 3600), "datapoints": "87"}
        for kind in ("customer", "project_group", "project")
    ]


def windows_of(requests: list[Request], aggregate: str, uuid: str | None = None) -> list[tuple[int, int]]:
    """The windows of a selection as hours of the month, both included."""
    chosen = [one.asked for one in requests if (one.asked["aggregate"], one.asked.get("uuid")) == (aggregate, uuid)]
    return [((int(one["from"]) - START) // 3600, (int(one["to"]) - START) // 3600) for one in chosen]


def test_alerts_are_asked_of_each_aggregate_and_each_object_with_inclusive_bounds() -> None:
    requests = asked("alert")

    month = {"from": str(START), "to": str(START + 744 * 3600 - 1)}
    selections = [
        {"aggregate": "customer"},
        {"aggregate": "customer", "uuid": CUSTOMER},
        {"aggregate": "project_group"},
        {"aggregate": "project"},
        {"aggregate": "project", "uuid": WAREHOUSE},
        {"aggregate": "project", "uuid": ARCHIVE},
    ]
    last_day = month | {"from": str(START + 720 * 3600)}
    assert [dict(request.params) for request in requests] == [
        selection | window for window in (month, last_day) for selection in selections
    ]


def test_each_day_is_asked_where_the_month_has_alerts() -> None:
    requests = asked("alert", alerts={WAREHOUSE: b'{"Error": 1}', ARCHIVE: b'{"error": 0, "info": 0}'})

    assert windows_of(requests, "project", WAREHOUSE) == [
        (0, 743),
        (720, 743),
        *((24 * day, 24 * day + 23) for day in range(31)),
    ]
    assert windows_of(requests, "project", ARCHIVE) == [(0, 743), (720, 743)]


def test_in_a_month_that_goes_on_alerts_are_asked_to_the_last_whole_hour() -> None:
    now = datetime(2026, 10, 3, 11, 40, tzinfo=UTC)
    requests = asked("alert", now=now, alerts={CUSTOMER: b'{"Error": 1}'})

    assert windows_of(requests, "customer", CUSTOMER) == [(0, 58), (35, 58), (0, 23), (24, 47), (48, 58)]


def test_alerts_that_cannot_be_read_are_left_to_the_parser() -> None:
    assert windows_of(asked("alert", alerts={"": b"<html>"}), "project") == [(0, 743), (720, 743)]


def test_customers_have_alerts_also_where_only_projects_are_counted() -> None:
    requests = asked("alert", aggregates=["project"])

    assert {request.asked["aggregate"] for request in requests} == {"customer", "project"}


def test_alerts_fall_back_to_the_plural_path() -> None:
    documented, plural = asked("alert")[0], asked("alert", alert_path="/stats/alerts/")[0]

    assert (documented.path, documented.fallback_path) == ("/api/stats/alert/", "/api/stats/alerts/")
    assert (plural.path, plural.fallback_path) == ("/api/stats/alerts/", "")


@pytest.mark.parametrize("dataset", ["usage", "quota", "customer", "resource", "creation_time", "alert"])
def test_every_path_ends_with_a_slash(dataset: str) -> None:
    session = make_session(auth_urls=["https://a/v2.0"])

    requests = [*PROVIDER.dataset(dataset).plan(session, OCTOBER), *session.asked]

    assert all(request.path.endswith("/") for request in requests)


def test_every_page_of_a_list_is_read_and_an_object_on_two_pages_is_one() -> None:
    names = [{"uuid": f"{n:032x}", "name": f"c{n}"} for n in range(5)]
    session = make_session(pages={"/api/customers/": [names[:2], names[1:3], names[3:]]})

    found = list(plan.list_all(session, "customer"))

    assert [one.name for one in found] == ["c0", "c1", "c2", "c3", "c4"]
    assert [dict(request.params) for request in session.asked] == [
        {"page": str(page), "page_size": "100"} for page in (1, 2, 3)
    ]


def test_a_link_to_another_origin_is_only_read_for_its_page_number() -> None:
    pages = {"/api/customers/": [[{"uuid": "1" * 32, "name": "a"}], [{"uuid": "2" * 32, "name": "b"}]]}
    session = make_session(pages=pages, link='<https://evil.example.com/steal?page={next}>; rel="next"')

    assert len(list(plan.list_all(session, "customer"))) == 2
    assert {request.path for request in session.asked} == {"/api/customers/"}


@pytest.mark.parametrize("link", ['<http://x/?page=1>; rel="next"', '<http://x/>; rel="next"', "<x?page=a>; rel=next"])
def test_pages_in_circles_are_an_error_and_no_short_list(link: str) -> None:
    session = make_session(pages={"/api/customers/": [[], []]}, link=link)

    with pytest.raises(ProviderError, match="pages in circles"):
        list(plan.list_all(session, "customer"))


def test_a_link_without_next_is_the_last_page() -> None:
    first = '<http://x/?page_size=2>; rel="first", <http://x/?page=1>; rel="prev", <http://x/?page=2>; rel="last"'
    session = make_session(pages={"/api/customers/": [[], []]}, link=first)

    assert list(plan.list_all(session, "customer")) == []


def customers(count: int, *, first: int = 0) -> list[dict[str, str]]:
    return [{"uuid": f"{number:032x}", "name": "Acme"} for number in range(first, first + count)]


@pytest.mark.parametrize("counts", [("250",), ("3",)])
def test_a_list_that_is_shorter_than_its_count_is_an_error(counts: tuple[str, ...]) -> None:
    session = make_session(pages={"/api/customers/": [customers(2)]})
    session.counts = counts

    with pytest.raises(ProviderError, match=rf"/customers/ says it has {counts[0]} objects and lists 2"):
        list(plan.list_all(session, "customer"))


@pytest.mark.parametrize(
    "counts",
    [
        ("4", "4"),
        ("4", "5"),  # one was created meanwhile
        ("5", "4"),  # one was deleted meanwhile
        ("many", "4"),
    ],
)
def test_a_list_that_changes_while_it_is_read_is_complete(counts: tuple[str, ...]) -> None:
    session = make_session(pages={"/api/customers/": [customers(2), customers(2, first=2)]})
    session.counts = counts

    assert len(list(plan.list_all(session, "customer"))) == 4


def test_a_link_that_skips_pages_is_an_error() -> None:
    session = make_session(
        pages={"/api/customers/": [customers(1)] * 6}, link='<http://x/customers/?page=5>; rel="next"'
    )

    with pytest.raises(ProviderError, match="/customers/ goes on with page 5 after page 1"):
        list(plan.list_all(session, "customer"))


def test_a_full_page_that_says_nothing_of_others_is_an_error() -> None:
    session = make_session(pages={"/api/customers/": [customers(10)]}, page_size=10)

    with pytest.raises(ProviderError, match="page_size"):
        list(plan.list_all(session, "customer"))


def test_a_full_page_that_is_all_there_is_is_complete() -> None:
    session = make_session(pages={"/api/customers/": [customers(10)]}, page_size=10)
    session.counts = ("10",)

    assert len(list(plan.list_all(session, "customer"))) == 10


def test_a_uuid_with_dashes_is_asked_as_hex_digits() -> None:
    dashed = {**PROJECT, "uuid": "A0000000-0000-0000-0000-000000000001"}
    requests = asked("quota", pages=LISTS | {"/api/projects/": [[dashed]]}, aggregates=["project"])

    assert dict(requests[0].params)["uuid"] == WAREHOUSE


def test_the_token_is_sent_as_the_server_wants_it() -> None:
    headers = authenticate(settings("nodeconductor"), lambda _: "abc").headers("")

    assert headers == {"Authorization": "Token abc"}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"base_url": "https://nc.example.com/api"}, "base_url must not end in /api"),
        ({"base_url": "https://nc.example.com/api/"}, "base_url must not end in /api"),
        ({"aggregates": ["customer"]}, "'project' must be among them"),
        ({"aggregates": ["team"]}, "aggregates"),
        ({"page_size": 101}, "page_size"),
        ({"alert_path": "/stats/alert"}, "alert_path"),
        ({"api_prefix": "api"}, "api_prefix"),
        ({"auth_urls": [""]}, "auth_urls"),
    ],
)
def test_a_wrong_configuration_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        settings("nodeconductor", **keys)


def test_a_trailing_slash_of_the_address_is_dropped() -> None:
    assert settings("nodeconductor", base_url="https://nc.example.com/").base_url == "https://nc.example.com"
