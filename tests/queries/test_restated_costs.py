"""A closed month beside what it costs now: whatever changed, the causes add up to the difference, digit for digit."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybook.pricing.books import Books, ProjectRule
from tallybook.pricing.charges import make_charges
from tallybook.pricing.commitments import Commitment
from tallybook.pricing.tiers import Price
from tallybook.summaries.restatement import (
    CAUSES,
    summarise_restated_totals,
    summarise_restatement,
    summed_restatement,
)
from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import OCTOBER, add_facts, cost, usage, whole_charges

MONTH = "2026-10"
UNITS = {"core_hours": "core-hour", "network_in_bytes": "GiB"}
NO_CHARGES = {"first_day": date(2026, 10, 1), "end_day": date(2026, 11, 1)}
COSTS = ("previous_effective_cost", "effective_cost")


@dataclass(frozen=True)
class World:
    """What a month's charges are made of; nothing by default."""

    usage: dict[tuple[str, str, int], str] = field(default_factory=dict)  # account, meter, day
    costs: dict[tuple[str, int], str | None] = field(default_factory=dict)  # workload, day
    prices: dict[str, tuple[str, str]] = field(default_factory=dict)  # meter: price, currency
    projects: dict[str, str] = field(default_factory=dict)  # account
    cost_currency: str = "USD"
    tier: tuple[str, str] | None = None  # core-hours from there on, at that price; needs a price
    minimum: str | None = None  # of core-hours; needs a price
    committed: str | None = None  # cores of p1, at 0.5 EUR


def amounts(top: int, places: int) -> st.SearchStrategy[str]:
    return st.decimals(0, top, places=places, allow_nan=False, allow_infinity=False).map(lambda one: f"{one:f}")


WORLDS = st.builds(
    World,
    usage=st.dictionaries(
        st.tuples(st.sampled_from(["p1", "p2"]), st.sampled_from(list(UNITS)), st.integers(1, 2)), amounts(10**12, 9)
    ),
    costs=st.dictionaries(
        st.tuples(st.sampled_from(["api", "job"]), st.integers(1, 2)), st.none() | amounts(10**6, 12)
    ),
    prices=st.dictionaries(
        st.sampled_from(list(UNITS)), st.tuples(amounts(10**3, 12), st.sampled_from(["EUR", "USD"]))
    ),
    projects=st.dictionaries(st.sampled_from(["p1", "p2", "c1/shop"]), st.sampled_from(["Web", "Shop"])),
    cost_currency=st.sampled_from(["EUR", "USD"]),
    tier=st.none() | st.tuples(amounts(10**6, 6).filter(lambda one: Decimal(one) > 0), amounts(10**3, 12)),
    minimum=st.none() | amounts(10**6, 2).filter(lambda one: Decimal(one) > 0),
    committed=st.none() | amounts(100, 3).filter(lambda one: Decimal(one) > 0),
)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as made:
        yield made


def charge(warehouse: Warehouse, world: World) -> pl.DataFrame:
    """The month's charges made anew from a world."""
    for fact in ("usage", "costs"):
        warehouse.delete(f"facts.{fact}")
    rows = [
        usage(amount, start=f"2026-10-{day:02d}", meter=meter, account=account, name=account)
        for (account, meter, day), amount in world.usage.items()
    ]
    add_facts(warehouse, "usage", rows)
    stated = [
        cost(amount, workload=workload, day=day, currency=world.cost_currency)
        for (workload, day), amount in world.costs.items()
    ]
    add_facts(warehouse, "costs", stated)
    prices = [
        Price(line, "alpha", "", "", "", meter, UNITS[meter], Decimal(price), currency, date(2026, 1, 1), None, "list")
        for line, (meter, (price, currency)) in enumerate(world.prices.items(), start=2)
    ]
    prices += graded_prices(prices, world)
    committed = [
        Commitment(
            2, "alpha-main", "p1", "", "core_hours", "core-hour", Decimal(level), Decimal("0.5"), "EUR",
            date(2026, 10, 1), date(2026, 10, 3), "upfront",
        )
        for level in [world.committed]
        if level is not None
    ]  # fmt: skip
    rules = [
        ProjectRule(line, "kube-main" if "/" in account else "alpha-main", account, project, "", "")
        for line, (account, project) in enumerate(world.projects.items(), start=2)
    ]
    make_charges(
        warehouse, period=OCTOBER, books=Books(tuple(prices), projects=tuple(rules), commitments=tuple(committed))
    )
    return whole_charges(warehouse)


def graded_prices(prices: list[Price], world: World) -> list[Price]:
    """The tier of core-hours, beside their price, which gets the minimum."""
    more = []
    for place, one in enumerate(prices):
        if one.meter == "core_hours":
            prices[place] = replace(one, minimum_cost=None if world.minimum is None else Decimal(world.minimum))
            if world.tier:
                start, price = map(Decimal, world.tier)
                more.append(replace(one, line=9, unit_price=price, from_quantity=start))
    return more


