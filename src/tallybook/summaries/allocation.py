"""What the rules of allocation.csv took, gave and left, and what that makes of each project's cost."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, percent, zero

KINDS = ("shared", "idle")
_RULE = ("rule", "kind", "method", "meter")
_FLOWS = (*(f"{kind}_cost" for kind in KINDS), "passed_on_cost")


def summarise_allocation(charges: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """One row per rule, role, project, connection and currency: the source, then its targets.

    weight_pct = 100 * weight / all weights of the rule. Of a source unallocated_cost is what no project got. Example:
    90 EUR of which 56.25 are given: effective_cost -56.25, unallocated_cost 33.75.
    """
    rest = (pl.col("source_cost") + pl.col("effective_cost")).cast(AMOUNT)
    return charges.select(
        pl.lit(billing_period).alias("billing_period"),
        *_RULE, "role", "project", "connection", "provider", "billing_currency", "source_cost", "weight",
        percent("weight", "total_weight").cast(AMOUNT).alias("weight_pct"),
        "is_even_instead", "effective_cost", rest.alias("unallocated_cost"),
        pl.col("charge_period_start").dt.date().alias("first_date"),
        pl.col("charge_period_end").dt.date().alias("end_date"),
        "price_source",
    ).sort("rule", "first_date", "billing_currency", "connection", "role", "project")  # fmt: skip


def summarise_allocated(charges: pl.DataFrame) -> pl.DataFrame:
    """Per currency what rules of each kind gave for good, and what they left: shared, idle, unallocated.

    What a later rule spreads on counts as that rule's kind alone. Example: 90 EUR of a shared rule, of which an idle
    one spreads on all: shared 0, idle 90.
    """
    rest = pl.col("source_cost") + pl.col("effective_cost")
    return charges.group_by("billing_currency").agg(
        *(
            (
                pl.col("effective_cost").filter(_is_given(kind)).sum() - pl.col(f"received_{kind}_cost").sum()
            ).cast(AMOUNT).alias(kind)
            for kind in KINDS
        ),
        rest.sum().cast(AMOUNT).alias("unallocated"),
    )  # fmt: skip


def summarise_shares(projects: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Each project and currency that a rule touched: direct_cost + shared_cost + idle_cost + passed_on_cost = its cost.

    `projects` is their table. passed_on_cost is what rules took of the project, below zero. Example: Web with 20 EUR
    of its own and 60 of a shared rule: direct_cost 20, shared_cost 60, effective_cost 80.
    """
    keys = ("project", "billing_currency")
    given = [pl.col("effective_cost").filter(_is_given(kind)).sum().alias(f"{kind}_cost") for kind in KINDS]
    taken = pl.col("effective_cost").filter(pl.col("role") == "source").sum().alias("passed_on_cost")
    flows = charges.group_by(keys).agg(*given, taken)
    costs = projects.filter(pl.col("effective_cost").is_not_null()).group_by(keys)
    sums = costs.agg(pl.col("effective_cost").sum(), pl.col("is_lower_bound").any())
    return (
        flows.join(sums, on=keys, how="left")
        .with_columns(pl.col("effective_cost").fill_null(zero()), pl.col("is_lower_bound").fill_null(value=False))
        .with_columns((pl.col("effective_cost") - pl.sum_horizontal(_FLOWS)).cast(AMOUNT).alias("direct_cost"))
        .select(*keys, "direct_cost", *_FLOWS, "effective_cost", "is_lower_bound")
        .sort("billing_currency", "effective_cost", "project", descending=[False, True, False])
    )


def _is_given(kind: str) -> pl.Expr:
    return (pl.col("role") == "target") & (pl.col("kind") == kind)
