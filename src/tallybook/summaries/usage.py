"""Quantities per meter, what they cost, and what has no price."""

import polars as pl

from tallybook.summaries.expressions import CONTRACTED, is_unpriced, known_sum

PROVIDER_COST = "provider_cost"
"""What stands for a meter where a provider left out a cost."""

_PLACE = ("connection", "sub_account_id", "project", "region")


def summarise_usage(charges: pl.DataFrame, connections: pl.DataFrame, *, billing_period: str) -> pl.DataFrame:
    """One row per sub account, region, meter and basis, in the unit that the meter counts.

    Example: 24 days of 48 core-hours and 7 days of 24 give a quantity of 1320. What is owed without usage is in none.
    """
    return (
        charges.filter((pl.col("meter") != "") & (pl.col("basis") != CONTRACTED))
        .group_by(*_PLACE, "meter", "unit", "basis", "provider", "sub_account_name")
        .agg(known_sum("consumed_quantity"))
        .join(connections.select("connection", "coverage_pct"), on="connection", how="left")
        .select(
            pl.lit(billing_period).alias("billing_period"), *_PLACE, "meter", "unit",
            pl.col("consumed_quantity").alias("quantity"), "basis", "coverage_pct",
            "provider", "sub_account_name",
        )
        .sort("connection", "sub_account_id", "region", "meter", "basis")
    )  # fmt: skip


def summarise_lines(charges: pl.DataFrame) -> pl.DataFrame:
    """What a statement lists: quantity (in pricing units) and cost per meter, and one line of provider costs.

    `list_unit_price` is null when there was no price or more than one in the month. Example: 10 GiB-hours at 0.01
    and 20 at 0.02 EUR give quantity 30, cost 0.50 and no single price. What has no price stands in its own line,
    so do commitments and minimums, and so does each adjustment and each share of a spread cost, behind the rest of its
    connection.
    """
    key = (*_PLACE, "meter", "adjustment", "allocation", "billing_currency", "basis", "cost_basis")
    return (
        charges.filter(is_unpriced() | pl.col("effective_cost").is_not_null())
        .group_by(*key, "provider", "sub_account_name", "pricing_unit")
        .agg(
            known_sum("pricing_quantity"),
            known_sum("effective_cost"),
            pl.when(pl.col("list_unit_price").n_unique() == 1)
            .then(pl.col("list_unit_price").first())
            .alias("list_unit_price"),
            pl.col("price_source").drop_nulls().unique().sort().alias("price_sources"),
        )
        .sort("project", "connection", pl.col("allocation") != "", pl.col("adjustment") != "", "sub_account_id",
              "region", "meter", "adjustment", "allocation", "billing_currency", "basis", "cost_basis", nulls_last=True)
    )  # fmt: skip


def summarise_unpriced(charges: pl.DataFrame) -> pl.DataFrame:
    """Usage without a price, in pricing units; in no total. A price of 0 is a price, a quantity of 0 needs none.

    Workload costs that their provider left out are listed as provider_cost, with the number of charges.
    """
    is_cost = pl.col("meter") == ""
    return (
        charges.filter(is_unpriced())
        .with_columns(
            pl.when(is_cost).then(pl.lit(PROVIDER_COST)).otherwise(pl.col("meter")).alias("meter"),
            pl.when(is_cost).then(pl.lit("charge")).otherwise(pl.col("pricing_unit")).alias("unit"),
            pl.when(is_cost)
            .then(pl.col("charges").cast(pl.Decimal(38, 12)))
            .otherwise(pl.col("pricing_quantity"))
            .alias("quantity"),
        )
        .group_by(*_PLACE, "provider", "sub_account_name", "meter", "unit")
        .agg(known_sum("quantity"))
        .sort("connection", "sub_account_id", "region", "meter", "project")
    )


def summarise_prices(charges: pl.DataFrame, prices: pl.DataFrame, connections: pl.DataFrame) -> pl.DataFrame:
    """The price rows that made charges, each with its quantity and its cost; in the order of the price book's keys.

    They are lower bounds when a connection that they priced was seen in part.
    """
    in_part = connections.filter(pl.col("coverage_pct") < 100)["connection"].to_list()
    used = (
        charges.filter(pl.col("price_source").is_not_null())
        .group_by("price_source")
        .agg(
            known_sum("pricing_quantity"),
            known_sum("effective_cost"),
            pl.col("connection").is_in(in_part).any().alias("is_lower_bound"),
        )
    )
    return prices.join(used, on="price_source", how="inner").sort(
        "provider", "meter", "connection", "sub_account_id", "region", "valid_from", "price_source"
    )