def restated(
    warehouse: Warehouse, then: World, now: World, *, steady: tuple[str, ...] = (), same_prices: bool = False
) -> pl.DataFrame:
    """What the query says of two worlds."""
    freeze(warehouse, charge(warehouse, then))
    charge(warehouse, now)
    return compared(warehouse, steady=steady, same_prices=same_prices)


def freeze(warehouse: Warehouse, charges: pl.DataFrame) -> None:
    warehouse.delete("marts.frozen_charges")
    warehouse.insert("marts.frozen_charges", charges.select(warehouse.select("marts.frozen_charges").columns))


def compared(
    warehouse: Warehouse, *, steady: tuple[str, ...] = (), same_prices: bool = False, span_rows: int = 10**9
) -> pl.DataFrame:
    """All days at once, or in spans of so many rows."""
    spans = warehouse.frame("marts/charge_spans", billing_period=MONTH, span_rows=span_rows).to_dicts()
    parts = [_compared(warehouse, span, steady=steady, same_prices=same_prices) for span in spans or [NO_CHARGES]]
    return summed_restatement(pl.concat(parts))


def _compared(
    warehouse: Warehouse, span: dict[str, date], *, steady: tuple[str, ...], same_prices: bool
) -> pl.DataFrame:
    return warehouse.frame(
        "marts/restated_costs",
        billing_period=MONTH,
        **span,
        steady_connections=list(steady),
        has_same_prices=same_prices,
        has_same_adjustments=True,
        has_same_map=True,
        has_same_allocation=True,
        is_all_steady=False,
    )


def known_costs(charges: pl.DataFrame, *by: str) -> dict[tuple[object, ...], Decimal]:
    sums: dict[tuple[object, ...], Decimal] = {}
    for row in charges.filter(pl.col("effective_cost").is_not_null()).to_dicts():
        key = tuple(row[name] for name in by)
        sums[key] = sums.get(key, Decimal(0)) + row["effective_cost"]
    return sums


@settings(max_examples=25)
@given(then=WORLDS, now=WORLDS, steady=st.booleans(), same_prices=st.booleans())
def test_causes_add_up_to_the_difference_of_each_row_and_of_the_totals(
    warehouse: Warehouse, then: World, now: World, steady: bool, same_prices: bool
) -> None:
    connections = ("alpha-main", "kube-main") if steady else ()
    grain = ("project", "connection", "billing_currency")
    was = charge(warehouse, then)
    freeze(warehouse, was)
    before, after = known_costs(was, *grain), known_costs(charge(warehouse, now), *grain)
    found = compared(warehouse, steady=connections, same_prices=same_prices)
    rows = {tuple(row[name] for name in grain): row for row in found.to_dicts()}

    assert {key: row["previous_effective_cost"] for key, row in rows.items() if row[COSTS[0]] is not None} == before
    assert {key: row["effective_cost"] for key, row in rows.items() if row[COSTS[1]] is not None} == after
    for key, row in rows.items():
        assert sum(row[cause] for cause in CAUSES) == after.get(key, Decimal(0)) - before.get(key, Decimal(0))
    for total in summarise_restated_totals(found).to_dicts():
        own = [row for row in summarise_restatement(found).to_dicts() if row[grain[2]] == total[grain[2]]]
        assert total["changed_map"] == 0  # what one project loses, another gains
        assert sum(row["difference"] for row in own) == total["difference"]
        assert total["difference"] == (total["effective_cost"] or 0) - (total["previous_effective_cost"] or 0)


@settings(max_examples=10)
@given(world=WORLDS)
def test_a_month_that_did_not_change_has_no_cause_in_whatever_order_its_rows_come(
    warehouse: Warehouse, world: World
) -> None:
    usage, costs = dict(reversed(world.usage.items())), dict(reversed(world.costs.items()))
    turned = replace(world, usage=usage, costs=costs)

    assert summarise_restatement(restated(warehouse, world, turned)).is_empty()


def causes(frame: pl.DataFrame) -> dict[str, dict[str, Decimal]]:
    """The causes of each project that did something."""
    return {
        row["project"]: {cause: row[cause] for cause in CAUSES if row[cause] != 0}
        for row in summarise_restatement(frame).to_dicts()
    }


EURO = {"core_hours": ("2", "EUR")}


def test_the_same_answers_at_another_quantity_are_the_software_s(warehouse: Warehouse) -> None:
    then = World(usage={("p1", "core_hours", 1): "10"}, prices=EURO)
    now = World(usage={("p1", "core_hours", 1): "12"}, prices=EURO)

    assert causes(restated(warehouse, then, now, steady=("alpha-main",))) == {
        "p1": {"software_or_settings": Decimal(4)}
    }


def test_the_same_book_at_another_price_is_the_software_s(warehouse: Warehouse) -> None:
    then = World(usage={("p1", "core_hours", 1): "10"}, prices=EURO)
    now = World(usage={("p1", "core_hours", 1): "10"}, prices={"core_hours": ("3", "EUR")})

    assert causes(restated(warehouse, then, now, same_prices=True)) == {"p1": {"software_or_settings": Decimal(10)}}


