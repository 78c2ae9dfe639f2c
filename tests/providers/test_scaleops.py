"""ScaleOps: the documented examples, the traps of its API, and facts worked by hand."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.contract import Request
from tallybook.errors import SchemaError
from tallybook.providers.scaleops import parse
from tests.providers.support import Bench, settings

SAMPLES = Path(providers.__file__).parent / "scaleops" / "samples"
TABLES = {"workloads": "staging.scaleops_workloads", "aggregated": "staging.scaleops_aggregated"}
NAMES = {
    "amountOfWorkloads": "amount_of_workloads",
    "clusterName": "cluster_name",
    "hourlyCost": "hourly_cost",
    "id": "id",
    "namespace": "namespace",
    "onDemandHours": "on_demand_hours",
    "onDemandPercent": "on_demand_percent",
    "ownerCpuRequest": "owner_cpu_request",
    "ownerGpuRequest": "owner_gpu_request",
    "ownerMemoryRequest": "owner_memory_request",
    "replicas": "replicas",
    "savingsAvailable": "savings_available",
    "savingsAvailableWithReplicas": "savings_available_with_replicas",
    "spotHours": "spot_hours",
    "spotPercent": "spot_percent",
    "totalCost": "total_cost",
    "workloadName": "workload_name",
    "workloadType": "workload_type",
}
DOCUMENTS = {"annotations": "annotations", "labels": "labels", "ownerLabels": "owner_labels", "services": "services"}
HOSTILE = "<script>alert('x')</script>'; drop table x; --{{ 7*7 }}=1+1\n\u202e"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def day(number: int, kind: str = "workloads", **asked: str) -> Request:
    """The question for one day of October 2026."""
    start = int(datetime(2026, 10, number, tzinfo=UTC).timestamp()) * 1000
    return Request(kind, "/report", asked={"from": str(start), "to": str(start + 86_400_000)} | asked)


def workload(**changes: object) -> dict[str, Any]:
    return {**json.loads(sample("two_workloads"))["aggregatedWorkloads"][0], **changes}


def report(*workloads: dict[str, Any], number: int = 1, **changes: object) -> bytes:
    window = {"startTime": f"2026-10-{number:02}T00:00:00", "endTime": f"2026-10-{number + 1:02}T00:00:00"}
    return json.dumps({"aggregatedWorkloads": list(workloads), "clusters": ["c"], "window": window} | changes).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("scaleops", currency="USD"))


@pytest.mark.parametrize("dataset", ["workloads", "aggregated"])
def test_the_documented_example_reaches_staging_field_by_field(bench: Bench, dataset: str) -> None:
    bench.land(dataset, [(day(1, dataset), sample(dataset))])
    (staged,) = bench.stage()

    documented = json.loads(sample(dataset), parse_float=Decimal)
    (expected,) = documented["aggregatedWorkloads"]
    (row,) = bench.rows(TABLES[dataset])
    (window,) = bench.rows(f"staging.scaleops_{dataset.removesuffix('s')}_windows")
    assert staged.outcome == "staged"
    assert {field: row[name] for field, name in NAMES.items()} == {field: expected[field] for field in NAMES}
    kept = {field: row[name] and json.loads(row[name]) for field, name in DOCUMENTS.items()}
    assert kept == {field: expected[field] for field in DOCUMENTS}
    assert set(NAMES) | set(DOCUMENTS) == set(expected)
    assert json.loads(window["clusters"]) == documented["clusters"]
    assert {"startTime": window["start_time"], "endTime": window["end_time"]} == documented["window"]


def test_the_documented_window_is_not_the_asked_day_so_nothing_is_counted(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("workloads"))])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert bench.rows("facts.costs") == []
    (note,) = receipt["notes"]
    assert note.startswith("asked for 2026-10-01 00:00:00 to 2026-10-02 00:00:00 UTC, answered for '2025-01-01T")
    assert note.endswith("kept under its own window, not counted for the asked one")


def test_costs_of_a_day_are_its_workloads(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    cart, index = sorted(bench.rows("facts.costs"), key=lambda row: row["workload"])
    assert cart["effective_cost"] == Decimal("12.345678901234")
    assert (cart["spot_hours"], cart["on_demand_hours"]) == (6, 18)
    assert (index["spot_hours"], index["on_demand_hours"]) == (24, 0)
    assert cart["savings_available"] == Decimal("-0.25")  # the one with replicas is an alternative, not added
    assert (cart["sub_account_id"], cart["cluster"], cart["namespace"]) == ("prod-eu/shop", "prod-eu", "shop")
    assert (cart["workload_type"], cart["resource_id"]) == ("Deployment", "prod-eu/shop/Deployment/cart")
    assert cart["billing_currency"] == "USD"
    assert cart["charge_period_start"] == datetime(2026, 10, 1)  # noqa: DTZ001 - naive UTC
    assert cart["charge_period_end"] == datetime(2026, 10, 2)  # noqa: DTZ001 - naive UTC


def test_labels_are_kept_in_their_order_and_null_ones_are_none(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    labels = {
        row["workload"]: [(one["key"], one["value"]) for one in json.loads(row["labels"])]
        for row in bench.rows("facts.costs")
    }
    assert labels == {"cart": [("app", "cart"), ("team", "checkout"), ("app", "cart-v2")], "index": []}


def test_annotations_and_labels_are_kept_in_whatever_shape_they_come(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    cart, index = sorted(bench.rows("staging.scaleops_workloads"), key=lambda row: row["position"])
    assert (cart["annotations"], cart["labels"], cart["services"]) == (None, None, '["cart","cart-internal"]')
    assert (index["annotations"], index["labels"], index["services"]) == ('{"owner":"search"}', "[]", None)


def test_replicas_may_be_a_fraction(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    assert {row["replicas"] for row in bench.rows("staging.scaleops_workloads")} == {Decimal("2.5"), Decimal("0.1")}


@pytest.mark.parametrize("name", ["empty", "two_workloads"])
def test_a_day_without_workloads_is_covered(bench: Bench, name: str) -> None:
    bench.land("workloads", [(day(1), sample(name))])
    bench.stage()

    rows = {row["date"].day: row for row in bench.rows("facts.coverage", dataset="workloads")}
    assert len(rows) == 31
    assert [(rows[n]["expected"], rows[n]["received"]) for n in (1, 2, 31)] == [(1, 1), (1, 0), (1, 0)]


def test_a_day_answered_for_another_window_is_missing_and_says_why(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("other_window"))])
    bench.stage()

    rows = {row["date"].day: row for row in bench.rows("facts.coverage", dataset="workloads")}
    assert rows[1]["received"] == 0
    assert rows[1]["note"] == "answered for another window than the asked one"


def test_coverage_without_any_fetch_expects_every_day_of_both_reports(bench: Bench) -> None:
    bench.stage()

    rows = bench.rows("facts.coverage")
    assert len(rows) == 2 * 31
    assert {(row["dataset"], row["feeds"]) for row in rows} == {("workloads", "costs"), ("aggregated", "control")}
    assert {(row["expected"], row["received"]) for row in rows} == {(1, 0)}


def test_an_answer_for_another_window_is_kept_under_its_own_window(bench: Bench) -> None:
    odd = report(workload(), number=7)
    bench.land("workloads", [(day(1), odd), (day(7), odd)])
    bench.stage()

    rows = sorted(bench.rows("staging.scaleops_workloads"), key=lambda row: row["asked_from"])
    assert [(row["asked_from"].day, row["window_start"].day, row["is_asked_window"]) for row in rows] == [
        (1, 7, False),
        (7, 7, True),
    ]
    (fact,) = bench.rows("facts.costs")
    assert fact["charge_period_start"].day == 7


def test_an_unreadable_window_is_kept_and_not_counted(bench: Bench) -> None:
    bench.land("workloads", [(day(1), report(workload(), window={"startTime": "soon", "endTime": HOSTILE}))])
    bench.stage()

    (window,) = bench.rows("staging.scaleops_workload_windows")
    assert (window["start_time"], window["end_time"], window["window_start"]) == ("soon", HOSTILE, None)
    assert bench.rows("facts.costs") == []


def test_a_window_without_a_zone_is_read_in_the_configured_one() -> None:
    window = {"startTime": "2026-10-01T02:00:00", "endTime": "2026-10-02T02:00:00"}
    berlin = day(1, window_zone="Europe/Berlin")

    tables = parse.parse_workloads(report(window=window), berlin).tables

    assert list(tables["workload_windows"]["is_asked_window"]) == [True]


def test_a_window_with_a_zone_is_what_it_says() -> None:
    window = {"startTime": "2026-10-01T00:00:00Z", "endTime": "2026-10-02T02:00:00+02:00"}

    tables = parse.parse_workloads(report(window=window), day(1, window_zone="Asia/Tokyo")).tables

    assert list(tables["workload_windows"]["is_asked_window"]) == [True]


@pytest.mark.parametrize(("tolerance", "is_asked"), [("0", False), ("1", True)])
def test_an_inclusive_end_is_the_asked_window_only_within_the_tolerance(tolerance: str, is_asked: bool) -> None:
    window = {"startTime": "2026-10-01T00:00:00", "endTime": "2026-10-01T23:59:59"}

    tables = parse.parse_workloads(report(window=window), day(1, window_tolerance_seconds=tolerance)).tables

    assert list(tables["workload_windows"]["is_asked_window"]) == [is_asked]


def test_an_id_answered_twice_is_noted_kept_and_counted_once(bench: Bench) -> None:
    again = workload(id="PROD-EU/shop/deployment/CART", totalCost=0.1)
    bench.land("workloads", [(day(1), report(workload(), again)), (day(2), report(workload(), number=2))])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert receipt["notes"] == [
        "workloads answered more than once: 1 rows too many, kept, the first of each counts and 0.1 of cost does not"
    ]
    assert len(bench.rows("staging.scaleops_workloads")) == 3
    assert len(bench.rows("facts.costs")) == 2  # once a day


def test_workloads_without_an_id_are_told_apart_by_their_names(bench: Bench) -> None:
    bench.land("workloads", [(day(1), report(workload(id=""), workload(id="", workloadName="other")))])
    bench.stage()

    assert len(bench.rows("facts.costs")) == 2


def test_a_workload_without_an_id_that_is_answered_twice_is_noted_and_counted_once(bench: Bench) -> None:
    rows = workload(id="", totalCost=5), workload(id="", totalCost=7), workload(id="", totalCost=9)
    bench.land("workloads", [(day(1), report(*rows))])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert receipt["notes"] == [
        "workloads answered more than once: 2 rows too many, kept, the first of each counts and 16 of cost does not"
    ]
    assert [row["effective_cost"] for row in bench.rows("facts.costs")] == [5]


def test_a_workload_that_is_answered_with_and_without_its_id_is_noted(bench: Bench) -> None:
    bench.land("workloads", [(day(1), report(workload(totalCost=5), workload(id="", totalCost=7)))])
    bench.stage()

    (receipt,) = bench.rows("landing.receipts")
    assert receipt["notes"] == [
        "workloads without an id have the names of others with one: 1 rows, 7 of cost that may count twice"
    ]


def test_a_restated_month_replaces_the_old_costs(bench: Bench) -> None:
    bench.land("workloads", [(day(1), report(workload(totalCost=1), workload(id="x")))])
    bench.stage()
    bench.land("workloads", [(day(1), report(workload(totalCost=1.03)))], fetched_at=datetime(2026, 11, 6, tzinfo=UTC))
    bench.stage()

    assert [row["effective_cost"] for row in bench.rows("facts.costs")] == [Decimal("1.03")]


def test_savings_that_are_monthly_in_each_window_are_not_added_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings("scaleops", currency="USD", savings_scale="month"))
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    assert {row["savings_available"] for row in bench.rows("facts.costs")} == {None}


def test_there_are_no_usage_facts(bench: Bench) -> None:
    bench.land("workloads", [(day(1), sample("two_workloads"))])
    bench.stage()

    assert bench.rows("facts.usage") == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1234567890123.123456789", "1234567890123.123456789"),
        ("0.1", "0.1"),
        ("1e-7", "0.0000001"),
        ("-0.0", "0"),
        ("12.3456789012345678", "12.345678901235"),  # rounded once, at the 12th decimal
        ("0.0000000000005000000000000000001", "0.000000000001"),  # more digits than a wide decimal holds
        ("250000000000000000", "250000000000000000"),
    ],
)
def test_every_digit_of_a_cost_is_kept_to_the_twelfth_decimal(bench: Bench, text: str, kept: str) -> None:
    body = report(workload(totalCost="HERE")).replace(b'"HERE"', text.encode())
    bench.land("workloads", [(day(1), body)])
    bench.stage()

    (fact,) = bench.rows("facts.costs")
    assert fact["effective_cost"] == Decimal(kept)


def test_a_wide_number_does_not_cost_its_neighbours_a_digit(bench: Bench) -> None:
    bodies = report(workload(totalCost="A"), workload(id="b", totalCost="B"))
    body = bodies.replace(b'"A"', b"0.30000000000000004").replace(b'"B"', b"1234567890123.000000000001")
    bench.land("workloads", [(day(1), body)])
    bench.stage()

    costs = sorted(row["effective_cost"] for row in bench.rows("facts.costs"))
    assert costs == [Decimal("0.3"), Decimal("1234567890123.000000000001")]


def test_hostile_names_stay_text(bench: Bench) -> None:
    hostile = workload(namespace=HOSTILE, workloadName=HOSTILE, ownerLabels=[{"key": HOSTILE, "value": HOSTILE}])
    bench.land("workloads", [(day(1), report(hostile, clusters=[HOSTILE]))])
    bench.stage()

    (fact,) = bench.rows("facts.costs")
    assert (fact["namespace"], fact["workload"]) == (HOSTILE, HOSTILE)
    assert json.loads(fact["labels"]) == [{"key": HOSTILE, "value": HOSTILE}]
    assert fact["sub_account_id"] == f"prod-eu/{HOSTILE}"


@pytest.mark.parametrize("field", sorted(NAMES | DOCUMENTS))
def test_a_missing_field_is_an_error_that_names_it(field: str) -> None:
    broken = workload()
    del broken[field]

    with pytest.raises(SchemaError, match=field):
        parse.parse_workloads(report(broken), day(1))


@pytest.mark.parametrize("field", sorted(NAMES))
@pytest.mark.parametrize("value", [None, True, [1]])
def test_a_changed_type_is_an_error_that_names_the_field(field: str, value: object) -> None:
    with pytest.raises(SchemaError, match=rf"aggregatedWorkloads\[\S*\]\.{field}"):
        parse.parse_workloads(report(workload(), workload(**{field: value})), day(1))


@pytest.mark.parametrize("value", ["12.5", "twelve", {"amount": 1}])
def test_a_cost_that_is_no_number_is_an_error_that_names_field_and_row(value: object) -> None:
    with pytest.raises(SchemaError, match=r"expected a number, got .* at `\$\.aggregatedWorkloads\[1\]\.totalCost`"):
        parse.parse_workloads(report(workload(), workload(totalCost=value)), day(1))


@pytest.mark.parametrize(
    "number",
    [b"1e30", b"12345678901234567890123456", b"1000000000000000000", b"-1e18", b"999999999999999999.9999999999995"],
)
def test_a_number_beyond_what_a_figure_can_have_is_an_error_that_names_the_field(number: bytes) -> None:
    body = report(workload(), workload(totalCost="HERE")).replace(b'"HERE"', number)

    with pytest.raises(
        SchemaError,
        match=rf"{number.decode()} is too large for a figure .* at `\$\.aggregatedWorkloads\[1\]\.totalCost`",
    ):
        parse.parse_workloads(body, day(1))


def test_the_largest_cost_keeps_every_digit() -> None:
    largest = "999999999999999999.999999999999"
    body = report(workload(totalCost="HERE")).replace(b'"HERE"', largest.encode())

    costs = parse.parse_workloads(body, day(1)).tables["workloads"]["total_cost"]

    assert [str(cost) for cost in costs] == [largest]


def test_an_amount_beyond_64_bits_is_an_error_that_names_the_field() -> None:
    with pytest.raises(SchemaError, match="amountOfWorkloads"):
        parse.parse_workloads(report(workload(amountOfWorkloads=2**63)), day(1))


@pytest.mark.parametrize(
    ("field", "value"), [("ownerLabels", {"app": "x"}), ("ownerLabels", [{"key": "a"}]), ("services", [7])]
)
def test_a_list_of_another_shape_is_an_error_that_names_the_field(field: str, value: object) -> None:
    with pytest.raises(SchemaError, match=field):
        parse.parse_workloads(report(workload(**{field: value})), day(1))


@pytest.mark.parametrize("labels", ['[{"key":"a","key":"b","value":"c"}]', '[{"key":"a","value":"b","k":1,"k":2}]'])
def test_a_label_that_names_a_field_twice_is_an_error(labels: str) -> None:
    body = report(workload(), workload(ownerLabels="HERE")).replace(b'"HERE"', labels.encode())

    with pytest.raises(SchemaError, match="twice in one object"):
        parse.parse_workloads(body, day(1))


@pytest.mark.parametrize("text", ['{"a":0.10}', '{"a":1E3}', '{"a":"\\u0026"}', '{"a":[null,1.5,"é"]}', '"null"'])
def test_annotations_keep_the_form_of_their_values(text: str) -> None:
    body = report(workload(annotations="HERE"), workload(annotations=None)).replace(b'"HERE"', text.encode())

    annotations = parse.parse_workloads(body, day(1)).tables["workloads"]["annotations"]

    assert [value.as_py() for value in annotations] == [text, None]  # type: ignore[attr-defined] # Arrow's


@pytest.mark.parametrize("part", ["aggregatedWorkloads", "clusters", "window"])
def test_a_missing_part_of_the_report_is_an_error_that_names_it(part: str) -> None:
    body = json.loads(report())
    del body[part]

    with pytest.raises(SchemaError, match=part):
        parse.parse_workloads(json.dumps(body).encode(), day(1))


def test_unknown_fields_are_kept_and_noted_once(bench: Bench) -> None:
    body = report(workload(networkCost=0.5), workload(id="b", networkCost=0.7), workload(id="c"), nextPage="abc")
    bench.land("workloads", [(day(1), body)])
    bench.stage()

    rows = sorted(bench.rows("staging.scaleops_workloads"), key=lambda row: row["position"])
    (window,) = bench.rows("staging.scaleops_workload_windows")
    (receipt,) = bench.rows("landing.receipts")
    assert [row["unknown_fields"] for row in rows] == ['{"networkCost":0.5}', '{"networkCost":0.7}', ""]
    assert window["unknown_fields"] == '{"nextPage":"abc"}'
    assert receipt["notes"] == ["unknown field networkCost: kept", "unknown field nextPage: kept"]


def test_unknown_fields_of_a_label_are_kept_noted_and_no_obstacle(bench: Bench) -> None:
    pair = {"key": "app", "value": "cart", "source": "pod"}
    bench.land("workloads", [(day(1), report(workload(ownerLabels=[pair])))])
    bench.stage()

    (row,) = bench.rows("staging.scaleops_workloads")
    (fact,) = bench.rows("facts.costs")
    (receipt,) = bench.rows("landing.receipts")
    assert json.loads(row["owner_labels"]) == [pair]
    assert json.loads(fact["labels"]) == [pair]
    assert receipt["notes"] == ["unknown field source: kept"]


def test_a_report_longer_than_a_slice_keeps_every_row_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "_SLICE_ROWS", 2)
    body = report(*(workload(id=str(n), totalCost=n) for n in range(5)))

    rows = parse.parse_workloads(body, day(1)).tables["workloads"]
    broken = report(*(workload(id=str(n), totalCost=n if n != 3 else "three") for n in range(5)))

    assert [str(value) for value in rows["position"]] == ["0", "1", "2", "3", "4"]
    assert [str(value) for value in rows["id"]] == ["0", "1", "2", "3", "4"]
    with pytest.raises(SchemaError, match=r"aggregatedWorkloads\[3\]\.totalCost"):
        parse.parse_workloads(broken, day(1))


def test_an_error_document_is_no_report() -> None:
    with pytest.raises(SchemaError, match="aggregatedWorkloads"):
        parse.parse_workloads(sample("error"), day(1))


def test_indented_documents_are_stored_compact_with_their_numbers_untouched(bench: Bench) -> None:
    body = json.dumps(json.loads(report(workload(annotations={"cost": "N"}))), indent=2).encode()
    bench.land("workloads", [(day(1), body.replace(b'"N"', b"0.10"))])
    bench.stage()

    (row,) = bench.rows("staging.scaleops_workloads")
    assert row["annotations"] == '{"cost":0.10}'
    assert row["services"] == '["cart","cart-internal"]'


def test_groups_are_controlled_against_workloads_for_days_with_both(bench: Bench) -> None:
    groups = [workload(id="g1", totalCost=12), workload(id="g2", totalCost=0.5)]
    bench.land("workloads", [(day(1), sample("two_workloads")), (day(2), report(workload(), number=2))])
    bench.land("aggregated", [(day(1, "aggregated"), report(*groups))])
    bench.stage()

    (row,) = bench.warehouse.frame(
        "checks/scaleops/control_totals", connection=bench.connection.name, billing_period="2026-10", currency="USD"
    ).to_dicts()
    assert row["control"] == "cost of 2026-10-01, in groups"
    assert row["source_total"] == Decimal("12.5")
    assert row["our_total"] == Decimal("12.445678901234")
    assert row["difference"] == Decimal("0.054321098766")
    assert row["unit"] == "USD"


def test_sums_of_doubles_are_equal_to_a_millionth(bench: Bench) -> None:
    groups = [workload(id="g1", totalCost=0.1), workload(id="g2", totalCost=0.2)]
    bench.land("aggregated", [(day(1, "aggregated"), report(*groups))])
    bench.land("workloads", [(day(1), report(workload(totalCost=0.3000009)))])
    bench.stage()

    (row,) = bench.warehouse.frame(
        "checks/scaleops/control_totals", connection=bench.connection.name, billing_period="2026-10", currency="USD"
    ).to_dicts()
    assert (row["source_total"], row["our_total"], row["difference"]) == (Decimal("0.3"), Decimal("0.3000009"), 0)
