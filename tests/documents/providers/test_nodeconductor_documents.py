"""NodeConductor's six statistics out of the warehouse: segments, sums, limits, refusals."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.contract import Request
from tallybook.errors import UsageError
from tests.documents.providers.document_bench import asked, asked_bytes, problems, standard
from tests.providers.nodeconductor_answers import (
    ARCHIVE,
    CUSTOMER,
    START,
    WAREHOUSE,
    Answer,
    hours_of,
    listed,
    usage,
    usage_request,
)
from tests.providers.nodeconductor_answers import series as answered
from tests.providers.support import Bench, settings

SAMPLES = Path(providers.__file__).parent / "nodeconductor" / "samples"
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
CLOUD = "https://keystone.example.com:5000/v2.0"
OTHER = "c0000000000000000000000000000002"
GROUP = "b0000000000000000000000000000001"
EXAMPLES = {
    "usage": "usage",
    "customer": "customer",
    "resource": "resource",
    "creation-time": "creation_time",
    "quota": "quota",
    "alert": "alert",
}
LIMITS = ("vcpu", "ram", "storage", "max_instances")


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_bytes())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("nodeconductor", auth_urls=[CLOUD]))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Nothing landed: what is refused is refused before anything is looked for."""
    return Bench(tmp_path_factory.mktemp("empty"), settings("nodeconductor"))


def ask(bench: Bench, name: str, *values: str) -> Any:
    return asked(bench.warehouse, (bench.connection, bench.provider), name, *values)


def refusal(bench: Bench, name: str, *values: str) -> str:
    with pytest.raises(UsageError) as refused:
        ask(bench, name, *values)
    return str(refused.value)


def project(uuid: str, name: str, **more: object) -> dict[str, object]:
    return {"uuid": uuid, "name": name, "customer_uuid": CUSTOMER, "customer_name": "Acme", **more}


def projects(*rows: dict[str, object]) -> Answer:
    return listed("project", json.dumps(rows or [project(WAREHOUSE, "Warehouse")]).encode())


def land_usage(bench: Bench, *answers: Answer, rows: tuple[dict[str, object], ...] = ()) -> None:
    bench.land("usage", [projects(*rows), *answers])
    bench.stage()


def values(series: list[dict[str, Any]]) -> list[Any]:
    """Values of the only series."""
    (one,) = series
    return [point["value"] for point in one["datapoints"]]


def of_project(item: str, start: int, end: int, datapoints: int) -> tuple[str, ...]:
    return "aggregate=project", f"item={item}", f"from={start}", f"to={end}", f"datapoints={datapoints}"


# usage


def test_the_documented_usage_comes_back_out_as_it_was(bench: Bench) -> None:
    first, second = sample("usage")
    answers = [
        usage("memory", series["datapoints"], uuid=uuid, name=series["name"])
        for uuid, series in ((WAREHOUSE, first), (ARCHIVE, second))
    ]
    land_usage(bench, *answers, rows=(project(WAREHOUSE, "Proj27"), project(ARCHIVE, "Proj28")))

    assert ask(bench, "usage", *of_project("memory", 1, 1415912629, 3)) == sample("usage")


def test_keys_stand_in_the_order_of_the_document(bench: Bench) -> None:
    land_usage(bench, usage("cpu", hours_of([1.5])))

    values = of_project("cpu", START, START + 3600, 1)
    body = asked_bytes(bench.warehouse, (bench.connection, bench.provider), "usage", *values)
    (series,) = json.loads(body)
    assert [list(series), list(series["datapoints"][0])] == [["name", "datapoints"], ["to", "from", "value"]]


def test_seconds_are_divided_by_floor_and_the_rest_is_left_out(bench: Bench) -> None:
    land_usage(bench, usage("cpu", hours_of([1])))

    (series,) = ask(bench, "usage", *of_project("cpu", 0, 100, 6))
    bounds = [(point["from"], point["to"]) for point in series["datapoints"]]
    assert bounds == [(0, 16), (16, 32), (32, 48), (48, 64), (64, 80), (80, 96)]