def test_the_last_digit_of_a_rounded_price_is_the_price_s(warehouse: Warehouse) -> None:
    # 0.000000000001 x 1.5 is 0.000000000002 (half to even), x 0.4 is 0; the earlier quantity at 0.4 was 0.8
    then = World(usage={("p1", "core_hours", 1): "2"}, prices={"core_hours": ("0.4", "EUR")})
    now = World(usage={("p1", "core_hours", 1): "0.000000000001"}, prices={"core_hours": ("1.5", "EUR")})

    assert causes(restated(warehouse, then, now)) == {
        "p1": {"new_data": Decimal("-0.8"), "changed_price": Decimal("0.000000000002")}
    }


def test_two_causes_that_cancel_out_are_both_told(warehouse: Warehouse) -> None:
    then = World(usage={("p1", "core_hours", 1): "10"}, prices=EURO)
    now = World(usage={("p1", "core_hours", 1): "20"}, prices={"core_hours": ("1", "EUR")})

    assert causes(restated(warehouse, then, now)) == {"p1": {"new_data": Decimal(20), "changed_price": Decimal(-20)}}


def test_a_day_that_came_late_is_new_data_and_a_cost_that_is_taken_back_is_restated(warehouse: Warehouse) -> None:
    then = World(costs={("api", 1): "5", ("job", 1): "7"})
    now = World(costs={("api", 1): "5", ("api", 2): "6"})

    assert causes(restated(warehouse, then, now)) == {"c1/shop": {"new_data": Decimal(6), "restated_cost": Decimal(-7)}}


TIERED = World(usage={("p1", "core_hours", 1): "10", ("p1", "core_hours", 2): "10"}, prices=EURO, tier=("15", "1"))


def test_usage_that_pushes_other_days_into_the_next_tier_is_new_data_alone(warehouse: Warehouse) -> None:
    """10 and 10 core-hours, from 15 on at 1 EUR: 20 + 10 + 5. With 12 on the first day: 24 + 6 + 7, 2 EUR more."""
    now = replace(TIERED, usage={("p1", "core_hours", 1): "12", ("p1", "core_hours", 2): "10"})

    assert causes(restated(warehouse, TIERED, now, same_prices=True)) == {"p1": {"new_data": Decimal(2)}}


def test_a_tier_that_becomes_dearer_is_a_changed_price(warehouse: Warehouse) -> None:
    now = replace(TIERED, tier=("15", "1.5"))

    assert causes(restated(warehouse, TIERED, now)) == {"p1": {"changed_price": Decimal("2.5")}}


def test_a_commitment_that_is_new_is_a_changed_price(warehouse: Warehouse) -> None:
    """One core is 24 core-hours on each of two days at 0.50: 24 EUR whether used or not, 40 EUR before."""
    then = replace(TIERED, tier=None)

    assert causes(restated(warehouse, then, replace(then, committed="1"))) == {"p1": {"changed_price": Decimal(-16)}}


def test_use_within_a_commitment_costs_nothing_more(warehouse: Warehouse) -> None:
    """2 core-hours more of day one cost 1 EUR more there and 1 EUR less unused: both are new data."""
    then = replace(TIERED, tier=None, committed="1")
    now = replace(then, usage={("p1", "core_hours", 1): "12", ("p1", "core_hours", 2): "10"})

    assert causes(restated(warehouse, then, now, same_prices=True)) == {}


def test_less_is_owed_to_a_minimum_when_more_was_used(warehouse: Warehouse) -> None:
    """20 EUR of a minimum of 50, then 30: 10 more for usage and 10 less for the minimum."""
    then = World(usage={("p1", "core_hours", 1): "10"}, prices=EURO, minimum="50")
    now = replace(then, usage={("p1", "core_hours", 1): "15"})

    assert causes(restated(warehouse, then, now, same_prices=True)) == {}
    assert causes(restated(warehouse, then, replace(then, minimum="60"))) == {"p1": {"changed_price": Decimal(10)}}


def test_days_compared_one_by_one_add_up_to_the_month(warehouse: Warehouse) -> None:
    then = replace(TIERED, costs={("api", 1): "5", ("job", 2): None})
    now = replace(TIERED, tier=("15", "1.5"), costs={("api", 1): "6", ("api", 2): "3"}, projects={"c1/shop": "Shop"})
    whole = restated(warehouse, then, now)

    assert len(warehouse.frame("marts/charge_spans", billing_period=MONTH, span_rows=1)) == 2
    assert compared(warehouse, span_rows=1).equals(whole)
    assert causes(whole) == {
        "p1": {"changed_price": Decimal("2.5")},
        "c1/shop": {"changed_map": Decimal(-5)},
        "Shop": {"changed_map": Decimal(5), "restated_cost": Decimal(1), "new_data": Decimal(3)},
    }


def test_a_revision_of_before_there_were_tiers_is_compared_all_the_same(warehouse: Warehouse) -> None:
    then = replace(TIERED, tier=None)
    names = ("commitment_discount_status", "from_quantity")
    freeze(warehouse, charge(warehouse, then).with_columns(pl.lit(None).alias(name) for name in names))
    charge(warehouse, TIERED)

    # 5 of 20 core-hours at 1 EUR instead of 2
    assert causes(compared(warehouse)) == {"p1": {"changed_price": Decimal(-5)}}
