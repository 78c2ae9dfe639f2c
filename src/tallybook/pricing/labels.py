"""Which costs belong to a project by a label. A sub account's own row in projects.csv goes before, `*` after that.

Distinct texts of labels are matched in DuckDB and joined to the costs: nothing here looks at a cost by itself.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from tallybook.pricing.books import ProjectRule
from tallybook.warehouse import Warehouse

_RULES, _PROJECTS = "pricing.label_rules", "pricing.labelled_projects"
_ACCOUNT = ("connection", "sub_account_id")
_ASSIGNED = ("project", "cost_center", "owner")
_TEXT = pl.String()


def map_labels(warehouse: Warehouse, month: str, rules: Iterable[ProjectRule]) -> None:
    """Make pricing.labelled_projects of a month, and let pricing.accounts, which must be there, follow.

    Of several labels of a cost the rule that names the connection wins, then the earlier line. A sub account whose
    every cost has a project by a label is no project of its own any more. Example: `label:team=checkout` is Shop, the
    namespace has costs with that label and without: the former are Shop's, the latter stay with the namespace.
    """
    listed = list(rules)
    ranked = sorted((rule for rule in listed if rule.label), key=lambda rule: (rule.connection == "", rule.line))
    for table in (_RULES, _PROJECTS):
        warehouse.delete(table, billing_period=month)
    if not ranked:
        return
    warehouse.insert(_RULES, _rule_rows(ranked, month))
    own = [(rule.connection, rule.sub_account_id) for rule in listed if not rule.label]
    exact = pl.DataFrame(own, schema=dict.fromkeys(_ACCOUNT, _TEXT), orient="row")
    found = warehouse.frame("marts/labelled_costs", billing_period=month).join(exact, on=_ACCOUNT, how="anti")
    labelled = found.join(_assigned(ranked), on="rank")
    rows = labelled.select(pl.lit(month).alias("billing_period"), *_ACCOUNT, "labels", *_ASSIGNED)
    warehouse.insert(_PROJECTS, rows)
    _follow(warehouse, month, labelled, others=found.filter(pl.col("rank").is_null() | ~pl.col("is_cost_only")))


def _follow(warehouse: Warehouse, month: str, labelled: pl.DataFrame, *, others: pl.DataFrame) -> None:
    """Give the sub accounts that have nothing without a label to the first project of their labels."""
    wholly = labelled.join(others, on=_ACCOUNT, how="anti").sort("rank").unique(_ACCOUNT, keep="first")
    accounts = warehouse.select("pricing.accounts", billing_period=month)
    given = accounts.drop(*_ASSIGNED, "is_mapped").join(wholly.select(*_ACCOUNT, *_ASSIGNED), on=_ACCOUNT)
    kept = accounts.join(wholly, on=_ACCOUNT, how="anti")
    warehouse.delete("pricing.accounts", billing_period=month)
    followed = given.with_columns(pl.lit(value=True).alias("is_mapped")).select(accounts.columns)
    warehouse.insert("pricing.accounts", pl.concat([kept, followed]))


def _rule_rows(ranked: Sequence[ProjectRule], month: str) -> pl.DataFrame:
    rows = [(month, rank, rule.connection, *(rule.label or ())) for rank, rule in enumerate(ranked)]
    names = ("billing_period", "rank", "connection", "label_key", "label_value")
    schema = {name: pl.Int32() if name == "rank" else _TEXT for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _assigned(ranked: Sequence[ProjectRule]) -> pl.DataFrame:
    rows = [(rank, rule.project, rule.cost_center, rule.owner) for rank, rule in enumerate(ranked)]
    return pl.DataFrame(rows, schema={"rank": pl.Int32(), **dict.fromkeys(_ASSIGNED, _TEXT)}, orient="row")