def test_the_longest_time_that_can_be_asked_for_is_answered(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([64, 64])))

    # 999,999,999 seconds each: the month is in the second one, and no number of seconds is too long for the query
    assert values(ask(bench, "usage", *of_project("memory", 0, 99_999_999_999, 100)))[:3] == [0, 64, 0]


def test_cpu_and_memory_are_means_weighted_by_seconds(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([100, 400])))

    # half an hour of 100 and a whole one of 400: (1800 x 100 + 3600 x 400) / 5400
    assert values(ask(bench, "usage", *of_project("memory", START + 1800, START + 7200, 1))) == [300]


def test_a_mean_is_rounded_to_the_millionth(bench: Bench) -> None:
    land_usage(bench, usage("cpu", hours_of([1, 1, 0])))

    (mean,) = values(ask(bench, "usage", *of_project("cpu", START, START + 10800, 1)))
    assert str(mean) == "0.666667"


def test_a_single_value_keeps_all_its_digits(bench: Bench) -> None:
    land_usage(bench, usage("cpu", hours_of([12.123456789])))

    (value,) = values(ask(bench, "usage", *of_project("cpu", START, START + 600, 1)))
    assert str(value) == "12.123456789"


def test_storage_is_the_last_value_of_a_segment(bench: Bench) -> None:
    land_usage(bench, usage("storage", hours_of(["10.0", "30.5", None])))

    assert [str(v) for v in values(ask(bench, "usage", *of_project("storage", START, START + 10800, 1)))] == ["30.5"]


def test_hours_without_a_value_do_not_lower_a_mean(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([100, None, 300])))

    assert values(ask(bench, "usage", *of_project("memory", START, START + 10800, 1))) == [200]


def test_time_that_nobody_saw_is_zero_as_in_the_documented_example(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([512])))

    assert values(ask(bench, "usage", *of_project("memory", START - 3600, START + 3600, 2))) == [0, 512]


def test_a_segment_of_no_length_holds_nothing(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([512])))

    moment = START + 1800
    assert values(ask(bench, "usage", *of_project("memory", moment, moment, 2))) == [0, 0]


def test_an_object_that_has_nothing_measured_has_no_datapoints(bench: Bench) -> None:
    land_usage(bench, usage("memory", []))

    assert ask(bench, "usage", *of_project("memory", START, START + 3600, 1)) == [
        {"name": "Warehouse", "datapoints": []}
    ]


def test_datapoints_in_descending_order_come_out_ascending(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([1, 2, 3])[::-1]))

    assert values(ask(bench, "usage", *of_project("memory", START, START + 10800, 3))) == [1, 2, 3]


def test_another_staged_month_is_answered_too(bench: Bench) -> None:
    bench.land("usage", [projects(), usage("memory", hours_of([64], first=-1))], period="2026-09")
    land_usage(bench, usage("memory", hours_of([128])))

    assert values(ask(bench, "usage", *of_project("memory", START - 3600, START + 3600, 2))) == [64, 128]


def test_an_hour_answered_twice_counts_once_as_it_came_first(bench: Bench) -> None:
    first, again = hours_of([100, 400]), hours_of([900])
    land_usage(
        bench,
        usage("memory", [*first, *again]),
        usage("memory", first, uuid=ARCHIVE, name="Archive"),
        rows=(project(WAREHOUSE, "Warehouse"), project(ARCHIVE, "Archive")),
    )

    repeated, distinct = ask(bench, "usage", *of_project("memory", START, START + 7200, 1))
    assert (values([repeated]), values([distinct])) == ([250], [250])


def test_an_object_asked_twice_counts_once(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([100, 400])), usage("memory", hours_of([100])))

    assert values(ask(bench, "usage", *of_project("memory", START, START + 7200, 1))) == [250]


def test_a_series_that_was_not_asked_for_counts_nowhere(bench: Bench) -> None:
    named = ("Other", hours_of([900, 900])), ("Warehouse", hours_of([400, 100])[::-1])
    land_usage(bench, (usage_request(), answered(*named)))

    assert values(ask(bench, "usage", *of_project("memory", START, START + 7200, 2))) == [400, 100]


