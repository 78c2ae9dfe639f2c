"""ScaleOps' two cost reports out of the warehouse: windows, groups, filters, rates, refusals."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.contract import Request
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tests.documents.providers.document_bench import OCTOBER, asked, asked_bytes, exact, problems, standard
from tests.providers.support import Bench, settings

SAMPLES = Path(providers.__file__).parent / "scaleops" / "samples"
ALL = "multiCluster=true"
DAY_MS = 86_400_000


def sample(name: str) -> Any:
    return exact((SAMPLES / f"{name}.json").read_bytes())


def ms(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


OCTOBER_MS = ms(2026, 10, 1)


def row(name: str = "cart", **changes: object) -> dict[str, Any]:
    """A workload of a day: 24 replica-hours, 6 of them on spot, for 2.4."""
    cluster, namespace = str(changes.get("clusterName", "prod")), str(changes.get("namespace", "shop"))
    return {
        "amountOfWorkloads": 1,
        "annotations": None,
        "clusterName": cluster,
        "hourlyCost": 0.1,
        "id": f"{cluster}/{namespace}/Deployment/{name}",
        "labels": None,
        "namespace": namespace,
        "onDemandHours": 18,
        "onDemandPercent": 75,
        "ownerCpuRequest": 0.5,
        "ownerGpuRequest": 0,
        "ownerLabels": [],
        "ownerMemoryRequest": 1024,
        "replicas": 1,
        "savingsAvailable": 0.25,
        "savingsAvailableWithReplicas": 0.5,
        "services": [],
        "spotHours": 6,
        "spotPercent": 25,
        "totalCost": 2.4,
        "workloadName": name,
        "workloadType": "Deployment",
        **changes,
    }


def labelled(name: str, **labels: str) -> dict[str, Any]:
    return row(name, ownerLabels=[{"key": key, "value": value} for key, value in labels.items()])


def day(number: int, *rows: dict[str, Any], kind: str = "workloads", **changes: object) -> tuple[Request, bytes]:
    """The answer for one day of October."""
    start = OCTOBER_MS + (number - 1) * DAY_MS
    window = {"startTime": f"2026-10-{number:02}T00:00:00", "endTime": f"2026-10-{number + 1:02}T00:00:00"}
    body = {"aggregatedWorkloads": rows, "clusters": ["prod", "test"], "window": window} | changes
    return Request(kind, "/report", asked={"from": str(start), "to": str(start + DAY_MS)}), json.dumps(body).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("scaleops", currency="USD"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Nothing landed: what is refused is refused before anything is looked for."""
    return Bench(tmp_path_factory.mktemp("empty"), settings("scaleops", currency="USD"))


def land(bench: Bench, *answers: tuple[Request, bytes], period: str = "2026-10") -> None:
    bench.land("workloads", list(answers), period=period)
    bench.stage(period=period)


def ask(bench: Bench, name: str, *values: str, period: BillingPeriod = OCTOBER) -> Any:
    return asked(bench.warehouse, (bench.connection, bench.provider), name, *values, period=period)


