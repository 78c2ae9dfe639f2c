"""What was bought upfront, what of it was used, and what the unused rest cost."""

import polars as pl

from tallybook.summaries.expressions import AMOUNT, percent, zero

_PLACE = ("connection", "sub_account_id", "project", "region", "meter")


def summarise_commitments(
    charges: pl.DataFrame, prices: pl.DataFrame, connections: pl.DataFrame, *, billing_period: str, is_over: bool
) -> pl.DataFrame:
    """One row per row of commitments.csv that holds in the month; `region` is "" for all regions together.

    `committed_quantity` is the level that was bought (100 cores), the other quantities are what it covers in the month,
    in pricing units (core-hours). utilisation_pct = 100 * used / (used + unused). Quantities are of all days of its
    validity, so that used and unused cost what the commitment does. With `is_lower_bound` more may have been used and
    less is unused: the connection was seen in part, or the month runs; the cost stays what it is.
    Example: 100 cores at 0.01 EUR on one day of which 1,800 core-hours were used: 18 EUR used, 6 EUR unused, 75 %.
    """
    own = charges.filter(pl.col("cost_basis") == "commitment")
    sums = own.group_by("price_source").agg(
        pl.col("project", "sub_account_name").first(),
        *(_of(status, column) for column in ("quantity", "cost") for status in ("Used", "Unused")),
    )
    rows = prices.filter(pl.col("committed_quantity").is_not_null()).join(sums, on="price_source")
    whole = rows.with_columns(
        (pl.col("used_quantity") + pl.col("unused_quantity")).cast(AMOUNT).alias("covered_quantity"),
        (pl.col("used_cost") + pl.col("unused_cost")).cast(AMOUNT).alias("effective_cost"),
    ).join(connections.select("connection", "coverage_pct"), on="connection", how="left")
    in_part = (pl.col("coverage_pct") < 100).fill_null(value=False)
    return whole.select(
        pl.lit(billing_period).alias("billing_period"), *_PLACE, "committed_quantity", "list_unit_price",
        pl.col("pricing_unit").alias("unit"), "used_quantity", "unused_quantity", "used_cost", "unused_cost",
        "effective_cost", "billing_currency", percent("used_quantity", "covered_quantity").alias("utilisation_pct"),
        "coverage_pct", (in_part | pl.lit(value=not is_over)).alias("is_lower_bound"), "valid_from", "valid_to",
        "source", "price_source", "provider", "sub_account_name",
    ).sort(*_PLACE, "valid_from", pl.col("price_source").str.len_chars(), "price_source")  # fmt: skip


def _of(status: str, column: str) -> pl.Expr:
    """What charges of a FOCUS CommitmentDiscountStatus come to; nothing of it is zero."""
    source = {"quantity": "pricing_quantity", "cost": "effective_cost"}[column]
    amount = pl.when(pl.col("commitment_discount_status") == status).then(source).otherwise(zero())
    return amount.sum().alias(f"{status.lower()}_{column}")