def test_an_hour_that_two_months_answered_is_the_earlier_one_s(bench: Bench) -> None:
    bench.land("usage", [projects(), usage("memory", hours_of([64]))], period="2026-09")
    land_usage(bench, usage("memory", hours_of([128, 128])))

    assert values(ask(bench, "usage", *of_project("memory", START, START + 7200, 2))) == [64, 128]
    assert values(ask(bench, "usage", *of_project("memory", START, START + 7200, 1))) == [96]


def test_by_default_the_last_hour_of_the_month_is_cut_in_six(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([64], first=743)))

    (series,) = ask(bench, "usage", "aggregate=project", "item=memory")
    end = START + 744 * 3600
    assert [point["to"] for point in series["datapoints"]] == [end - 3000 + 600 * n for n in range(6)]
    assert {point["value"] for point in series["datapoints"]} == {64}


def test_in_a_month_that_goes_on_now_is_the_last_fetch(bench: Bench) -> None:
    bench.land("usage", [projects(), usage("memory", hours_of([64]))], fetched_at=NOON)
    bench.stage(now=NOON)

    (series,) = ask(bench, "usage", "aggregate=project", "item=memory")
    assert series["datapoints"][-1]["to"] == int(NOON.timestamp())


def test_the_default_aggregate_is_customers(bench: Bench) -> None:
    customers = listed("customer", json.dumps([{"uuid": CUSTOMER, "name": "Acme"}]).encode())
    bench.land(
        "usage", [customers, projects(), usage("cpu", hours_of([7]), aggregate="customer", uuid=CUSTOMER, name="Acme")]
    )
    bench.stage()

    (series,) = ask(bench, "usage", "item=cpu", f"from={START}", f"to={START + 3600}", "datapoints=1")
    assert (series["name"], values([series])) == ("Acme", [7])


@pytest.mark.parametrize("spelled", [WAREHOUSE, WAREHOUSE.upper(), "a0000000-0000-0000-0000-000000000001"])
def test_a_uuid_chooses_one_object_in_any_spelling(bench: Bench, spelled: str) -> None:
    land_usage(
        bench,
        usage("cpu", hours_of([1])),
        usage("cpu", hours_of([2]), uuid=ARCHIVE, name="Archive"),
        rows=(project(WAREHOUSE, "Warehouse"), project(ARCHIVE, "Archive")),
    )

    (series,) = ask(bench, "usage", "aggregate=project", "item=cpu", f"uuid={spelled}")
    assert series["name"] == "Warehouse"


def test_a_uuid_that_is_not_listed_finds_nothing(bench: Bench) -> None:
    land_usage(bench, usage("cpu", hours_of([1])))

    assert ask(bench, "usage", "aggregate=project", "item=cpu", f"uuid={OTHER}") == []


def test_a_month_without_anything_has_no_series(empty: Bench) -> None:
    assert ask(empty, "usage", "item=cpu") == []


def test_objects_stand_in_the_order_of_their_list(bench: Bench) -> None:
    rows = [project(f"{number:032x}", f"Project {number}") for number in range(2500, 0, -1)]
    land_usage(bench, rows=tuple(rows))

    names = [series["name"] for series in ask(bench, "usage", "aggregate=project", "item=cpu", "datapoints=1")]
    assert names == [row["name"] for row in rows]


def test_hostile_names_stay_text(bench: Bench) -> None:
    name = "<script>'; drop table x; --{{ 7*7 }}\u202e"
    land_usage(bench, usage("cpu", hours_of([1]), name=name), rows=(project(WAREHOUSE, name),))

    (series,) = ask(bench, "usage", "aggregate=project", "item=cpu")
    assert series["name"] == name


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("aggregate=team", "aggregate='team': allowed are customer, project, project_group"),
        ("item=disk", "item='disk': allowed are cpu, memory, storage"),
        ("datapoints=0", "datapoints=0: allowed are 1 to 100000"),
        ("datapoints=-1", "datapoints=-1: allowed are 1 to 100000"),
        ("datapoints=six", "datapoints='six' is not a whole number"),
        ("from=-1", "from=-1: give unix seconds, 0 to 99999999999, not milliseconds"),
        ("to=1793491200000", "to=1793491200000: give unix seconds"),
        ("from=1793491201", "from=1793491201 is after to=1793491200"),
        ("uuid=Warehouse", "uuid='Warehouse': give 32 hexadecimal digits"),
        ("uuid=", "uuid='': give 32 hexadecimal digits"),
        ("limit=3", "usage knows aggregate, uuid, item, from, to, datapoints"),
    ],
)
def test_usage_says_what_is_allowed(empty: Bench, setting: str, said: str) -> None:
    item = () if setting.startswith("item") else ("item=cpu",)
    assert said in refusal(empty, "usage", *item, setting)


