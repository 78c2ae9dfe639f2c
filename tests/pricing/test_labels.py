"""Costs that belong to a project by a label, in a real warehouse."""

import json
from pathlib import Path

import pytest

from tallybook.errors import BookError
from tallybook.pricing.books import read_books, unknown_connections
from tallybook.pricing.checks import run_checks
from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import OCTOBER, PRICES_HEADER, charges, cost, priced, usage, warehouse_with

HEADER = "connection,sub_account_id,project,cost_center,owner\n"


def labels(*pairs: tuple[str, str]) -> str:
    return json.dumps([{"key": key, "value": value} for key, value in pairs])


CHECKOUT, SEARCH = ("team", "checkout"), ("team", "search")


def projects(warehouse: Warehouse) -> dict[str, str]:
    """The project of each workload."""
    return dict(charges(warehouse, "workload", "project"))


def accounts(warehouse: Warehouse) -> list[tuple[str, str, bool]]:
    frame = warehouse.frame("marts/accounts", billing_period="2026-10")
    return frame.select("sub_account_id", "project", "is_mapped").rows()


def refused(folder: Path, row: str) -> str:
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    folder.joinpath("projects.csv").write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_books(folder)
    return str(caught.value)


def test_a_label_maps_a_cost_and_the_rest_of_the_namespace_stays(tmp_path: Path) -> None:
    warehouse = warehouse_with(
        costs=[cost("1", workload="api", labels=labels(("app", "x"), CHECKOUT)), cost("2", workload="job")]
    )
    priced(warehouse, tmp_path, projects="kube-main,label:team=checkout,Checkout,4001,Jana\n")

    assert projects(warehouse) == {"api": "Checkout", "job": "c1/shop"}
    assert accounts(warehouse) == [("c1/shop", "Checkout", True), ("c1/shop", "c1/shop", False)]
    assert [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds] == []


@pytest.mark.parametrize("rest", ["kube-main,*,Rest,,\n", ""])
def test_the_namespace_s_own_row_goes_before_a_label_and_the_star_after(tmp_path: Path, rest: str) -> None:
    warehouse = warehouse_with(
        costs=[
            cost("1", workload="api", namespace="shop", labels=labels(CHECKOUT)),
            cost("1", workload="job", namespace="jobs", labels=labels(CHECKOUT)),
            cost("1", workload="web", namespace="blog"),
        ]
    )
    rules = f"kube-main,c1/shop,Shop,,\n{rest},label:team=checkout,Checkout,,\n"
    priced(warehouse, tmp_path, projects=rules)

    assert projects(warehouse) == {"api": "Shop", "job": "Checkout", "web": "Rest" if rest else "c1/blog"}
    assert ("c1/jobs", "Checkout", True) in accounts(warehouse)
    assert len(accounts(warehouse)) == 3  # a namespace that is wholly mapped is no project of its own


def test_the_connection_s_own_label_goes_before_that_of_any_and_then_the_earlier_line(tmp_path: Path) -> None:
    both = labels(("env", "prod"), CHECKOUT)
    warehouse = warehouse_with(
        costs=[cost("1", workload="here", labels=both), cost("1", workload="there", labels=both, connection="kube-2")]
    )
    rules = (
        ",label:env=prod,Production,,\n,label:team=checkout,Checkout,,\nkube-main,label:team=checkout,Here,,\n"
        "kube-main,label:env=prod,Never,,\n"
    )
    priced(warehouse, tmp_path, projects=rules)

    assert projects(warehouse) == {"here": "Here", "there": "Production"}


def test_of_a_repeated_key_the_last_pair_counts(tmp_path: Path) -> None:
    warehouse = warehouse_with(
        costs=[
            cost("1", workload="first", labels=labels(CHECKOUT, SEARCH)),
            cost("1", workload="last", labels=labels(SEARCH, CHECKOUT)),
        ]
    )
    priced(warehouse, tmp_path, projects=",label:team=checkout,Checkout,,\n")

    assert projects(warehouse) == {"first": "c1/shop", "last": "Checkout"}


@pytest.mark.parametrize("text", ["null", "[]", '[{"key":"Team","value":"checkout"}]', '[{"key":"team","value":""}]'])
def test_no_such_label_maps_nothing(tmp_path: Path, text: str) -> None:
    warehouse = warehouse_with(costs=[cost("1", labels=text)])
    priced(warehouse, tmp_path, projects=",label:team=checkout,Checkout,,\n")

    assert projects(warehouse) == {"api": "c1/shop"}


def test_usage_is_mapped_by_its_sub_account_only(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1", account="c1/shop", connection="kube-main", name="")])
    priced(warehouse, tmp_path, projects=",label:team=checkout,Checkout,,\n")

    assert charges(warehouse, "project") == [("c1/shop",)]


def test_a_label_that_is_taken_out_of_the_book_maps_no_more(tmp_path: Path) -> None:
    warehouse = warehouse_with(costs=[cost("1", labels=labels(CHECKOUT))])
    priced(warehouse, tmp_path, projects=",label:team=checkout,Checkout,,\n")
    priced(warehouse, tmp_path, projects="kube-main,*,Rest,,\n")

    assert projects(warehouse) == {"api": "Rest"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            ",p-1,Web,,\n",
            "projects.csv line 2, column connection: is empty; give the name of a connection; only a label",
        ),
        (
            ",label:team,Web,,\n",
            "projects.csv line 2, column sub_account_id: 'label:team' is no label; write label:key=",
        ),
        (",label:=x,Web,,\n", "projects.csv line 2, column sub_account_id: 'label:=x' is no label"),
    ],
)
def test_a_wrong_label_is_named_by_file_line_and_column(tmp_path: Path, row: str, said: str) -> None:
    assert refused(tmp_path, row).startswith(said)


def test_a_label_of_any_connection_names_none_that_is_unknown(tmp_path: Path) -> None:
    folder = tmp_path
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    folder.joinpath("projects.csv").write_text(HEADER + ",label:team=checkout,Checkout,,\n", encoding="utf-8")

    assert unknown_connections(read_books(folder), ["kube-main"]) == ()
