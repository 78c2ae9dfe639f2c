"""oCore's usage, usage of a project and totals out of the warehouse: ranges, buckets, sums."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.ocore import api
from tests.documents.providers.document_bench import OCTOBER, asked, asked_bytes, exact, problems, standard
from tests.providers.support import Bench, settings

SAMPLES = Path(api.__file__).parent / "samples"
DOCUMENTS = {"project-usage": "project_usage", "usage": "usage", "usage-totals": "usage_totals"}
HOURLY = {"period": "hourly", "start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}


def sample(name: str) -> Any:
    return exact((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("ocore"))


def land(bench: Bench, document: object, *, period: str = "2026-10") -> None:
    month = BillingPeriod.parse(period, now=OCTOBER.end)
    bounds = {"start_date": f"{month.start:%FT%TZ}", "end_date": f"{month.end:%FT%TZ}"}
    request = Request("usage", "/usage", asked=HOURLY | bounds)
    bench.land("usage", [(request, json.dumps(document, default=float).encode())], period=period)
    bench.stage(period=period)


@pytest.fixture
def two_projects(bench: Bench) -> Bench:
    land(bench, sample("two_projects"))
    return bench


def ask(bench: Bench, name: str, *values: str, period: BillingPeriod = OCTOBER) -> Any:
    return asked(bench.warehouse, (bench.connection, bench.provider), name, *values, period=period)


def item(start: str, **changes: object) -> dict[str, object]:
    """An hour of project prj_a."""
    return {**sample("two_projects")["items"][0], "periodStart": start, **changes}


def brief(items: list[dict[str, Any]]) -> list[tuple[str, str, object]]:
    """Project, start and core-hours of items."""
    return [(one["projectId"], one["periodStart"], one["cpuCoreHours"]) for one in items]


def filled(name: str) -> Any:
    """The documented example with an hour, a project and numbers in the place of its placeholders."""
    document = sample(name)
    words = {"periodStart": "2026-10-01T00:00:00Z", "periodType": "hourly", "projectId": "p", "projectName": "P"}
    fields = [key for key in document["totals"] if key not in words]
    hour = {**document["totals"], **words, **{key: Decimal(n) / 4 for n, key in enumerate(fields, 1)}}
    return {"items": [{key: hour[key] for key in document["items"][0]}], "period": "hourly", "totals": hour}


def test_the_documented_example_of_a_project_comes_back_out_as_it_was(bench: Bench) -> None:
    land(bench, filled("project_usage"))

    body = asked_bytes(bench.warehouse, (bench.connection, bench.provider), "project-usage", "id=p")

    # in the order of the document, too
    assert json.loads(body, parse_float=Decimal, object_pairs_hook=list) == json.loads(
        json.dumps(filled("project_usage"), default=float), parse_float=Decimal, object_pairs_hook=list
    )


def test_the_documented_example_of_all_projects_comes_back_out_but_for_the_owner_of_the_totals(bench: Bench) -> None:
    document = filled("usage")
    land(bench, document)

    assert ask(bench, "usage", "project_id=p") == document
    assert ask(bench, "usage") == document | {"totals": document["totals"] | {"projectId": "", "projectName": ""}}


def test_the_documented_example_of_totals_is_an_object_without_a_project_and_makes_none(bench: Bench) -> None:
    request = Request("totals", "/usage/totals", asked=HOURLY)
    bench.land("totals", [(request, json.dumps(sample("usage_totals")).encode())])
    bench.stage()

    assert ask(bench, "usage-totals") == {"totals": []}


def test_hourly_items_of_several_projects_come_back_out_with_their_totals(two_projects: Bench) -> None:
    assert ask(two_projects, "usage") == sample("two_projects")


def test_totals_per_project_are_the_sums_of_their_items(two_projects: Bench) -> None:
    assert ask(two_projects, "usage-totals") == sample("two_projects_totals")


def test_days_are_sums_of_hours_and_the_highest_count(two_projects: Bench) -> None:
    answer = ask(two_projects, "usage", "period=daily")

    assert answer["period"] == "daily"
    assert brief(answer["items"]) == [
        ("prj_a", "2026-10-01T00:00:00Z", Decimal("1.75")),
        ("prj_a", "2026-10-02T00:00:00Z", Decimal("0.75")),
        ("prj_b", "2026-10-02T00:00:00Z", 2),
    ]
    assert answer["items"][0] == {
        "bandwidthInBytes": 1024,
        "bandwidthOutBytes": 2560,
        "cpuCoreHours": Decimal("1.75"),
        "diskGbHours": 80,
        "instanceCount": 2,
        "instanceHours": 3,
        "periodStart": "2026-10-01T00:00:00Z",
        "periodType": "daily",
        "projectId": "prj_a",
        "projectName": "Shop",
        "ramGbHours": 8,
    }


def test_months_are_sums_of_hours(two_projects: Bench) -> None:
    answer = ask(two_projects, "usage", "period=monthly")

    assert brief(answer["items"]) == [
        ("prj_a", "2026-10-01T00:00:00Z", Decimal("2.5")),
        ("prj_b", "2026-10-01T00:00:00Z", 2),
    ]
    assert {one["periodType"] for one in answer["items"]} == {"monthly"}


@pytest.mark.parametrize("period", ["hourly", "daily", "monthly"])
def test_totals_do_not_depend_on_the_period(two_projects: Bench, period: str) -> None:
    totals = ask(two_projects, "usage", f"period={period}")["totals"]

    assert totals == sample("two_projects")["totals"] | {"periodType": period}


def test_one_project_is_the_same_by_filter_and_by_path(two_projects: Bench) -> None:
    answer = ask(two_projects, "project-usage", "id=prj_a")

    assert answer == ask(two_projects, "usage", "project_id=prj_a")
    assert {one["projectId"] for one in answer["items"]} == {"prj_a"}
    assert (answer["totals"]["projectId"], answer["totals"]["projectName"]) == ("prj_a", "Shop")
    assert answer["totals"]["cpuCoreHours"] == Decimal("2.5")


RANGES = {
    ("2026-10-01T23:00:00Z", "2026-10-02T00:00:00Z"): ["2026-10-01T23:00:00Z"],  # the end is not included
    ("2026-10-01T22:00:01Z", "2026-10-02T00:00:00Z"): ["2026-10-01T23:00:00Z"],  # an hour counts where it begins
    ("2026-10-02T01:00:00+02:00", "2026-10-02T02:00:00+02:00"): ["2026-10-01T23:00:00Z"],
    ("2026-10-01T17:00:00-05:00", "2026-10-01t18:00:00.000-05:00"): ["2026-10-01T22:00:00Z"],
    ("2026-10-01T22:00:00Z", "2026-10-01T22:00:00Z"): [],
}


@pytest.mark.parametrize("bounds", RANGES, ids=" to ".join)
def test_bounds_are_half_open_and_may_have_offsets(two_projects: Bench, bounds: tuple[str, str]) -> None:
    answer = ask(two_projects, "project-usage", "id=prj_a", f"start_date={bounds[0]}", f"end_date={bounds[1]}")

    assert [one["periodStart"] for one in answer["items"]] == RANGES[bounds]


def test_a_day_that_the_bounds_cut_still_begins_at_midnight(two_projects: Bench) -> None:
    answer = ask(
        two_projects, "usage", "period=daily", "start_date=2026-10-01T23:00:00Z", "end_date=2026-10-02T00:00:00Z"
    )

    assert brief(answer["items"]) == [("prj_a", "2026-10-01T00:00:00Z", Decimal("0.5"))]
    assert answer["totals"]["periodStart"] == "2026-10-01T23:00:00Z"


def test_other_months_are_answered_when_they_were_collected(bench: Bench) -> None:
    for period in ("2026-09", "2026-10"):
        land(bench, {"items": [item(f"{period}-15T00:00:00Z")], "period": "hourly", "totals": None}, period=period)

    answer = ask(bench, "usage", "period=monthly", "start_date=2026-09-01T00:00:00Z")

    assert [one["periodStart"] for one in answer["items"]] == ["2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"]
    assert len(ask(bench, "usage")["items"]) == 1  # the month's alone, by default


def test_totals_over_months_stand_in_the_order_of_their_projects(bench: Bench) -> None:
    for period, projects in (("2026-09", ["prj_b"]), ("2026-10", ["prj_a", "prj_b"])):
        hours = [item(f"{period}-15T00:00:00Z", projectId=project) for project in projects]
        land(bench, {"items": hours, "period": "hourly", "totals": None}, period=period)

    totals = ask(bench, "usage-totals", "start_date=2026-09-01T00:00:00Z")["totals"]
    assert [(one["projectId"], one["instanceHours"]) for one in totals] == [("prj_a", 2), ("prj_b", 4)]


def test_an_hour_that_two_months_answered_counts_once(bench: Bench) -> None:
    last, shared = item("2026-09-30T23:00:00Z"), item("2026-10-01T00:00:00Z")
    for period, items in (("2026-09", [last, shared]), ("2026-10", [shared])):
        land(bench, {"items": items, "period": "hourly", "totals": None}, period=period)

    assert [one["instanceHours"] for one in ask(bench, "usage")["items"]] == [2]


def test_a_renamed_project_is_one_project_with_its_newest_name(bench: Bench) -> None:
    hours = [item("2026-10-01T00:00:00Z", projectName="Old"), item("2026-10-02T00:00:00Z", projectName="New")]
    land(bench, {"items": hours, "period": "hourly", "totals": None})

    assert [one["projectName"] for one in ask(bench, "usage", "period=daily")["items"]] == ["Old", "New"]
    assert [one["projectName"] for one in ask(bench, "usage-totals")["totals"]] == ["New"]
    assert ask(bench, "project-usage", "id=prj_a")["totals"]["projectName"] == "New"


def test_every_digit_of_a_sum_is_kept(bench: Bench) -> None:
    hours = [item("2026-10-01T00:00:00Z", cpuCoreHours="X"), item("2026-10-01T01:00:00Z", cpuCoreHours="Y")]
    body = json.dumps({"items": hours, "period": "hourly", "totals": None}, default=float)
    body = body.replace('"X"', "123456789012.123456789012").replace('"Y"', "0.000000000001")
    bench.land("usage", [(Request("usage", "/usage", asked=HOURLY), body.encode())])
    bench.stage()

    assert ask(bench, "usage")["totals"]["cpuCoreHours"] == Decimal("123456789012.123456789013")


def test_hostile_names_stay_text(bench: Bench) -> None:
    name = "<script>{{ 7*7 }}</script> =1+1 \u202e'; drop table x; --"
    land(bench, {"items": [item("2026-10-01T00:00:00Z", projectId=name)], "period": "hourly", "totals": None})

    assert ask(bench, "project-usage", f"id={name}")["totals"]["projectId"] == name


@pytest.mark.parametrize("name", ["usage", "usage-totals"])
def test_a_month_without_answers_is_the_documents_empty_answer(bench: Bench, name: str) -> None:
    answer = ask(bench, name)

    assert answer.get("items", answer["totals"]) == []


def test_totals_of_nothing_are_zero_and_name_nothing(two_projects: Bench) -> None:
    totals = ask(two_projects, "usage", "project_id=other")["totals"]

    assert {key: value for key, value in totals.items() if value not in (0, "")} == {
        "periodStart": "2026-10-01T00:00:00Z",
        "periodType": "hourly",
    }


def test_totals_of_a_known_project_without_usage_in_the_range_name_it(two_projects: Bench) -> None:
    answer = ask(two_projects, "project-usage", "id=prj_b", "end_date=2026-10-01T12:00:00Z")

    assert answer["items"] == []
    assert (answer["totals"]["projectId"], answer["totals"]["projectName"]) == ("prj_b", "ERP")


def test_an_unknown_project_is_refused_with_the_known_ones(two_projects: Bench) -> None:
    with pytest.raises(UsageError, match="known: prj_a, prj_b"):
        ask(two_projects, "project-usage", "id=prj_c")


def test_the_project_is_required(bench: Bench) -> None:
    with pytest.raises(UsageError, match="needs --set id=VALUE"):
        ask(bench, "project-usage")


def test_another_period_is_refused(bench: Bench) -> None:
    with pytest.raises(UsageError, match="allowed are hourly, daily, monthly"):
        ask(bench, "usage", "period=weekly")


def test_totals_know_no_period(bench: Bench) -> None:
    with pytest.raises(UsageError, match="knows start_date, end_date"):
        ask(bench, "usage-totals", "period=daily")


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01",
        "2026-10-01T00:00:00",
        "2026-10-01 00:00:00Z",
        "2026-10-01T00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-10-01T24:00:00Z",
        "20261001T000000Z",
        "1790812800",
        "0001-01-01T00:00:00+02:00",
        "\u0662026-10-01T00:00:00Z",
        "2026-10-01T00:00:00Z\n",
    ],
)
@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_what_is_no_rfc_3339_time_is_refused(bench: Bench, name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"{name}=.*give RFC 3339"):
        ask(bench, "usage", f"{name}={text}")


@pytest.mark.parametrize(
    "values",
    [
        ("start_date=2026-10-02T00:00:00Z", "end_date=2026-10-01T23:59:59Z"),
        ("start_date=2026-11-01T00:00:01Z",),
        ("end_date=2026-10-01T00:00:00+02:00",),
    ],
)
def test_a_start_after_the_end_is_refused(bench: Bench, values: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="is after end_date"):
        ask(bench, "usage-totals", *values)


def test_a_report_carries_daily_usage_of_all_and_of_each_project_with_usage(two_projects: Bench) -> None:
    land(
        two_projects,
        {"items": [item("2026-09-01T00:00:00Z", projectId="prj_c")], "period": "hourly", "totals": None},
        period="2026-09",
    )

    carried = {
        name: standard(two_projects.warehouse, (two_projects.connection, two_projects.provider), name)
        for name in DOCUMENTS
    }

    assert carried == {
        "project-usage": [{"id": "prj_a", "period": "daily"}, {"id": "prj_b", "period": "daily"}],
        "usage": [{"period": "daily"}],
        "usage-totals": [{}],
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_holds_for_the_documented_example(name: str) -> None:
    assert problems("ocore", name, sample(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", ["project-usage", "usage"])
def test_the_schema_refuses_an_example_without_a_field_with_a_changed_one_or_another(name: str) -> None:
    example = sample(DOCUMENTS[name])
    for place in ((), ("items", 0), ("totals",)):
        for field in [*_at(example, place)]:
            missing, changed, more = (copy.deepcopy(example) for _ in range(3))
            del _at(missing, place)[field]
            _at(changed, place)[field] = True
            _at(more, place)["other"] = 1
            assert [problems("ocore", name, one) == [] for one in (missing, changed, more)] == [False] * 3, (
                place,
                field,
            )


@pytest.mark.parametrize(
    "mutated", [{}, {"totals": None}, {"totals": {}}, {"totals": [{"projectId": 7}]}, {"totals": [{"x": 1}]}]
)
def test_the_schema_of_totals_refuses_other_forms(mutated: object) -> None:
    assert problems("ocore", "usage-totals", mutated) != []


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document