def test_usage_needs_an_item(empty: Bench) -> None:
    assert "usage needs --set item=VALUE" in refusal(empty, "usage")


def test_an_aggregate_that_is_not_collected_is_refused_not_empty(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("nodeconductor", aggregates=["project"]))

    assert refusal(bench, "usage", "item=cpu").endswith("does not ask for it (aggregates); allowed are project")
    assert "does not ask for it" in refusal(bench, "creation-time", "type=customer")


# customer, resource


def customers(*rows: object) -> Answer:
    return Request("customer", "/api/stats/customer/"), json.dumps(rows).encode()


def test_the_documented_customer_comes_back_out_as_it_was(bench: Bench) -> None:
    bench.land("customer", [customers(*sample("customer"))], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "customer") == sample("customer")


def test_customers_are_those_of_the_last_capture_with_an_abbreviation_where_there_is_one(bench: Bench) -> None:
    counts = {"instances": 1, "project_groups": 0, "projects": 1}
    bench.land("customer", [customers({"name": "Old", **counts})], fetched_at=NOON.replace(day=4))
    rows = [{"name": "B", **counts, "abbreviation": "b"}, {"name": "A", **counts}]
    bench.land("customer", [customers(*rows)], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "customer") == rows


def test_a_last_capture_without_customers_is_empty(bench: Bench) -> None:
    bench.land("customer", [customers(*sample("customer"))], fetched_at=NOON.replace(day=4))
    bench.land("customer", [customers()], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "customer") == []


def resource(document: object, url: str = CLOUD) -> Answer:
    return Request("resource", "/api/stats/resource/", asked={"auth_url": url}), json.dumps(document).encode()


def test_the_documented_resource_comes_back_out_as_it_was(bench: Bench) -> None:
    bench.land("resource", [resource(sample("resource"))], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "resource", f"auth_url={CLOUD}") == sample("resource")


def test_figures_that_came_as_text_leave_as_numbers(bench: Bench) -> None:
    bench.land("resource", [resource({key: str(value) for key, value in sample("resource").items()})], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "resource", f"auth_url={CLOUD}") == sample("resource")


def test_a_list_of_two_stays_a_list(bench: Bench) -> None:
    bench.land("resource", [resource([sample("resource")] * 2)], fetched_at=NOON)
    bench.stage()

    assert ask(bench, "resource", f"auth_url={CLOUD}") == [sample("resource")] * 2


def test_a_cloud_that_was_not_seen_is_refused(bench: Bench) -> None:
    assert "none: no cloud was asked" in refusal(bench, "resource", f"auth_url={CLOUD}")
    bench.land("resource", [resource(sample("resource"))], fetched_at=NOON)
    bench.stage()

    assert refusal(bench, "resource", "auth_url=x").endswith(f"clouds seen in 2026-10: {CLOUD}")
    assert "resource needs --set auth_url=VALUE" in refusal(bench, "resource")


# creation-time


def created(document: object, kind: str = "customer", *, end: int = START + 744 * 3600) -> Answer:
    asked_for = {"type": kind, "from": str(START), "to": str(end)}
    return Request("creation_time", "/api/stats/creation-time/", asked=asked_for), json.dumps(document).encode()


def days_of(*counts: int) -> list[dict[str, int]]:
    starts = (START + index * 86400 for index in range(len(counts)))
    return [{"from": at, "to": at + 86400, "value": count} for at, count in zip(starts, counts, strict=True)]


