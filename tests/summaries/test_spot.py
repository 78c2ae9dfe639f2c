"""Spot and on-demand: coverage by hours, what spot saved and what could be saved, worked by hand."""

from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.summaries.spot import sum_spot, summarise_spot
from tests.summaries.literal_frames import Row, charges, connections, ran, used


def spot_of(*rows: Row, seen: str = "100") -> pl.DataFrame:
    return summarise_spot(charges(*rows), connections(kube=seen), billing_period="2026-10")


def one(frame: pl.DataFrame, *columns: str) -> tuple[Any, ...]:
    assert frame.height == 1
    return frame.select(columns).row(0)


def on_demand(cost: str, hours: str, **more: Any) -> Row:
    return ran(cost, spot="0", on_demand=hours, category="on_demand", **more)


def on_spot(cost: str, hours: str, **more: Any) -> Row:
    return ran(cost, spot=hours, on_demand="0", category="spot", **more)


def test_coverage_is_a_ratio_of_hours() -> None:
    frame = spot_of(on_spot("4", "30"), on_demand("6", "10"), used("99"))

    assert one(frame, "spot_hours", "on_demand_hours", "spot_pct", "effective_cost") == (30, 10, 75, 10)


def test_spot_saved_what_its_hours_would_have_cost_at_the_workload_s_own_rate() -> None:
    frame = spot_of(on_demand("10", "10"), on_spot("4", "10"))

    # 1 USD an hour on demand: 10 spot hours would have cost 10
    columns = ("realised_savings", "on_demand_cost", "realised_pct", "judged_hours")
    assert one(frame, *columns) == (6, 10, 60, 10)


def test_a_mixed_charge_is_judged_by_all_of_its_hours() -> None:
    frame = spot_of(on_demand("10", "10"), ran("7", spot="5", on_demand="5", category="mixed"))

    # 10 hours at 1 USD less 7; the spot hours cost 7 - 5 = 2, 40 % of on demand
    assert one(frame, "realised_savings", "judged_hours") == (3, 5)


def test_without_a_rate_of_its_own_nothing_is_known_of_what_spot_saved() -> None:
    frame = spot_of(on_spot("4", "10"), on_demand("10", "10", workload="job"))

    assert one(frame, "realised_savings", "judged_hours", "realised_pct") == (None, None, None)


def test_a_spot_rate_out_of_band_is_no_rate() -> None:
    assert one(spot_of(on_demand("10", "10"), on_spot("10", "10")), "realised_savings") == (0,)
    assert one(spot_of(on_demand("10", "10"), on_spot("10.01", "10")), "realised_savings") == (None,)
    assert one(spot_of(on_demand("10", "10"), on_spot("0.50", "10")), "realised_savings") == (Decimal("9.5"),)
    assert one(spot_of(on_demand("10", "10"), on_spot("0.49", "10")), "realised_savings") == (None,)


def test_charges_without_hours_are_neither_spot_nor_on_demand() -> None:
    frame = spot_of(on_spot("4", "10"), ran("3"))

    assert one(frame, "spot_pct", "effective_cost", "unknown_cost") == (100, 7, 3)
    assert one(spot_of(ran("3")), "spot_pct", "spot_hours") == (None, None)


def test_what_could_be_saved_is_what_the_provider_says() -> None:
    frame = spot_of({**on_spot("4", "10"), "savings_available": Decimal("1.50")}, on_demand("5", "2"))

    assert one(frame, "savings_available") == (Decimal("1.5"),)


def test_sums_make_their_ratios_anew() -> None:
    rows = [on_spot("1", "30"), on_demand("9", "10"), on_demand("5", "10", project="Shop")]
    frame = spot_of(*rows, seen="99")

    assert frame.select("project", "spot_pct").rows() == [("Shop", 0), ("Web", 75)]
    assert one(sum_spot(frame, by=("cluster",)), "cluster", "spot_pct", "is_lower_bound") == ("c1", 60, True)
    assert sum_spot(frame, by=("project",)).select("project", "effective_cost").rows() == [("Web", 10), ("Shop", 5)]
