"""This month's costs beside last month's, by any set of columns."""

from collections.abc import Collection, Sequence

import polars as pl

from tallybook.summaries.expressions import is_priced, is_unpriced, known_sum, zero

CURRENCY = "billing_currency"


def compare_costs(
    charges: pl.DataFrame,
    previous: pl.DataFrame,
    *,
    by: Sequence[str],
    observed: Collection[str],
    previously_observed: Collection[str],
) -> pl.DataFrame:
    """Costs by columns (`connection` among them) and currency, with those of the month before.

    Adds list_cost, effective_cost, previous_effective_cost, unpriced_meters and unpriced_before. A cost that is not
    there is 0 when the connection was observed in that month and left nothing unpriced there, else null: not known.
    So with a project that cost 5 EUR last month and is gone: 0 when its connection answered, null when it did not.
    What has no price in either month stands in a row without a currency.
    """
    keys = [*by, CURRENCY]
    now, before = _costs(charges, keys), _costs(previous, keys)
    unpriced, unpriced_before = _unpriced(charges, by), _unpriced(previous, by)
    costs = now.join(before.select(*keys, previous_effective_cost="effective_cost"), on=keys, how="full", coalesce=True)
    bare = unpriced.join(costs, on=by, how="anti").select(by)
    rows = pl.concat([costs, bare], how="diagonal").join(unpriced, on=by, how="left")
    rows = rows.join(unpriced_before.rename({"unpriced_meters": "unpriced_before"}), on=by, how="left")
    return rows.with_columns(
        _zero_where_seen("effective_cost", "unpriced_meters", observed),
        _zero_where_seen("previous_effective_cost", "unpriced_before", previously_observed),
        pl.col("unpriced_meters", "unpriced_before").fill_null(0),
    )


def _costs(charges: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    priced = charges.filter(is_priced())
    return priced.group_by(keys).agg(known_sum("list_cost"), known_sum("effective_cost"))


def _unpriced(charges: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    return charges.filter(is_unpriced()).group_by(by).agg(unpriced_meters=pl.col("meter").n_unique())


def _zero_where_seen(cost: str, unpriced: str, observed: Collection[str]) -> pl.Expr:
    seen = pl.col("connection").is_in(list(observed)) & pl.col(unpriced).is_null()
    return pl.when(pl.col(cost).is_null() & seen).then(zero()).otherwise(pl.col(cost)).alias(cost)
