"""What rules took, gave and left: the tie-out, and each project's share. The examples of docs/figures.md."""

from decimal import Decimal

import polars as pl

from tallybook.summaries.allocation import summarise_allocated, summarise_allocation, summarise_shares
from tallybook.summaries.totals import summarise_tie_out
from tests.summaries.literal_frames import allocation, given, taken

PERCENTAGES = allocation(
    taken("-56.25", of="90"), given("45", "Web", weight="50", of="100"), given("11.25", "Shop", weight="12.5", of="100")
)
CHAIN = allocation(
    taken("-90", of="90"),
    given("90", "Shop"),
    taken("-50", of="100", project="Shop", rule="shop", received="90"),
    given("50", "Web", rule="shop"),
).with_columns(kind=pl.when(pl.col("rule") == "shop").then(pl.lit("idle")).otherwise("kind"))


def projects(**costs: str) -> pl.DataFrame:
    rows = [(name, "EUR", Decimal(cost), name == "Web") for name, cost in costs.items()]
    names = ("project", "billing_currency", "effective_cost", "is_lower_bound")
    kinds = (pl.String, pl.String, pl.Decimal(38, 12), pl.Boolean)
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def source(cost: str) -> pl.DataFrame:
    return pl.DataFrame(
        [("EUR", Decimal(cost))],
        schema={"billing_currency": pl.String, "effective_cost": pl.Decimal(38, 12)},
        orient="row",
    )


def test_the_tie_out_parts_what_was_given_and_what_was_left() -> None:
    """Web 20, Shop 10, Platform 90, of which 45 and 11.25 are given: 30 + 56.25 + 0 + 33.75 = 120."""
    costs = projects(Web="65", Shop="21.25", Platform="33.75")
    [row] = summarise_tie_out(source("120"), costs, PERCENTAGES).to_dicts()

    parts = tuple(row[name] for name in ("allocated", "shared", "idle", "unallocated", "difference"))
    assert parts == (30, Decimal("56.25"), 0, Decimal("33.75"), 0)
    assert row["holds"]


def test_what_is_spread_on_counts_as_the_later_rule_s_and_once() -> None:
    """Platform's 90 go to Shop; of Shop's 10 + 90 half goes to Web: shared 0, idle 50, unallocated 50, Web's 20."""
    [sums] = summarise_allocated(CHAIN).to_dicts()
    assert (sums["shared"], sums["idle"], sums["unallocated"]) == (0, 50, 50)

    [row] = summarise_tie_out(source("120"), projects(Web="70", Shop="50", Platform="0"), CHAIN).to_dicts()
    assert (row["allocated"], row["shared"], row["idle"], row["unallocated"], row["difference"]) == (20, 0, 50, 50, 0)


def test_the_rows_say_the_weight_and_what_is_left() -> None:
    rows = summarise_allocation(PERCENTAGES, billing_period="2026-10").select(
        "role", "project", "weight_pct", "effective_cost", "unallocated_cost"
    )

    assert rows.rows() == [
        ("source", "Platform", None, Decimal("-56.25"), Decimal("33.75")),
        ("target", "Shop", Decimal("12.5"), Decimal("11.25"), None),
        ("target", "Web", Decimal(50), Decimal(45), None),
    ]


def test_a_project_s_cost_is_its_own_and_its_shares_less_what_it_passes_on() -> None:
    rows = summarise_shares(projects(Web="70", Shop="50", Platform="0", Blog="1"), CHAIN).drop("is_lower_bound")

    assert rows.rows() == [
        ("Web", "EUR", 20, 0, 50, 0, 70),
        ("Shop", "EUR", 10, 90, 0, -50, 50),
        ("Platform", "EUR", 90, 0, 0, -90, 0),
    ]


def test_without_rules_everything_is_allocated() -> None:
    [row] = summarise_tie_out(source("10"), projects(Web="10"), allocation()).to_dicts()

    assert (row["allocated"], row["shared"], row["idle"], row["unallocated"]) == (10, 0, 0, 0)