def rows(bench: Bench, name: str, *values: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(bench, name, ALL, *values)["aggregatedWorkloads"]
    return found


def names(bench: Bench, *values: str) -> list[str]:
    return [one["workloadName"] for one in rows(bench, "workloads", *values)]


def refusal(bench: Bench, name: str, *values: str) -> str:
    with pytest.raises(UsageError) as refused:
        ask(bench, name, *values)
    return str(refused.value)


def bounds(first: int, end: int) -> tuple[str, str]:
    """From the start of a day of October to the start of another."""
    return f"from={OCTOBER_MS + (first - 1) * DAY_MS}", f"to={OCTOBER_MS + (end - 1) * DAY_MS}"


# the documents' own examples


def january(bench: Bench, dataset: str) -> None:
    """The documented example as the answer to its own window."""
    asked_for = {"from": str(ms(2025, 1, 1)), "to": str(ms(2025, 1, 31))}
    body = (SAMPLES / f"{dataset}.json").read_bytes()
    bench.land(dataset, [(Request(dataset, "/report", asked=asked_for), body)], period="2025-01")
    bench.stage(period="2025-01")


def test_the_documented_workload_report_comes_back_out_as_it_was(bench: Bench) -> None:
    january(bench, "workloads")

    assert ask(bench, "workloads", period=BillingPeriod(2025, 1)) == sample("workloads")


def test_the_documented_aggregated_report_comes_back_out_as_it_was(bench: Bench) -> None:
    january(bench, "aggregated")

    values = (f"from={ms(2025, 1, 1)}", f"to={ms(2025, 1, 31)}", ALL, "groupByCluster=true", "groupByNamespace=true")
    assert ask(bench, "aggregated", *values) == sample("aggregated")


@pytest.mark.parametrize("name", ["workloads", "aggregated"])
def test_keys_stand_in_the_order_of_the_document(bench: Bench, name: str) -> None:
    land(bench, day(1, row()))

    body = asked_bytes(bench.warehouse, (bench.connection, bench.provider), name, ALL)
    document, expected = json.loads(body), sample(name)
    assert list(document) == list(expected)
    assert list(document["aggregatedWorkloads"][0]) == list(expected["aggregatedWorkloads"][0])
    assert list(document["window"]) == list(expected["window"])


# days to months


def test_costs_hours_and_savings_of_days_add_up(bench: Bench) -> None:
    land(bench, day(1, row()), day(2, row(totalCost=1.2, onDemandHours=0, savingsAvailable=-0.75)))

    (cart,) = rows(bench, "workloads")
    added = ("totalCost", "onDemandHours", "spotHours", "savingsAvailable", "savingsAvailableWithReplicas")
    assert [cart[name] for name in added] == [Decimal("3.6"), 18, 12, Decimal("-0.5"), 1]


def test_costs_have_no_binary_noise(bench: Bench) -> None:
    land(bench, day(1, row(totalCost=0.1)), day(2, row(totalCost=0.2)))

    body = asked_bytes(bench.warehouse, (bench.connection, bench.provider), "workloads", ALL)
    assert b'"totalCost": 0.3,' in body


def test_percentages_are_made_from_hours_and_not_averaged(bench: Bench) -> None:
    land(
        bench,
        day(1, row(spotHours=30, onDemandHours=0, spotPercent=100, onDemandPercent=0)),
        day(2, row(spotHours=0, onDemandHours=10, spotPercent=0, onDemandPercent=100)),
    )

    (cart,) = rows(bench, "workloads")
    assert (cart["spotPercent"], cart["onDemandPercent"]) == (75, 25)


def test_without_hours_both_percentages_are_zero(bench: Bench) -> None:
    untold = row(spotHours=0, onDemandHours=0, spotPercent=0, onDemandPercent=0)
    land(bench, day(1, untold), day(2, untold))

    (cart,) = rows(bench, "workloads")
    assert (cart["spotPercent"], cart["onDemandPercent"]) == (0, 0)


def test_hourly_cost_is_the_cost_over_all_hours_seen_where_costs_explain_it(bench: Bench) -> None:
    # the second day's rate is rounded: 1 / 24 = 0.041667; 2 / 48 rounds to the same, their mean would be 0.0416670
    land(bench, day(1, row(totalCost=1, hourlyCost=0.041667)), day(2, row(totalCost=1, hourlyCost=0.041667)), day(3))

    (cart,) = rows(bench, "workloads")
    assert cart["hourlyCost"] == Decimal("0.027778")  # 2 / 72


def test_rates_that_costs_and_hours_do_not_explain_are_averaged_over_the_days_seen(bench: Bench) -> None:
    land(bench, day(1, row(hourlyCost=0.5, replicas=2.5)), day(2, row(hourlyCost=0.7, replicas=0.1)))

    (cart,) = rows(bench, "workloads")
    assert (cart["hourlyCost"], cart["replicas"]) == (Decimal("0.6"), Decimal("1.3"))


def test_replicas_are_hours_over_hours_where_hours_explain_them(bench: Bench) -> None:
    land(bench, day(1, row(spotHours=7, replicas=1.0417)), day(2, row(spotHours=7, replicas=1.0417)), day(3))

    (cart,) = rows(bench, "workloads")
    assert cart["replicas"] == Decimal("0.6944")  # 50 / 72; from rounded replicas 0.6945


def test_texts_and_requests_are_those_of_the_newest_day(bench: Bench) -> None:
    land(bench, day(1, row(services=["old"])), day(2, row(services=["new"], ownerCpuRequest=4)))

    (cart,) = rows(bench, "workloads")
    assert (cart["services"], cart["ownerCpuRequest"], cart["amountOfWorkloads"]) == (["new"], 4, 1)


def test_a_workload_counts_once_a_day_in_any_case_of_its_id(bench: Bench) -> None:
    again = row(id="PROD/shop/Deployment/cart", totalCost=99)
    land(bench, day(1, row(), again), day(2, row()))

    (cart,) = rows(bench, "workloads")
    assert cart["totalCost"] == Decimal("4.8")


def test_workloads_without_an_id_are_told_apart_by_their_names(bench: Bench) -> None:
    land(bench, day(1, row("a", id=""), row("b", id=""), row("a", id="", totalCost=99)))

    assert [(one["workloadName"], one["totalCost"]) for one in rows(bench, "workloads")] == [
        ("a", Decimal("2.4")),
        ("b", Decimal("2.4")),
    ]


def test_monthly_savings_are_not_added_over_days(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("scaleops", currency="USD", savings_scale="month"))
    land(bench, day(1, row(savingsAvailable=30)), day(2, row(savingsAvailable=31)))

    (cart,) = rows(bench, "workloads")
    assert cart["savingsAvailable"] == 31


def test_another_window_than_the_asked_one_is_not_counted(bench: Bench) -> None:
    other = {"startTime": "2026-09-01T00:00:00", "endTime": "2026-09-08T00:00:00"}
    land(bench, day(1, row()), day(2, row(), window=other))

    (cart,) = rows(bench, "workloads")
    assert cart["totalCost"] == Decimal("2.4")


def test_a_null_list_of_clusters_is_told_by_the_rows(bench: Bench) -> None:
    land(bench, day(1, row(clusterName="zeta"), row(clusterName="alpha"), clusters=None))

    assert ask(bench, "workloads", ALL)["clusters"] == ["alpha", "zeta"]


def test_absurd_hours_spoil_nothing(bench: Bench) -> None:
    absurd = row("absurd", spotHours=1e17, onDemandHours=-1e17, totalCost=1e17)
    land(bench, day(1, absurd, row()), day(2, absurd, row()))

    shares = {one["workloadName"]: one["spotPercent"] for one in rows(bench, "workloads")}
    assert shares == {"absurd": 0, "cart": 25}


# windows


def test_the_workload_report_covers_the_month_as_far_as_seen(bench: Bench) -> None:
    land(bench, day(1, row()), day(2, row()))

    assert ask(bench, "workloads")["window"] == {"startTime": "2026-10-01T00:00:00", "endTime": "2026-10-03T00:00:00"}


def test_by_default_the_aggregated_report_covers_the_last_seven_days_seen(bench: Bench) -> None:
    land(bench, *(day(number, row()) for number in range(1, 11)))

    document = ask(bench, "aggregated")
    assert document["window"] == {"startTime": "2026-10-04T00:00:00", "endTime": "2026-10-11T00:00:00"}
    assert document["aggregatedWorkloads"][0]["totalCost"] == Decimal("16.8")  # 7 x 2.4


@pytest.fixture(scope="module")
def ten_days(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("ten_days"), settings("scaleops", currency="USD"))
    land(bench, *(day(number, row()) for number in range(1, 11)))
    return bench


@pytest.mark.parametrize(
    ("values", "days"),
    [
        (("range=2d",), 2),
        (("range=48h",), 2),
        (("range=1w",), 7),
        (bounds(2, 5), 3),
        ((*bounds(2, 5), "range=1d"), 3),
        (("range=2d", bounds(1, 5)[1]), 2),
        ((bounds(9, 1)[0],), 2),
        (bounds(3, 3), 0),
    ],
)
def test_from_and_to_win_over_a_range(ten_days: Bench, values: tuple[str, ...], days: int) -> None:
    found = ask(ten_days, "aggregated", *values)["aggregatedWorkloads"]
    assert sum(one["totalCost"] for one in found) == days * Decimal("2.4")


def test_a_window_over_two_months_reads_both(bench: Bench) -> None:
    start = OCTOBER_MS - DAY_MS
    window = {"startTime": "2026-09-30T00:00:00", "endTime": "2026-10-01T00:00:00"}
    request = Request("workloads", "/report", asked={"from": str(start), "to": str(OCTOBER_MS)})
    body = json.dumps({"aggregatedWorkloads": [row()], "clusters": ["prod"], "window": window}).encode()
    land(bench, (request, body), period="2026-09")
    land(bench, day(1, row()))

    (everything,) = rows(bench, "aggregated", f"from={start}", f"to={OCTOBER_MS + DAY_MS}")
    assert everything["totalCost"] == Decimal("4.8")


def test_the_window_is_told_in_the_provider_s_zone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("scaleops", currency="USD", window_zone="Europe/Berlin"))

    values = bounds(1, 2)
    assert ask(bench, "aggregated", *values)["window"] == {
        "startTime": "2026-10-01T02:00:00",
        "endTime": "2026-10-02T02:00:00",
    }