def test_the_documented_creation_times_come_back_out_as_they_were(bench: Bench) -> None:
    bench.land("creation_time", [created(sample("creation_time"))])
    bench.stage()

    values = ("type=customer", "from=1", "to=1415912629", "datapoints=3")
    assert ask(bench, "creation-time", *values) == sample("creation_time")


def test_creations_of_days_add_up(bench: Bench) -> None:
    bench.land("creation_time", [created(days_of(1, 0, 2, 3))])
    bench.stage()

    counts = ask(bench, "creation-time", "type=customer", f"from={START}", f"to={START + 4 * 86400}", "datapoints=2")
    assert [one["value"] for one in counts] == [1, 5]


def test_a_day_that_is_cut_counts_where_it_begins(bench: Bench) -> None:
    bench.land("creation_time", [created(days_of(4))])
    bench.stage()

    counts = ask(bench, "creation-time", "type=customer", f"from={START}", f"to={START + 86400}", "datapoints=2")
    assert [one["value"] for one in counts] == [4, 0]


def test_projects_count_at_the_second_that_their_list_tells(bench: Bench) -> None:
    land_usage(bench, rows=(project(WAREHOUSE, "Warehouse", created="2026-10-01T18:00:00Z"),))
    bench.land("creation_time", [created(days_of(1), "project")])
    bench.stage()

    counts = ask(bench, "creation-time", "type=project", f"from={START}", f"to={START + 86400}", "datapoints=2")
    assert [one["value"] for one in counts] == [0, 1]


def test_a_project_that_is_gone_is_still_in_the_count_of_its_day(bench: Bench) -> None:
    land_usage(bench, rows=(project(WAREHOUSE, "Warehouse", created="2026-10-01T18:00:00Z"),))
    bench.land("creation_time", [created(days_of(2), "project")])
    bench.stage()

    counts = ask(bench, "creation-time", "type=project", f"from={START}", f"to={START + 86400}", "datapoints=1")
    assert [one["value"] for one in counts] == [2]


def test_by_default_the_last_thirty_days_are_cut_in_six(bench: Bench) -> None:
    bench.land("creation_time", [created(days_of(9, 1))])
    bench.stage()

    counts = ask(bench, "creation-time", "type=customer")
    assert [(one["to"] - one["from"], one["value"]) for one in counts] == [(5 * 86400, 1)] + [(5 * 86400, 0)] * 5


def test_in_a_month_that_goes_on_now_is_the_end_of_what_was_asked(bench: Bench) -> None:
    eleven = START + 11 * 3600
    hours = [{"from": eleven - 3600, "to": eleven, "value": 2}]
    bench.land("creation_time", [created(hours, end=eleven)], fetched_at=NOON.replace(day=1, minute=17))
    bench.stage(now=NOON)

    counts = ask(bench, "creation-time", "type=customer")
    assert (counts[-1]["to"], counts[-1]["value"]) == (eleven, 2)


def test_an_hour_that_is_cut_counts_where_it_begins(bench: Bench) -> None:
    hours = [{"from": START + n * 3600, "to": START + (n + 1) * 3600, "value": n} for n in (1, 2)]
    bench.land("creation_time", [created(hours)])
    bench.stage()

    counts = ask(bench, "creation-time", "type=customer", f"from={START + 5400}", f"to={START + 9000}", "datapoints=1")
    assert counts == [{"to": START + 9000, "from": START + 5400, "value": 2}]


@pytest.mark.parametrize("setting", ["type=instance", "type=customer datapoints=0", "type=customer from=9 to=8"])
def test_creation_time_says_what_is_allowed(empty: Bench, setting: str) -> None:
    refusal(empty, "creation-time", *setting.split())


# quota


def quota(document: object, uuid: str = WAREHOUSE, customer: str = CUSTOMER) -> Answer:
    who = {"aggregate": "project", "uuid": uuid, "name": "n", "customer_uuid": customer, "customer_name": "Acme"}
    return Request("quota", "/api/stats/quota/", asked=who), json.dumps(document).encode()


def quota_of(limit: int, used: int) -> dict[str, int]:
    return {**dict.fromkeys(LIMITS, limit), **{f"{name}_usage": used for name in LIMITS}}


