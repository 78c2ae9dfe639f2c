"""The report against the sandbox's own truth, which other code computed: every difference is 0."""

import csv
import json
from decimal import Decimal

import pytest

from tallybook import providers
from tests.end_to_end.conftest import Lived

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]
PRICED_BY_BOOK = ("openscaler", "nodeconductor", "syseleven", "ocore")


def table(lived: Lived, name: str) -> list[dict[str, str]]:
    with (lived.published.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def provider_of(lived: Lived) -> dict[str, str]:
    return {settings.name: settings.provider for settings, _ in lived.house.connections}


def test_every_unit_was_collected(lived: Lived) -> None:
    assert {unit.outcome for unit in lived.units} == {"done", "cannot"}
    assert [unit for unit in lived.units if unit.outcome == "failed"] == []


@pytest.mark.parametrize("provider", PRICED_BY_BOOK)
def test_every_quantity_equals_the_truth(lived: Lived, provider: str) -> None:
    names = provider_of(lived)
    ours: dict[tuple[str, str, str], Decimal] = {}
    for row in table(lived, "usage"):
        if names[row["connection"]] == provider:
            key = (row["sub_account_id"], row["region"], row["meter"])
            ours[key] = ours.get(key, Decimal(0)) + Decimal(row["quantity"])
    expected = {
        (row["sub_account_id"], row["region"], row["meter"]): Decimal(row["quantity"])
        for row in lived.truth["providers"][provider]["usage"]
    }

    assert {key: value for key, value in ours.items() if value} == {k: v for k, v in expected.items() if v}
    assert expected


@pytest.mark.parametrize("provider", PRICED_BY_BOOK)
def test_the_facts_hold_what_the_provider_says_they_do(lived: Lived, provider: str) -> None:
    told, names = providers.load(provider).facts, provider_of(lived)
    usage = [row for row in table(lived, "usage") if names[row["connection"]] == provider]
    limited = {row["resource"] for row in table(lived, "quotas") if names[row["connection"]] == provider}

    assert {row["meter"] for row in usage if not row["meter"].startswith("flavor:")} == told.meters
    assert set(told.limits.values()) <= limited
    with lived.house.warehouse() as warehouse:
        periods = warehouse.select("facts.usage", provider=provider)
    lengths = periods["charge_period_end"] - periods["charge_period_start"]
    assert set(lengths) == {told.grain}


def test_every_workload_costs_what_the_truth_says(lived: Lived) -> None:
    ours = {
        (row["cluster"], row["namespace"], row["workload"], row["workload_type"]): (
            Decimal(row["effective_cost"]),
            Decimal(row["spot_hours"] or 0),
            Decimal(row["on_demand_hours"] or 0),
        )
        for row in table(lived, "workloads")
    }
    expected = {
        (row["cluster"], row["namespace"], row["workload"], row["workload_type"]): (
            Decimal(row["total_cost"]),
            Decimal(row["spot_hours"]),
            Decimal(row["on_demand_hours"]),
        )
        for row in lived.truth["providers"]["scaleops"]["workloads"]
    }

    assert ours == expected


def test_the_totals_equal_the_truth_exactly(lived: Lived) -> None:
    document = json.loads((lived.published.folder / "monthly-report.json").read_text(encoding="utf-8"))
    ours = {row["billing_currency"]: Decimal(row["effective_cost"]["exact"]) for row in document["totals"]}

    assert ours == {currency: Decimal(total) for currency, total in lived.truth["totals"].items()}


def test_every_project_costs_what_the_truth_says(lived: Lived) -> None:
    names = provider_of(lived)
    ours: dict[tuple[str, str, str], Decimal] = {}
    for row in table(lived, "projects"):
        if row["effective_cost"]:
            key = (row["project"], names[row["connection"]], row["billing_currency"])
            ours[key] = ours.get(key, Decimal(0)) + Decimal(row["effective_cost"])
    expected = {
        (row["project"], row["provider"], row["currency"]): Decimal(row["cost"]) for row in lived.truth["projects"]
    }

    assert ours == expected


def test_unpriced_meters_are_listed_and_in_no_total(lived: Lived) -> None:
    document = json.loads((lived.published.folder / "monthly-report.json").read_text(encoding="utf-8"))
    names = provider_of(lived)
    ours = {(names[row["connection"]], row["meter"]) for row in document["unpriced"]}

    assert ours == {(row["provider"], row["meter"]) for row in lived.truth["unpriced"]}


def test_the_report_ties_out(lived: Lived) -> None:
    assert {row["difference"] for row in lived.published.tie_out_rows} == {"0"}


def test_a_month_that_has_not_ended_is_a_draft(lived: Lived) -> None:
    assert lived.published.status == "DRAFT"
    assert any("has not ended" in reason for reason in lived.published.reasons)