def test_time_that_nobody_saw_has_no_rows(empty: Bench) -> None:
    document = ask(empty, "aggregated")

    assert document == {
        "aggregatedWorkloads": [],
        "clusters": [],
        "window": {"startTime": "2026-10-25T00:00:00", "endTime": "2026-11-01T00:00:00"},
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("from=1790812800", "milliseconds since 1970 (13 digits, e.g. 1743318000000), not seconds"),
        ("to=99999999999", "not seconds"),
        ("from=-1", "allowed are 100000000000 to"),
        ("to=999999999999999", "allowed are 100000000000 to 253402300799999"),
        ("from=1890812800000", "from=2029-12-01T09:46:40Z is after to=2026-11-01T00:00:00Z"),
        ("from=today", "is not a whole number"),
        ("range=7", "give a number of h, d or w, e.g. 7d"),
        ("range=1y", "give a number of h, d or w"),
        ("range=", "give a number of h, d or w"),
        ("stepSize=-1", "stepSize=-1: give seconds, or 0"),
        ("tags=blue", "tags: the provider's answers name no tags"),
        ("gpuWorkloadsOnly=yes", "allowed are true, false"),
        ("namespaces=shop", "aggregated knows clusters, from, to, range"),
    ],
)
def test_aggregated_says_what_is_allowed(empty: Bench, setting: str, said: str) -> None:
    assert said in refusal(empty, "aggregated", setting)