def land_quotas(bench: Bench, *answers: Answer) -> None:
    bench.land("quota", list(answers), fetched_at=NOON)
    bench.stage()


def test_the_documented_quota_comes_back_out_as_it_was(bench: Bench) -> None:
    land_quotas(bench, quota(sample("quota")))

    assert ask(bench, "quota", "aggregate=project", f"uuid={WAREHOUSE}") == sample("quota")
    assert ask(bench, "quota") == sample("quota")


def test_quotas_of_several_projects_add_up(bench: Bench) -> None:
    land_quotas(bench, quota(quota_of(4, 1)), quota(quota_of(6, 2), ARCHIVE))

    assert ask(bench, "quota") == quota_of(10, 3)


@pytest.mark.parametrize("unlimited", [-1, -2])
def test_unlimited_is_never_added_to_a_number(bench: Bench, unlimited: int) -> None:
    land_quotas(bench, quota(quota_of(4096, 1)), quota(quota_of(unlimited, 2), ARCHIVE))

    assert ask(bench, "quota") == quota_of(-1, 3)


def test_a_customer_has_its_own_projects(bench: Bench) -> None:
    land_quotas(bench, quota(quota_of(4, 1)), quota(quota_of(6, 2), ARCHIVE, OTHER))

    assert ask(bench, "quota", f"uuid={OTHER}") == quota_of(6, 2)


def test_a_project_in_two_groups_counts_once(bench: Bench) -> None:
    def group(uuid: str, *members: str) -> dict[str, object]:
        urls = [{"url": f"https://x/api/projects/{member}/", "name": "p"} for member in members]
        return {"uuid": uuid, "name": "g", "customer": f"https://x/api/customers/{CUSTOMER}/", "projects": urls}

    second = GROUP[:-1] + "2"
    groups = listed("project_group", json.dumps([group(GROUP, WAREHOUSE), group(second, WAREHOUSE, ARCHIVE)]).encode())
    land_usage(bench, groups)
    third = "a0000000000000000000000000000003"
    land_quotas(bench, quota(quota_of(1, 1)), quota(quota_of(2, 2), ARCHIVE), quota(quota_of(4, 4), third))

    assert ask(bench, "quota", "aggregate=project_group") == quota_of(3, 3)
    assert ask(bench, "quota", "aggregate=project_group", f"uuid={GROUP}") == quota_of(1, 1)


def test_only_the_last_capture_counts(bench: Bench) -> None:
    bench.land("quota", [quota(quota_of(9, 9)), quota(quota_of(9, 9), ARCHIVE)], fetched_at=NOON.replace(day=2))
    land_quotas(bench, quota(quota_of(4, 1)))

    assert ask(bench, "quota") == quota_of(4, 1)


def test_a_capture_that_failed_in_part_does_not_replace_a_whole_one(bench: Bench) -> None:
    land_quotas(bench, quota(quota_of(4, 1)), quota(quota_of(6, 2), ARCHIVE))
    bench.land("quota", [quota(quota_of(5, 5))], fetched_at=NOON.replace(day=6), error="HTTP 502")
    bench.stage()

    assert ask(bench, "quota") == quota_of(10, 3)


def test_nothing_selected_is_an_empty_object(bench: Bench) -> None:
    assert ask(bench, "quota") == {}
    land_quotas(bench, quota({}))

    assert ask(bench, "quota") == {}
    assert ask(bench, "quota", "aggregate=project", f"uuid={ARCHIVE}") == {}


def test_a_quota_that_lacks_fields_is_refused_and_not_filled_up(bench: Bench) -> None:
    land_quotas(bench, quota({"ram": 4096}))

    assert "lack vcpu, storage, max_instances, vcpu_usage" in refusal(bench, "quota")
    assert standard(bench.warehouse, (bench.connection, bench.provider), "quota") == []


# alert

LAST = START + 744 * 3600 - 1


def alert(document: object, start: int = START, end: int = LAST, **asked_for: str) -> Answer:
    bounds = {"aggregate": "customer", "from": str(start), "to": str(end)}
    return Request("alert", "/api/stats/alert/", asked=bounds | asked_for), json.dumps(document).encode()


