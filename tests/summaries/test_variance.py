"""The bridge between two months: every worked example, and sums that hold for any months."""

from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tallybook.summaries.variance import (
    CAUSES,
    ITEM_CAUSES,
    effects,
    summarise_bridge,
    summarise_items,
    summarise_movers,
    summarise_variance,
)
from tests.summaries.literal_frames import Row, charges, ran, used

ALL = ("alpha-main", "beta-main", "kube-main")


def items(
    now: list[Row], before: list[Row], *, observed: tuple[str, ...] = ALL, previously: tuple[str, ...] = ALL
) -> pl.DataFrame:
    return summarise_items(
        charges(*now),
        charges(*before),
        observed=observed,
        previously_observed=previously,
        lacking=("beta-main",),
        previously_lacking=("alpha-main",),
    ).sort("connection", "project")


def causes(frame: pl.DataFrame) -> dict[str, Decimal]:
    """What each cause adds in all rows together, those that add nothing left out."""
    sums = {cause: frame[f"{cause}_effect"].sum() for cause in ITEM_CAUSES}
    return {cause: amount for cause, amount in sums.items() if amount}


def test_a_dearer_unit_counts_at_the_quantity_of_now_and_the_rest_is_volume() -> None:
    frame = items([used("18", quantity="12", unit_price="1.50")], [used("10", quantity="10", unit_price="1")])

    # (1.50 - 1) * 12 = 6; 18 - 10 - 6 = 2
    assert causes(frame) == {"price": Decimal(6), "volume": Decimal(2)}


def test_an_unchanged_price_moves_nothing_whatever_was_rounded() -> None:
    frame = items(
        [used("0.333333333333", quantity="1", unit_price="0.333333333333")],
        [used("0.666666666667", quantity="2", unit_price="0.333333333333")],
    )

    assert causes(frame) == {"volume": Decimal("-0.333333333334")}


def test_several_prices_in_a_month_count_as_their_average() -> None:
    now = [used("4", quantity="2", unit_price="2"), used("12", quantity="2", unit_price="6", source="line 3")]
    frame = items(now, [used("3", quantity="1", unit_price="3")])

    # 16 / 4 = 4 a unit: (4 - 3) * 4 = 4; 16 - 3 - 4 = 9
    assert causes(frame) == {"price": Decimal(4), "volume": Decimal(9)}


def test_a_price_of_zero_is_a_price() -> None:
    frame = items([used("6", quantity="3", unit_price="2")], [used("0", quantity="5", unit_price="0")])

    assert causes(frame) == {"price": Decimal(6)}


def test_the_cost_of_a_workload_has_no_price_and_moves_by_volume() -> None:
    assert causes(items([ran("7")], [ran("4")])) == {"volume": Decimal(3)}


def test_what_costs_in_one_month_only_is_new_or_gone() -> None:
    frame = items([used("5", meter="instance_hours"), ran("2", workload="job")], [used("3"), ran("1.50")])

    assert causes(frame) == {"new": Decimal(7), "gone": Decimal("-4.5")}
    rows = frame.select("meter", "previous_effective_cost", "effective_cost").filter(pl.col("meter") != "").rows()
    assert sorted(rows) == [("core_hours", Decimal(3), Decimal(0)), ("instance_hours", Decimal(0), Decimal(5))]


def adjusted(cost: str) -> Row:
    """A line of adjustments.csv."""
    row = ran(cost, currency="EUR", connection="alpha-main", workload="")
    return {**row, "cluster": "", "namespace": "", "adjustment": "10 % discount"}


def test_an_adjustment_that_comes_goes_or_changes_is_a_cause_of_its_own() -> None:
    assert causes(items([used("5"), adjusted("-1")], [used("5")])) == {"adjustment": Decimal(-1)}
    assert causes(items([used("5")], [used("5"), adjusted("-1")])) == {"adjustment": Decimal(1)}
    assert causes(items([adjusted("-3")], [adjusted("-1")])) == {"adjustment": Decimal(-2)}
    assert causes(items([adjusted("-3")], [], previously=())) == {"not_comparable": Decimal(-3)}


def spread(cost: str, project: str) -> Row:
    """What a rule of allocation.csv gives to a project, or takes of it."""
    row = ran(cost, currency="EUR", connection="alpha-main", workload="", project=project)
    return {**row, "cluster": "", "namespace": "", "allocation": "share of platform"}


def test_what_rules_spread_is_a_cause_of_its_own_that_adds_up_to_nothing() -> None:
    now = [used("5"), used("9", project="Platform"), spread("-9", "Platform"), spread("9", "Web")]
    then = [used("5"), used("6", project="Platform"), spread("-6", "Platform"), spread("6", "Web")]
    frame = items(now, then)

    assert frame.select("project", "allocation_effect").filter(pl.col("allocation_effect") != 0).rows() == [
        ("Platform", Decimal(-3)),
        ("Web", Decimal(3)),
    ]
    [bridge] = summarise_bridge(frame, closed={}).to_dicts()
    assert (bridge["opening_cost"], bridge["allocation_effect"], bridge["closing_cost"]) == (11, 0, 14)


def test_a_connection_that_was_silent_in_one_month_is_not_comparable() -> None:
    frame = items([used("5")], [], previously=())
    assert causes(frame) == {"not_comparable": Decimal(5)}
    assert frame.select("previous_effective_cost", "effective_cost").row(0) == (None, Decimal(5))

    assert causes(items([], [used("5")], observed=())) == {"not_comparable": Decimal(-5)}


def test_usage_that_has_a_price_in_one_month_only_is_not_comparable() -> None:
    assert causes(items([used(None)], [used("5")])) == {"not_comparable": Decimal(-5)}
    assert causes(items([used("5")], [used(None)])) == {"not_comparable": Decimal(5)}
    # without a price and unused: it cost nothing
    assert causes(items([used(None, quantity="0")], [used("5")])) == {"gone": Decimal(-5)}