def test_a_window_that_cuts_a_day_is_refused_with_the_days_around_it(bench: Bench) -> None:
    land(bench, day(1, row()), day(2, row()))

    said = refusal(bench, "aggregated", f"from={OCTOBER_MS + 3_600_000}", f"to={OCTOBER_MS + DAY_MS}")
    assert "cuts 2026-10-01, and costs are known for whole UTC days" in said
    assert f"from={OCTOBER_MS} and to={OCTOBER_MS + DAY_MS}" in said


# groups


def test_without_any_group_all_is_one_row(bench: Bench) -> None:
    land(bench, day(1, row("a"), row("b", clusterName="test")))

    (everything,) = rows(bench, "aggregated")
    named = ("id", "clusterName", "namespace", "workloadName", "workloadType", "ownerLabels", "amountOfWorkloads")
    assert [everything[name] for name in named] == ["all", "", "", "", "", [], 2]


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        (("groupByCluster=true",), ["prod", "test"]),
        (("groupByNamespace=true",), ["prod/shop", "prod/web", "test/shop"]),
        (("groupByCluster=true", "groupByNamespace=true"), ["prod/shop", "prod/web", "test/shop"]),
    ],
)
def test_namespaces_are_divided_within_each_cluster(bench: Bench, values: tuple[str, ...], ids: list[str]) -> None:
    land(bench, day(1, row("a"), row("b", namespace="web"), row("c", clusterName="test")))

    assert [one["id"] for one in rows(bench, "aggregated", *values)] == ids