def land_alerts(bench: Bench, *answers: Answer) -> None:
    bench.land("alert", list(answers))
    bench.stage()


MONTH = (f"from={START}", f"to={LAST}")


def test_the_documented_alerts_come_back_out_as_they_were(bench: Bench) -> None:
    land_alerts(bench, alert(sample("alert")))

    assert ask(bench, "alert", *MONTH) == sample("alert")


def test_each_aggregate_and_each_object_of_it_has_its_own_alerts(bench: Bench) -> None:
    land_alerts(
        bench,
        alert({"Error": 3}),
        alert({"Error": 1}, uuid=CUSTOMER),
        alert({"Error": 2}, aggregate="project_group"),
        alert({"Debug": 1}, aggregate="project", uuid=WAREHOUSE),
    )

    assert ask(bench, "alert", *MONTH, f"uuid={CUSTOMER}") == {"Error": 1}
    assert ask(bench, "alert", *MONTH, "aggregate=project_group") == {"Error": 2}
    assert ask(bench, "alert", *MONTH, "aggregate=project", f"uuid={WAREHOUSE}") == {"Debug": 1}
    assert ask(bench, "alert", *MONTH, "aggregate=project", f"uuid={OTHER}") == {}


@pytest.mark.parametrize("setting", ["aggregate=project_group", f"aggregate=project uuid={WAREHOUSE}"])
def test_an_aggregate_that_was_not_asked_is_refused_not_empty(bench: Bench, setting: str) -> None:
    land_alerts(bench, alert({"Error": 3}))

    said = refusal(bench, "alert", *setting.split())
    assert "alerts of 2026-10 were collected for customer only" in said
    assert "collect the month again" in said


def test_windows_add_up(bench: Bench) -> None:
    bench.land("alert", [alert({"Info": 2}, START - 86400, START - 1)], period="2026-09")
    land_alerts(bench, alert({"Info": 3, "Error": 1}))

    assert ask(bench, "alert", f"from={START - 86400}", f"to={LAST}") == {"Error": 1, "Info": 5}


def test_severities_are_spelled_as_documented_whatever_the_release(bench: Bench) -> None:
    land_alerts(bench, alert({"error": 2, "debug": 0, "critical": 1}))

    assert ask(bench, "alert", *MONTH) == {"Debug": 0, "Error": 2, "critical": 1}


def test_a_part_of_a_window_is_not_known_and_refused(bench: Bench) -> None:
    land_alerts(bench, alert({"Info": 3}))

    assert f"give bounds of these: from={START} to={LAST}" in refusal(bench, "alert")


def test_a_part_of_a_window_without_alerts_has_none(bench: Bench) -> None:
    land_alerts(bench, alert({}))

    assert ask(bench, "alert") == {}


def test_shorter_windows_answer_for_a_part_and_the_default_is_the_last_day(bench: Bench) -> None:
    last_day = LAST - 86399
    land_alerts(bench, alert({"Info": 3}), alert({"Info": 1}, last_day, LAST))

    assert ask(bench, "alert") == {"Info": 1}
    assert ask(bench, "alert", *MONTH) == {"Info": 3}


def test_a_part_of_a_day_without_alerts_has_none_in_a_month_with_some(bench: Bench) -> None:
    day = (START + 86400, START + 2 * 86400 - 1)
    land_alerts(bench, alert({"Info": 3}), alert({}, *day))

    assert ask(bench, "alert", f"from={day[0] + 60}", f"to={day[1] - 60}") == {}
    refusal(bench, "alert", f"from={day[0] + 60}", f"to={day[1] + 1}")


def test_in_a_month_that_goes_on_the_default_is_the_last_day_that_was_asked(bench: Bench) -> None:
    end = START + 2 * 86400 + 11 * 3600
    day = [alert({"Info": n}, START + n * 86400, START + (n + 1) * 86400 - 1) for n in (0, 1)]
    rest = alert({"Info": 4}, START + 2 * 86400, end - 1)
    answers = [alert({"Info": 5}, START, end - 1), *day, rest, alert({"Error": 7}, end - 86400, end - 1)]
    bench.land("alert", answers, fetched_at=NOON.replace(day=3, hour=11, minute=40))
    bench.stage(now=NOON)

    assert ask(bench, "alert") == {"Error": 7}
    assert ask(bench, "alert", f"from={START + 86400}") == {"Info": 5}


