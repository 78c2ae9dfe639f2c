"""Facts and prices become charges: worked by hand, in a real warehouse."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallybook.errors import StorageError
from tallybook.money import CONTEXT, quantise
from tallybook.periods import BillingPeriod
from tallybook.pricing.books import Books
from tallybook.pricing.charges import make_charges
from tallybook.pricing.checks import run_checks
from tests.pricing.tiny_facts import (
    OCTOBER,
    add_facts,
    at,
    charges,
    cost,
    priced,
    quota,
    usage,
    warehouse_with,
    whole_charges,
)

CORE = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,list"


def test_hours_of_a_day_are_one_charge(tmp_path: Path) -> None:
    hours = [usage("2", start=f"2026-10-01T{hour:02d}") for hour in (0, 5, 23)] + [usage("1", start="2026-10-02")]
    warehouse = warehouse_with(usage=hours)
    priced(warehouse, tmp_path, CORE)

    found = charges(warehouse, "charge_period_start", "charge_period_end", "consumed_quantity", "effective_cost")

    assert found == [
        (at("2026-10-01"), at("2026-10-02"), Decimal(6), Decimal("0.6")),
        (at("2026-10-02"), at("2026-10-03"), Decimal(1), Decimal("0.1")),
    ]


def test_a_charge_says_what_it_is_made_of(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("2", region="north", resource="vm-1")])
    priced(warehouse, tmp_path, CORE, projects="alpha-main,*,Shop,4001,Jana\n")

    [row] = whole_charges(warehouse).to_dicts()

    assert row == {
        "billing_period": "2026-10",
        "charge_period_start": at("2026-10-01"),
        "charge_period_end": at("2026-10-02"),
        "provider": "alpha",
        "connection": "alpha-main",
        "sub_account_id": "p1",
        "sub_account_name": "Web",
        "project": "Shop",
        "region": "north",
        "resource_id": "vm-1",
        "resource_name": "vm-1",
        "cluster": "",
        "namespace": "",
        "workload": "",
        "workload_type": "",
        "meter": "core_hours",
        "unit": "core-hour",
        "consumed_quantity": Decimal(2),
        "pricing_quantity": Decimal(2),
        "pricing_unit": "core-hour",
        "list_unit_price": Decimal("0.1"),
        "list_cost": Decimal("0.2"),
        "effective_cost": Decimal("0.2"),
        "billing_currency": "EUR",
        "charge_category": "Usage",
        "pricing_category": "unknown",
        "cost_basis": "price_book",
        "price_source": "prices.csv line 2",
        "basis": "metered",
        "spot_hours": None,
        "on_demand_hours": None,
        "savings_available": None,
        "commitment_discount_status": "",
        "from_quantity": None,
    }


def test_a_price_that_changes_on_the_15th_prices_both_halves(tmp_path: Path) -> None:
    days = [usage("24", start=f"2026-10-{day:02d}") for day in range(1, 32)]
    warehouse = warehouse_with(usage=days)
    priced(
        warehouse,
        tmp_path,
        "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,2026-10-15,old",
        "alpha,,,,core_hours,core-hour,0.20,EUR,2026-10-15,,new",
    )

    found = warehouse.frame("marts/month_charges", billing_period="2026-10")

    # 14 days of 24 core-hours at 0.10 are 33.60; 17 days at 0.20 are 81.60
    assert found.select("price_source", "consumed_quantity", "effective_cost").rows() == [
        ("prices.csv line 2", Decimal(336), Decimal("33.6")),
        ("prices.csv line 3", Decimal(408), Decimal("81.6")),
    ]


@pytest.mark.parametrize(
    ("account", "region", "unit_price"),
    [("p1", "north", "4"), ("p1", "south", "3"), ("p2", "north", "2"), ("p2", "south", "1")],
)
def test_the_most_specific_price_wins(tmp_path: Path, account: str, region: str, unit_price: str) -> None:
    warehouse = warehouse_with(usage=[usage("1", account=account, region=region)])
    priced(
        warehouse,
        tmp_path,
        "alpha,,,,core_hours,core-hour,1,EUR,2026-01-01,,any",
        "alpha,,,north,core_hours,core-hour,2,EUR,2026-01-01,,north",
        "alpha,alpha-main,p1,,core_hours,core-hour,3,EUR,2026-01-01,,p1",
        "alpha,alpha-main,p1,north,core_hours,core-hour,4,EUR,2026-01-01,,p1 north",
    )

    assert charges(warehouse, "list_unit_price") == [(Decimal(unit_price),)]


def test_a_price_of_another_provider_connection_or_month_does_not_apply(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1")])
    priced(
        warehouse,
        tmp_path,
        CORE.replace("alpha", "beta"),
        CORE.replace("alpha,", "alpha,alpha-other"),
        CORE.replace("2026-01-01,", "2026-01-01,2026-10-01"),
        CORE.replace("2026-01-01", "2026-10-02"),
    )

    assert charges(warehouse, "effective_cost", "billing_currency", "price_source") == [(None, None, None)]


def test_usage_without_a_price_has_no_cost_and_a_price_of_zero_is_a_price(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1"), usage("1", meter="instance_hours")])
    priced(warehouse, tmp_path, "alpha,,,,instance_hours,hour,0,EUR,2026-01-01,,included")

    found = charges(
        warehouse, "meter", "list_unit_price", "list_cost", "effective_cost", "billing_currency", "cost_basis"
    )

    assert found == [
        ("core_hours", None, None, None, None, None),
        ("instance_hours", Decimal(0), Decimal(0), Decimal(0), "EUR", "price_book"),
    ]


def test_bytes_are_priced_in_gib(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1610612736", meter="network_out_bytes")])
    priced(warehouse, tmp_path, "alpha,,,,network_out_bytes,GiB,0.045,EUR,2026-01-01,,")

    found = charges(warehouse, "unit", "consumed_quantity", "pricing_unit", "pricing_quantity", "effective_cost")

    # 1.5 GiB at 0.045
    assert found == [("byte", Decimal(1610612736), "GiB", Decimal("1.5"), Decimal("0.0675"))]


def test_a_byte_is_rounded_half_even_at_the_twelfth_decimal(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1", meter="network_out_bytes")])
    priced(warehouse, tmp_path, "alpha,,,,network_out_bytes,GiB,1,EUR,2026-01-01,,")

    # 1 / 2^30 = 0.000000000931322574615478515625
    assert charges(warehouse, "pricing_quantity") == [(Decimal("0.000000000931"),)]


@pytest.mark.parametrize(
    ("quantity", "cost_text"),
    [("0.000000000001", "0"), ("0.000000000003", "0.000000000002"), ("0.000000000005", "0.000000000002")],
)
def test_a_cost_is_rounded_half_even_at_the_twelfth_decimal(tmp_path: Path, quantity: str, cost_text: str) -> None:
    warehouse = warehouse_with(usage=[usage(quantity)])
    priced(warehouse, tmp_path, CORE.replace("0.10", "0.5"))

    assert charges(warehouse, "effective_cost") == [(Decimal(cost_text),)]


@pytest.mark.parametrize("unit_price", ["0.034712345678", "999999.999999999999", "999999999"])
def test_the_largest_figure_of_a_provider_can_be_priced(tmp_path: Path, unit_price: str) -> None:
    warehouse = warehouse_with(usage=[usage("99999999999999999.999999999999")])
    priced(warehouse, tmp_path, CORE.replace("0.10", unit_price))

    exact = CONTEXT.multiply(Decimal(unit_price), Decimal("99999999999999999.999999999999"))
    assert charges(warehouse, "effective_cost") == [(quantise(exact, 12),)]


def test_a_cost_that_is_too_large_names_its_charge_and_its_price(tmp_path: Path) -> None:
    """24 hours of the largest figure of a provider at the largest price are 2.16e28."""
    hours = [usage("900000000000000000", start=f"2026-10-02T{hour:02d}") for hour in range(24)]
    warehouse = warehouse_with(usage=hours)

    with pytest.raises(StorageError) as caught:
        priced(warehouse, tmp_path, CORE.replace("0.10", "999999999"))
    assert (
        "alpha-main core_hours of p1 on 2026-10-02 would cost more than the 26 digits before the dot that a cost can "
        "have: correct prices.csv line 2, or look at the usage"
    ) in str(caught.value)


def test_petabytes_keep_every_byte(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("9007199254740993000", meter="network_in_bytes")])
    priced(warehouse, tmp_path, "alpha,,,,network_in_bytes,GiB,0.000000000001,EUR,2026-01-01,,")

    exact = Decimal(9007199254740993000) / 2**30
    assert charges(warehouse, "consumed_quantity", "pricing_quantity", "effective_cost") == [
        (Decimal(9007199254740993000), quantise(exact, 12), quantise(exact * Decimal("0.000000000001"), 12))
    ]


AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=12)
UNIT_PRICES = st.decimals(min_value=0, max_value=10**5, places=12)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(AMOUNTS, min_size=1, max_size=20),
    UNIT_PRICES,
    st.sampled_from(["core_hours,core-hour", "network_in_bytes,GiB"]),
)
def test_costs_are_what_decimal_arithmetic_says(
    tmp_path: Path, amounts: list[Decimal], unit_price: Decimal, meter: str
) -> None:
    name, _ = meter.split(",")
    rows = [usage(str(one), meter=name, resource=f"r{n:02d}") for n, one in enumerate(amounts)]
    warehouse = warehouse_with(usage=rows)
    priced(warehouse, tmp_path, f"alpha,,,,{meter},{unit_price:f},EUR,2026-01-01,,")
    factor = 2**30 if name == "network_in_bytes" else 1

    quantities = [quantise(CONTEXT.divide(one, Decimal(factor)), 12) for one in amounts]
    expected = [(one, quantise(CONTEXT.multiply(one, unit_price), 12)) for one in quantities]
    assert charges(warehouse, "pricing_quantity", "effective_cost") == expected
    assert [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds] == []


@pytest.mark.parametrize(
    ("spot", "on_demand", "category"),
    [
        ("2", "1", "mixed"),
        ("2", "0", "spot"),
        ("0", "1", "on_demand"),
        ("0", "0", "unknown"),
        (None, None, "unknown"),
        (None, "1", "unknown"),
    ],
)
def test_a_pricing_category_is_known_only_when_both_hours_are(
    tmp_path: Path, spot: str | None, on_demand: str | None, category: str
) -> None:
    warehouse = warehouse_with(costs=[cost("10", spot=spot, on_demand=on_demand)])
    priced(warehouse, tmp_path)

    assert charges(warehouse, "pricing_category") == [(category,)]


def test_a_provider_s_cost_is_taken_as_it_is(tmp_path: Path) -> None:
    warehouse = warehouse_with(costs=[cost("0.123456789012", spot="1", on_demand="0", savings="0.5")])
    priced(warehouse, tmp_path)

    names = ("effective_cost", "list_cost", "billing_currency", "cost_basis", "basis", "workload", "project")
    found = charges(warehouse, *names, "savings_available")

    assert found == [(Decimal("0.123456789012"), None, "USD", "provider", "provider", "api", "c1/shop", Decimal("0.5"))]


def test_a_cost_that_the_provider_left_out_stays_unknown(tmp_path: Path) -> None:
    warehouse = warehouse_with(costs=[cost(None)])
    priced(warehouse, tmp_path)

    assert charges(warehouse, "effective_cost", "cost_basis", "billing_currency") == [(None, None, "USD")]


def test_a_renamed_sub_account_keeps_one_name_the_last(tmp_path: Path) -> None:
    rows = [
        usage("1", name="Old"),
        usage("1", start="2026-10-09", name="New"),
        usage("1", start="2026-10-20", name=""),
    ]
    warehouse = warehouse_with(usage=rows)
    priced(warehouse, tmp_path)

    assert set(charges(warehouse, "sub_account_name", "project")) == {("New", "New")}


def test_a_sub_account_known_by_its_quotas_alone_has_a_project_too(tmp_path: Path) -> None:
    warehouse = warehouse_with(quotas=[quota("50", "40", account="p9")])
    priced(warehouse, tmp_path, projects="alpha-main,p9,Shop,,\n")

    assert warehouse.frame("marts/quotas", billing_period="2026-10")["project"].to_list() == ["Shop"]


def test_charges_are_replaced_whole_and_the_same_again(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1"), usage("5", month="2026-09", start="2026-09-01")])
    books = priced(warehouse, tmp_path, CORE)
    before = charges(warehouse, "consumed_quantity", "effective_cost")
    make_charges(warehouse, period=BillingPeriod(2026, 9), books=books)
    make_charges(warehouse, period=OCTOBER, books=books)

    assert charges(warehouse, "consumed_quantity", "effective_cost") == before == [(Decimal(1), Decimal("0.1"))]
    assert charges(warehouse, "consumed_quantity", month="2026-09") == [(Decimal(5),)]


def test_a_month_without_facts_has_no_charges_any_more(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1")])
    books = priced(warehouse, tmp_path, CORE)
    warehouse.delete("facts.usage", billing_period="2026-10")
    make_charges(warehouse, period=OCTOBER, books=books)

    assert charges(warehouse, "meter") == []


def test_a_failure_leaves_the_charges_as_they_were(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("1")])
    books = priced(warehouse, tmp_path, CORE)
    # the cost has more than the 26 digits before the point that a DECIMAL(38, 12) holds
    add_facts(warehouse, "usage", [usage("9" * 26, account="p2", start="2026-10-03")])
    dear = replace(books.prices[0], unit_price=Decimal("999999.123456789"))

    with pytest.raises(StorageError):
        make_charges(warehouse, period=OCTOBER, books=Books(prices=(dear,)))

    assert charges(warehouse, "consumed_quantity", "effective_cost") == [(Decimal(1), Decimal("0.1"))]


def test_a_meter_nobody_knows_is_kept_and_has_no_price(tmp_path: Path) -> None:
    warehouse = warehouse_with(usage=[usage("3", meter="moon_phases")])
    priced(warehouse, tmp_path, CORE)

    assert charges(warehouse, "meter", "unit", "consumed_quantity", "effective_cost") == [
        ("moon_phases", "unit", Decimal(3), None)
    ]