def test_a_group_adds_up_its_workloads_over_days_and_counts_each_once(bench: Bench) -> None:
    land(bench, day(1, row("a"), row("b")), day(2, row("a"), row("c")))

    (shop,) = rows(bench, "aggregated", "groupByNamespace=true")
    added = ("amountOfWorkloads", "totalCost", "spotHours", "ownerCpuRequest", "replicas", "hourlyCost")
    # 4 x 2.4, 4 x 6; three workloads of half a core; 96 replica-hours and 9.6 over 48 hours
    assert [shop[name] for name in added] == [3, Decimal("9.6"), 24, Decimal("1.5"), 2, Decimal("0.2")]


def test_groups_by_labels_have_them_as_owner_labels_and_the_rest_an_empty_value(bench: Bench) -> None:
    land(bench, day(1, labelled("a", team="data", app="x"), labelled("b", team="data"), row("c", ownerLabels=None)))

    found = rows(bench, "aggregated", "groupByLabels=team", "groupByLabels=app")
    assert [(one["id"], one["totalCost"]) for one in found] == [
        ("/", Decimal("2.4")),
        ("data/", Decimal("2.4")),
        ("data/x", Decimal("2.4")),
    ]
    assert found[2]["ownerLabels"] == [{"key": "team", "value": "data"}, {"key": "app", "value": "x"}]


def test_clusters_and_labels_group_together(bench: Bench) -> None:
    land(bench, day(1, labelled("a", team="data"), {**labelled("b", team="data"), "clusterName": "test"}))

    assert [one["id"] for one in rows(bench, "aggregated", "groupByCluster=true", "groupByLabels=team")] == [
        "prod/data",
        "test/data",
    ]


def test_a_label_that_changed_divides_the_cost_by_day(bench: Bench) -> None:
    land(bench, day(1, labelled("a", team="old")), day(2, labelled("a", team="new")), day(3, labelled("a", team="new")))

    found = rows(bench, "aggregated", "groupByLabels=team")
    costs = {one["id"]: (one["totalCost"], one["amountOfWorkloads"]) for one in found}
    assert costs == {"old": (Decimal("2.4"), 1), "new": (Decimal("4.8"), 1)}


def test_two_labels_that_change_within_a_group_are_still_one_workload(bench: Bench) -> None:
    land(bench, day(1, labelled("a", team="data", v="1")), day(2, labelled("a", team="data", v="2")))

    (data,) = rows(bench, "aggregated", "groupByLabels=team")
    assert (data["amountOfWorkloads"], data["ownerCpuRequest"], data["totalCost"]) == (
        1,
        Decimal("0.5"),
        Decimal("4.8"),
    )


def test_of_a_repeated_label_the_last_one_names_the_group(bench: Bench) -> None:
    repeated = [{"key": "app", "value": "cart"}, {"key": "app", "value": "cart-v2"}]
    land(bench, day(1, row(ownerLabels=repeated)))

    assert [one["id"] for one in rows(bench, "aggregated", "groupByLabels=app")] == ["cart-v2"]


