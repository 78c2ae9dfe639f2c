"""Projects, connections, workloads and pricing categories, with values worked by hand."""

from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tallybook.summaries.pricing import summarise_pricing
from tallybook.summaries.projects import summarise_projects, summarise_providers
from tallybook.summaries.totals import summarise_tie_out
from tallybook.summaries.workloads import summarise_workloads
from tests.summaries.literal_frames import allocation, charges, connections, ran, used

ALL = ("alpha-main", "beta-main", "kube-main")


def projects(
    now: pl.DataFrame,
    before: pl.DataFrame,
    *,
    seen: str = "99.5",
    seen_before: str = "100",
    observed: tuple[str, ...] = ALL,
    previously: tuple[str, ...] = ALL,
) -> pl.DataFrame:
    return summarise_projects(
        now,
        before,
        connections(alpha=seen),
        previous_connections=connections(alpha=seen_before),
        billing_period="2026-10",
        observed=observed,
        previously_observed=previously,
    )


def figures(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("project", "billing_currency", "effective_cost", "previous_effective_cost").rows()


def test_a_project_s_charges_add_up_beside_those_of_the_month_before() -> None:
    frame = projects(charges(used("3"), used("4.50", meter="instance_hours")), charges(used("5")))

    assert frame.rows() == [
        (
            "2026-10", "Web", "alpha-main", "alpha", "EUR", Decimal("7.5"), Decimal("7.5"), Decimal(5),
            Decimal("99.5"), 0, True, False,
        )
    ]  # fmt: skip


def test_the_promised_columns_come_first() -> None:
    frame = projects(charges(), charges())

    assert frame.columns[:9] == [
        "billing_period", "project", "connection", "provider", "billing_currency", "list_cost", "effective_cost",
        "previous_effective_cost", "coverage_pct",
    ]  # fmt: skip


def bounds(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("is_lower_bound", "previous_is_lower_bound").rows()


def test_a_cost_is_a_lower_bound_when_hours_are_missing_in_its_month() -> None:
    now, before = charges(used("3")), charges(used("2"))

    assert bounds(projects(now, before, seen="100")) == [(False, False)]
    assert bounds(projects(now, before, seen="99.999999999999")) == [(True, False)]
    assert bounds(projects(now, before, seen="100", seen_before="0")) == [(False, True)]


def test_a_cost_is_a_lower_bound_when_a_meter_has_no_price_in_its_month() -> None:
    priced, unpriced = charges(used("3")), charges(used("2"), used(None, meter="gpu_hours"))

    assert bounds(projects(unpriced, priced, seen="100")) == [(True, False)]
    assert bounds(projects(priced, unpriced, seen="100")) == [(False, True)]


def test_two_currencies_are_never_added() -> None:
    frame = projects(charges(used("3"), used("4", currency="USD")), charges())

    assert figures(frame) == [("Web", "EUR", Decimal(3), Decimal(0)), ("Web", "USD", Decimal(4), Decimal(0))]


def test_a_month_that_nobody_saw_is_not_zero() -> None:
    frame = projects(charges(used("3")), charges(), previously=())

    assert figures(frame) == [("Web", "EUR", Decimal(3), None)]


def test_a_project_that_is_gone_costs_nothing_where_its_connection_answered() -> None:
    frame = projects(charges(used("3")), charges(used("3"), used("5", project="Old")))

    assert figures(frame) == [("Old", "EUR", Decimal(0), Decimal(5)), ("Web", "EUR", Decimal(3), Decimal(3))]


def test_a_project_whose_connection_is_silent_has_no_known_cost() -> None:
    frame = projects(charges(), charges(used("5")), observed=())

    assert figures(frame) == [("Web", "EUR", None, Decimal(5))]


def test_usage_without_a_price_makes_a_row_without_currency_and_cost() -> None:
    frame = projects(charges(used(None), used(None, meter="gpu_hours")), charges())

    assert frame.select("billing_currency", "list_cost", "effective_cost", "unpriced_meters").rows() == [
        (None, None, None, 2)
    ]


def test_usage_without_a_price_is_counted_beside_what_is_priced() -> None:
    frame = projects(charges(used("3"), used(None, meter="gpu_hours")), charges())

    assert frame.select("billing_currency", "effective_cost", "unpriced_meters").rows() == [("EUR", Decimal(3), 1)]


def test_a_project_that_lost_its_price_is_not_known_instead_of_zero() -> None:
    frame = projects(charges(used(None)), charges(used("5")))

    assert figures(frame) == [("Web", "EUR", None, Decimal(5))]


def test_nothing_used_needs_no_price() -> None:
    assert projects(charges(used(None, quantity="0")), charges()).is_empty()


def test_a_price_of_zero_is_a_cost() -> None:
    assert figures(projects(charges(used("0")), charges())) == [("Web", "EUR", Decimal(0), Decimal(0))]


def test_connections_add_up_their_projects_and_silent_ones_are_listed() -> None:
    frame = summarise_providers(
        charges(used("3"), used("4.50", project="Shop")),
        charges(),
        connections(alpha="100", beta=None),
        previous_connections=connections(),
        billing_period="2026-10",
        observed=("alpha-main",),
        previously_observed=(),
    )

    assert frame.select("connection", "billing_currency", "effective_cost", "coverage_pct").rows() == [
        ("alpha-main", "EUR", Decimal("7.5"), Decimal(100)),
        ("beta-main", None, None, None),
    ]


def test_spot_pct_is_spot_hours_of_all_hours() -> None:
    now = charges(ran("10", spot="20", on_demand="0"), ran("2", spot="10", on_demand="10"), ran("1", workload="job"))
    before = charges(ran("11"))

    frame = summarise_workloads(
        now, before, connections(kube="100"), previous_connections=connections(kube="99"), billing_period="2026-10"
    )

    assert frame.columns[:12] == [
        "billing_period", "connection", "cluster", "namespace", "workload", "workload_type", "billing_currency",
        "effective_cost", "spot_hours", "on_demand_hours", "spot_pct", "savings_available",
    ]  # fmt: skip
    names = ("workload", "effective_cost", "spot_hours", "on_demand_hours", "spot_pct", "previous_effective_cost")
    assert frame.select(names).rows() == [
        ("api", Decimal(12), Decimal(30), Decimal(10), Decimal(75), Decimal(11)),
        ("job", Decimal(1), None, None, None, None),
    ]


def test_usage_is_no_workload() -> None:
    nobody = connections()
    frame = summarise_workloads(
        charges(used("1")), charges(), nobody, previous_connections=nobody, billing_period="2026-10"
    )

    assert frame.is_empty()


def test_a_workload_s_cost_is_a_lower_bound_when_seen_in_part_or_without_a_day_s_cost() -> None:
    now = charges(ran("3"), ran("4", workload="job"), ran(None, workload="job"))

    def found(seen: str) -> list[tuple[Any, ...]]:
        frame = summarise_workloads(
            now,
            charges(ran("2")),
            connections(kube=seen),
            previous_connections=connections(kube="100"),
            billing_period="2026-10",
        )
        return frame.select("workload", "is_lower_bound", "previous_is_lower_bound").rows()

    assert found("100") == [("api", False, False), ("job", True, False)]
    assert found("97") == [("api", True, False), ("job", True, False)]


def test_categories_of_a_connection_that_lacks_hours_or_prices_are_lower_bounds() -> None:
    rows = charges(used("1"), used(None, meter="gpu_hours"), ran("2"), ran("3", connection="beta-main"))

    frame = summarise_pricing(rows, connections(alpha="100", kube="99", beta="100"), billing_period="2026-10")

    assert frame.select("connection", "is_lower_bound").rows() == [
        ("alpha-main", True), ("beta-main", False), ("kube-main", True),
    ]  # fmt: skip


def pricing(*rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    frame = summarise_pricing(charges(*rows), connections(), billing_period="2026-10")
    return frame.select("pricing_category", "hours", "effective_cost", "billing_currency", "cost_basis").rows()


def test_mixed_charges_are_split_by_hours_and_on_demand_gets_the_rest() -> None:
    assert pricing(ran("10", spot="2", on_demand="1", category="mixed")) == [
        ("on_demand", Decimal(1), Decimal("3.333333333333"), "USD", "hours_weighted"),
        ("spot", Decimal(2), Decimal("6.666666666667"), "USD", "hours_weighted"),
    ]


def test_one_kind_of_hours_takes_the_provider_s_cost_whole() -> None:
    rows = pricing(
        ran("10", spot="2", on_demand="0", category="spot"),
        ran("4", spot="0", on_demand="3", category="on_demand"),
        ran("1", spot="0", on_demand="0"),
    )

    assert rows == [
        ("on_demand", Decimal(3), Decimal(4), "USD", "provider"),
        ("spot", Decimal(2), Decimal(10), "USD", "provider"),
        ("unknown", Decimal(0), Decimal(1), "USD", "provider"),
    ]


def test_the_price_book_knows_no_category_and_no_hours() -> None:
    assert pricing(used("3"), used(None, meter="gpu_hours")) == [("unknown", None, Decimal(3), "EUR", "price_book")]


def test_pricing_has_the_promised_columns() -> None:
    assert summarise_pricing(charges(), connections(), billing_period="2026-10").columns[:8] == [
        "billing_period", "connection", "project", "pricing_category", "hours", "effective_cost", "billing_currency",
        "cost_basis",
    ]  # fmt: skip


COSTS = st.decimals(min_value=0, max_value=10**9, places=12)
HOURS = st.decimals(min_value=Decimal("0.000000000001"), max_value=10**5, places=12)
MIXED = st.lists(st.tuples(COSTS, HOURS, HOURS, st.sampled_from(["api", "job", "db"])), min_size=1, max_size=8)


@given(MIXED, st.randoms())
def test_split_costs_add_up_exactly_in_any_order(
    rows: list[tuple[Decimal, Decimal, Decimal, str]], random: Any
) -> None:
    listed = [
        ran(str(cost), spot=f"{spot:f}", on_demand=f"{rest:f}", category="mixed", workload=workload)
        for cost, spot, rest, workload in rows
    ]
    frame = summarise_pricing(charges(*listed), connections(), billing_period="2026-10")
    random.shuffle(listed)

    assert frame["effective_cost"].sum() == sum(cost for cost, *_ in rows)
    assert frame["effective_cost"].min() >= 0
    assert frame.equals(summarise_pricing(charges(*listed), connections(), billing_period="2026-10"))


def sources(*rows: tuple[str, str, str]) -> pl.DataFrame:
    shape = {"billing_currency": pl.String, "cost_basis": pl.String, "effective_cost": pl.Decimal(38, 12)}
    return pl.DataFrame([(a, b, Decimal(c)) for a, b, c in rows], schema=shape, orient="row")


def test_sources_and_projects_tie_out_per_currency() -> None:
    frame = summarise_tie_out(
        sources(("EUR", "provider", "10"), ("EUR", "price_book", "2.5"), ("USD", "provider", "1")),
        projects(charges(used("7.5"), used("5", project="Shop"), ran("1")), charges()),
        allocation(),
    )

    zero = Decimal(0)
    assert frame.rows() == [
        ("EUR", Decimal("12.5"), Decimal("12.5"), zero, zero, zero, zero, True),
        ("USD", Decimal(1), Decimal(1), zero, zero, zero, zero, True),
    ]


def test_a_cost_that_is_in_no_project_shows_as_a_difference() -> None:
    left = projects(charges(used("9.999999999999")), charges())
    frame = summarise_tie_out(sources(("EUR", "provider", "10")), left, allocation())

    assert frame.select("difference", "holds").rows() == [(Decimal("0.000000000001"), False)]


def test_no_part_of_a_split_is_below_zero() -> None:
    rows = pricing(ran("0.000000000001", spot="0.6", on_demand="0.000000000001", category="mixed"))

    assert [row[2] for row in rows] == [Decimal(0), Decimal("0.000000000001")]