def test_counts_of_alerts_that_stay_open_are_not_added(bench: Bench) -> None:
    """Later releases count an alert in each window in which it was open: two days with one are not two alerts."""
    middle = START + 86400
    windows = alert({"Info": 1}, START, middle - 1), alert({"Info": 1}, middle, middle + 86399)
    land_alerts(bench, alert({"Info": 1}, START, middle + 86399), *windows, alert({"Info": 1}, middle + 86400, LAST))

    assert ask(bench, "alert", f"from={START}", f"to={middle + 86399}") == {"Info": 1}
    said = refusal(bench, "alert", f"from={middle}", f"to={LAST}")
    assert "do not add up" in said
    assert f"from={middle} to={middle + 86399}" in said


def test_time_that_nobody_saw_has_no_alerts(empty: Bench) -> None:
    assert ask(empty, "alert") == {}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("aggregate=team", "allowed are customer, project, project_group"),
        ("uuid=1", "give 32 hexadecimal digits"),
        ("from=5 to=4", "from=5 is after to=4"),
        ("from=1793491200000", "not milliseconds"),
    ],
)
def test_alert_says_what_is_allowed(empty: Bench, setting: str, said: str) -> None:
    assert said in refusal(empty, "alert", *setting.split())


# the standard set, and schemas


def test_the_standard_set_has_the_month_by_day_and_level(bench: Bench) -> None:
    land_usage(bench, usage("memory", hours_of([64])))
    land_alerts(bench, alert({"Info": 3}))
    bench.land("creation_time", [created(days_of(1))])
    bench.land("resource", [resource(sample("resource"))], fetched_at=NOON)
    bench.land("customer", [customers(*sample("customer"))], fetched_at=NOON)
    land_quotas(bench, quota(sample("quota")))

    connection = (bench.connection, bench.provider)
    days = {"from": START, "to": START + 31 * 86400, "datapoints": 31}
    chosen = {name: standard(bench.warehouse, connection, name) for name in EXAMPLES}
    assert chosen == {
        "usage": [{"aggregate": "project", "item": item, **days} for item in ("cpu", "memory", "storage")],
        "customer": [{}],
        "resource": [{"auth_url": CLOUD}],
        "creation-time": [{"type": kind, **days} for kind in ("customer", "project", "project_group")],
        "quota": [{}],
        "alert": [{"from": START, "to": LAST}],
    }
    for name, sets in chosen.items():
        for one in sets:
            ask(bench, name, *(f"{key}={value}" for key, value in one.items()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_month_without_anything_has_no_standard_file(empty: Bench, name: str) -> None:
    assert standard(empty.warehouse, (empty.connection, empty.provider), name) == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_the_documented_example_fits_its_schema(name: str, example: str) -> None:
    assert problems("nodeconductor", name, sample(example)) == []


def objects(document: Any) -> list[dict[str, Any]]:
    """The object itself and all that lie in it."""
    if isinstance(document, list):
        return [found for one in document for found in objects(one)]
    inner = [found for value in document.values() if isinstance(value, list) for found in objects(value)]
    return [document, *inner]


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_a_changed_example_does_not_fit(name: str, example: str) -> None:
    document = sample(example)
    is_open = name == "alert"  # any severity may be answered, and any may be missing
    for index, original in enumerate(objects(document)):
        for key in original:
            retyped, missing = copy.deepcopy(document), copy.deepcopy(document)
            objects(retyped)[index][key] = {"not": "this"}
            del objects(missing)[index][key]
            assert problems("nodeconductor", name, retyped), key
            assert is_open or problems("nodeconductor", name, missing), key
        more = copy.deepcopy(document)
        objects(more)[index]["unknown"] = 1
        assert is_open or problems("nodeconductor", name, more)
    assert problems("nodeconductor", name, "text")