def test_values_that_join_to_the_same_id_stay_two_groups(bench: Bench) -> None:
    land(bench, day(1, labelled("a", x="1/2", y="3"), labelled("b", x="1", y="2/3")))

    assert [one["id"] for one in rows(bench, "aggregated", "groupByLabels=x", "groupByLabels=y")] == ["1/2/3"] * 2


@pytest.mark.parametrize("shape", [{"owner": "search"}, [{"key": "owner", "value": "search"}]])
def test_annotations_group_in_either_shape(bench: Bench, shape: object) -> None:
    land(bench, day(1, row("a", annotations=shape), row("b")))

    assert [one["id"] for one in rows(bench, "aggregated", "groupByAnnotations=owner")] == ["all", "search"]


def test_annotations_that_no_answer_tells_are_refused_and_not_taken_for_none(bench: Bench) -> None:
    land(bench, day(1, row()))

    assert "answers tell no annotations" in refusal(bench, "aggregated", "groupByAnnotations=owner")
    assert "answers tell no annotations" in refusal(bench, "workloads", "annotations=owner=search")


def test_a_question_that_the_provider_was_asked_has_its_own_answer(bench: Bench) -> None:
    own = row("", id="prod/shop", workloadType="", totalCost=7, ownerLabels=[])
    bench.land("aggregated", [day(1, own, kind="aggregated")])
    land(bench, day(1, row()))

    values = ("groupByCluster=true", "groupByNamespace=true", *bounds(1, 2))
    assert [one["totalCost"] for one in rows(bench, "aggregated", *values)] == [7]
    assert [one["totalCost"] for one in rows(bench, "aggregated", *values, "clusters=prod")] == [Decimal("2.4")]
    assert [one["totalCost"] for one in rows(bench, "aggregated", *values, "groupByLabels=x")] == [Decimal("2.4")]


# filters


def test_without_multi_cluster_only_the_first_cluster_answers(bench: Bench) -> None:
    land(bench, day(1, row("a"), row("b", clusterName="test")))

    document = ask(bench, "workloads")
    assert ([one["workloadName"] for one in document["aggregatedWorkloads"]], document["clusters"]) == (["a"], ["prod"])
    assert ask(bench, "workloads", ALL)["clusters"] == ["prod", "test"]


def test_the_configured_cluster_is_the_one_at_home(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("scaleops", currency="USD", cluster="test"))
    land(bench, day(1, row("a"), row("b", clusterName="test")))

    assert ask(bench, "aggregated", "groupByCluster=true")["clusters"] == ["test"]


def test_more_clusters_than_were_asked_for_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("scaleops", currency="USD", multi_cluster=False))

    assert "this connection asks one cluster only" in refusal(bench, "workloads", ALL)


