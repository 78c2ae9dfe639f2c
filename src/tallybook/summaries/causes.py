"""The few things that moved a currency's total most: a project, the cause, and the meter that is most of it."""

from collections.abc import Collection

import polars as pl

from tallybook.summaries.comparison import CURRENCY
from tallybook.summaries.expressions import AMOUNT
from tallybook.summaries.variance import ITEM_CAUSES, effects

TOP_CAUSES = 3


def summarise_causes(
    variance: pl.DataFrame, *, causes: Collection[str] = ITEM_CAUSES, top: int = TOP_CAUSES
) -> pl.DataFrame:
    """Per currency the `top` pairs of project and cause by how far they moved the total, in either direction.

    Takes the rows of tables/variance.csv. Columns: billing_currency, project, cause, effect, then connection, meter and
    part_effect of the meter at a connection that moved furthest in the same direction. Example: Web used 6 EUR more
    core-hours and 1 EUR less storage, Shop is gone with 3 EUR: Web, volume, 5, of it core-hours 6; Shop, gone, -3.
    """
    long = variance.unpivot(
        on=effects(causes),
        index=["project", "connection", "meter", CURRENCY],
        variable_name="cause",
        value_name="effect",
    ).with_columns(pl.col("cause").str.strip_suffix("_effect"))
    key = [CURRENCY, "project", "cause"]
    parts = long.group_by(*key, "connection", "meter").agg(pl.col("effect").sum().cast(AMOUNT))
    sums = parts.group_by(key).agg(pl.col("effect").sum().cast(AMOUNT).alias("total")).filter(pl.col("total") != 0)
    places = ["connection", "meter"]
    same_way = parts.join(sums, on=key).filter((pl.col("effect") > 0) == (pl.col("total") > 0))
    largest = (
        same_way.sort(pl.col("effect").abs(), *places, descending=[True, False, False])
        .group_by(key, maintain_order=True)
        .first()
    )
    ranked = largest.sort(CURRENCY, pl.col("total").abs(), "project", "cause", descending=[False, True, False, False])
    return (
        ranked.group_by(CURRENCY, maintain_order=True)
        .head(top)
        .select(*key, pl.col("total").alias("effect"), *places, pl.col("effect").alias("part_effect"))
    )