def test_the_bridge_begins_at_what_the_month_before_was_closed_with() -> None:
    frame = items([used("40", quantity="40")], [used("32", quantity="32")])

    (row,) = summarise_bridge(frame, closed={"EUR": Decimal(30)}).to_dicts()
    assert (row["opening_cost"], row["restatement_effect"], row["volume_effect"], row["closing_cost"]) == (
        Decimal(30),
        Decimal(2),
        Decimal(8),
        Decimal(40),
    )
    (row,) = summarise_bridge(frame, closed={}).to_dicts()
    assert (row["opening_cost"], row["restatement_effect"]) == (Decimal(32), Decimal(0))


def test_a_currency_that_the_closed_month_alone_had_is_a_restatement() -> None:
    rows = summarise_bridge(items([], []), closed={"USD": Decimal(3)}).to_dicts()

    assert [(row["billing_currency"], row["restatement_effect"], row["closing_cost"]) for row in rows] == [
        ("USD", Decimal(-3), Decimal(0))
    ]


def test_currencies_have_bridges_of_their_own() -> None:
    frame = items([used("40", quantity="40"), ran("7")], [used("32", quantity="32")])

    bridge = summarise_bridge(frame, closed={})
    assert bridge.select("billing_currency", "opening_cost", "volume_effect", "new_effect", "closing_cost").rows() == [
        ("EUR", Decimal(32), Decimal(8), Decimal(0), Decimal(40)),
        ("USD", Decimal(0), Decimal(0), Decimal(7), Decimal(7)),
    ]


def test_the_table_sums_the_workloads_of_a_namespace() -> None:
    frame = items([ran("5"), ran("1", workload="job")], [ran("3"), ran("4", workload="job")])

    (row,) = summarise_variance(frame, billing_period="2026-10").to_dicts()
    assert (row["previous_effective_cost"], row["effective_cost"], row["volume_effect"]) == (
        Decimal(7),
        Decimal(6),
        Decimal(-1),
    )


def movers(frame: pl.DataFrame, *by: str, top: int = 5) -> list[tuple[Any, ...]]:
    return summarise_movers(frame, by=by, top=top).select(*by, "change").rows()


def test_the_movers_are_the_largest_rises_and_then_the_largest_falls() -> None:
    frame = items(
        [used("18", project="A"), used("5", project="B"), used("1", project="C"), used("3", project="E")],
        [used("10", project="A"), used("4", project="B"), used("9", project="C"), used("2", project="D")],
        previously=("alpha-main",),
    )

    assert movers(frame, "project") == [("A", 8), ("E", 3), ("B", 1), ("C", -8), ("D", -2)]
    assert movers(frame, "project", top=1) == [("A", 8), ("C", -8)]


def test_who_is_not_known_in_one_month_is_no_mover() -> None:
    now = [used("5", project="A"), used("5", project="A", connection="beta-main"), used("2", project="B")]
    frame = items(now, [used("1", project="A")], previously=("alpha-main",))

    assert movers(frame, "project") == [("B", 2)]


def test_an_item_says_whether_its_costs_are_lower_bounds() -> None:
    frame = items([used("5"), used("5", connection="beta-main"), ran("7")], [])

    assert frame.select("connection", "is_lower_bound", "previous_is_lower_bound").rows() == [
        ("alpha-main", False, True),
        ("beta-main", True, False),
        ("kube-main", False, False),
    ]


AMOUNTS = st.decimals("-10000", "10000", places=12, allow_nan=False)
PRICES = st.sampled_from(["0", "0.000000000001", "0.333333333333", "2", "1000.5"])
USAGE = st.builds(
    lambda cost, quantity, price, project, connection, meter, currency: used(
        None if cost is None else str(cost),
        quantity=str(quantity),
        unit_price=price,
        project=project,
        connection=connection,
        meter=meter,
        currency=currency,
    ),
    st.none() | AMOUNTS,
    st.decimals("0", "1000000000", places=12, allow_nan=False),
    PRICES,
    st.sampled_from(["A", "B"]),
    st.sampled_from(["alpha-main", "beta-main"]),
    st.sampled_from(["core_hours", "gpu_hours"]),
    st.sampled_from(["EUR", "USD"]),
)
WORKLOADS = st.builds(
    lambda cost, workload: ran(None if cost is None else str(cost), workload=workload),
    st.none() | AMOUNTS,
    st.sampled_from(["api", "job"]),
)
ADJUSTMENTS = AMOUNTS.map(lambda cost: adjusted(str(cost)))
MONTHS = st.lists(USAGE | WORKLOADS | ADJUSTMENTS, max_size=8)
SOME = st.sets(st.sampled_from(ALL)).map(tuple)


@given(MONTHS, MONTHS, SOME, SOME, st.none() | AMOUNTS)
def test_the_causes_add_up_to_the_change_to_the_last_decimal(
    now: list[Row], before: list[Row], observed: tuple[str, ...], previously: tuple[str, ...], closed: Decimal | None
) -> None:
    frame = items(now, before, observed=observed, previously=previously)
    bridge = summarise_bridge(frame, closed={} if closed is None else {"EUR": closed})

    for row in bridge.to_dicts():
        currency = row["billing_currency"]
        after, earlier = (
            sum((one["effective_cost"] or 0 for one in month if one["billing_currency"] == currency), Decimal(0))
            for month in (now, before)
        )
        assert row["closing_cost"] == after
        assert row["opening_cost"] == (closed if currency == "EUR" and closed is not None else earlier)
        assert row["opening_cost"] + sum(row[name] for name in effects(CAUSES)) == after