def test_clusters_and_gpu_choose_what_is_aggregated(bench: Bench) -> None:
    land(bench, day(1, row("a"), row("b", clusterName="test", ownerGpuRequest=2)))

    assert [one["id"] for one in rows(bench, "aggregated", "groupByCluster=true", "clusters=prod")] == ["prod"]
    assert [one["id"] for one in rows(bench, "aggregated", "groupByCluster=true", "gpuWorkloadsOnly=true")] == ["test"]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Four workloads that differ in cluster, namespace, type and labels."""
    bench = Bench(tmp_path_factory.mktemp("four"), settings("scaleops", currency="USD"))
    land(
        bench,
        day(
            1,
            labelled("a", team="data", env="prod"),
            {**labelled("b", team="data", env="test"), "clusterName": "test"},
            {**labelled("c", team="web", env="prod"), "namespace": "web"},
            row("d", workloadType="CronJob", annotations={"owner": "ops"}),
        ),
    )
    return bench


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("", "abcd"),
        ("clusterFilters=test", "b"),
        ("clusterFilters=test isClusterExclude=true", "acd"),
        ("clusterFilters=", "abcd"),
        ("isClusterExclude=true", "abcd"),
        ("namespaces=web", "c"),
        ("namespaces=web isNamespaceExclude=true", "abd"),
        ("namespaces=web namespaces=shop", "abcd"),
        ("workloadTypes=CronJob", "d"),
        ("workloadTypes=CronJob isWorkloadTypeExclude=true", "abc"),
        ("labels=team=data", "ab"),
        ("labels=team=data labels=env=prod", "abc"),
        ("labels=team=data labels=env=prod logicalLabel=AND", "a"),
        ("labels=team=data labels=env=prod isLabelExclude=true", "d"),
        ("labels=team=data labels=env=prod logicalLabel=AND isLabelExclude=true", "bcd"),
        ("annotations=owner=ops", "d"),
        ("annotations=owner=ops isAnnotationExclude=true", "abc"),
        ("annotations=owner=ops annotations=x=y logicalAnnotation=AND", ""),
        ("labels=env=prod namespaces=shop", "a"),
        ("shouldIgnoreWorkloads=true", "abcd"),
    ],
)
def test_filters_choose_and_exclude(four: Bench, values: str, expected: str) -> None:
    assert sorted(names(four, *values.split())) == list(expected)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("labels=team", "labels='team': give key=value"),
        ("annotations=owner", "annotations='owner': give key=value"),
        ("logicalLabel=XOR", "allowed are OR, AND"),
        ("logicalAnnotation=and", "allowed are OR, AND"),
        ("range=7d", "workloads knows annotations, clusterFilters"),
    ],
)
def test_workloads_says_what_is_allowed(empty: Bench, setting: str, said: str) -> None:
    assert said in refusal(empty, "workloads", setting)


def test_hostile_names_and_labels_stay_text(bench: Bench) -> None:
    name = "<script>'; drop table x; --{{ 7*7 }}\u202e"
    land(bench, day(1, {**labelled(name, **{name: name}), "clusterName": name}))

    (found,) = rows(bench, "workloads", f"labels={name}={name}", f"clusterFilters={name}")
    assert (found["workloadName"], found["ownerLabels"]) == (name, [{"key": name, "value": name}])


# the standard set, and schemas


def test_the_standard_set_covers_what_was_seen_of_the_month(bench: Bench) -> None:
    connection = (bench.connection, bench.provider)
    assert standard(bench.warehouse, connection, "aggregated") == []
    assert standard(bench.warehouse, connection, "workloads") == []
    land(bench, day(1, row()), day(2, row()))

    groups = {"groupByCluster": True, "groupByNamespace": True, "multiCluster": True}
    span = {"from": OCTOBER_MS, "to": OCTOBER_MS + 2 * DAY_MS}
    assert standard(bench.warehouse, connection, "aggregated") == [{**span, **groups}]
    assert standard(bench.warehouse, connection, "workloads") == [{"multiCluster": True}]


@pytest.mark.parametrize("name", ["workloads", "aggregated"])
def test_the_documented_example_fits_its_schema(name: str) -> None:
    assert problems("scaleops", name, sample(name)) == []


@pytest.mark.parametrize("name", ["workloads", "aggregated"])
def test_a_changed_example_does_not_fit(name: str) -> None:
    example = sample(name)
    places: list[tuple[Any, ...]] = [(), ("window",), ("aggregatedWorkloads", 0)]
    for place in places:
        for key in inner(example, place):
            missing, retyped = copy.deepcopy(example), copy.deepcopy(example)
            del inner(missing, place)[key]
            inner(retyped, place)[key] = {"not": "this"}
            assert problems("scaleops", name, missing), key
            assert key in ("annotations", "labels") or problems("scaleops", name, retyped), key
        more = copy.deepcopy(example)
        inner(more, place)["unknown"] = 1
        assert problems("scaleops", name, more)


def inner(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document
