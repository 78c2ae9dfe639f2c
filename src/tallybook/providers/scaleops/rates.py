"""From sums per workload to the rows of a cost report: filters, groups, and rates that are ratios of sums.

In: frames of queries/documents/scaleops/sums.sql. Out: frames with the names and the order of the document.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.decode import decode, encode
from tallybook.providers.scaleops.json_rows import json_text
from tallybook.providers.scaleops.questions import Grouping, Wanted

FIELDS = {
    "amount_of_workloads": "amountOfWorkloads",
    "annotations": "annotations",
    "cluster_name": "clusterName",
    "hourly_cost": "hourlyCost",
    "id": "id",
    "labels": "labels",
    "namespace": "namespace",
    "on_demand_hours": "onDemandHours",
    "on_demand_percent": "onDemandPercent",
    "owner_cpu_request": "ownerCpuRequest",
    "owner_gpu_request": "ownerGpuRequest",
    "owner_labels": "ownerLabels",
    "owner_memory_request": "ownerMemoryRequest",
    "replicas": "replicas",
    "savings_available": "savingsAvailable",
    "savings_available_with_replicas": "savingsAvailableWithReplicas",
    "services": "services",
    "spot_hours": "spotHours",
    "spot_percent": "spotPercent",
    "total_cost": "totalCost",
    "workload_name": "workloadName",
    "workload_type": "workloadType",
}
"""Staging column to documented name, in the document's order."""

_EXACT = pl.Decimal(38, 12)
_SUMS = (
    "row_count", "hourly_cost", "total_cost", "on_demand_hours", "spot_hours", "replicas",
    "savings_available", "savings_available_with_replicas",
)  # fmt: skip
_LEVELS = ("amount_of_workloads", "owner_cpu_request", "owner_gpu_request", "owner_memory_request")
_NEWEST_SAVINGS = {
    "savings_available": "newest_savings_available",
    "savings_available_with_replicas": "newest_savings_available_with_replicas",
}
_COST_DIGITS, _SHARE_DIGITS = 6, 4


def passing(column: str, wanted: Wanted) -> pl.Expr:
    """Whether a text column passes a list filter."""
    if not wanted.values:
        return pl.lit(value=True)
    return pl.col(column).is_in(list(wanted.values)) != wanted.is_exclude


def passing_pairs(frame: pl.DataFrame, columns: Sequence[str], wanted: Wanted) -> pl.DataFrame:
    """The rows whose key=value pairs in columns of JSON text pass a list filter."""
    if not wanted.values:
        return frame
    combine = all if wanted.is_all else any

    def passes(texts: tuple[str | None, ...]) -> bool:
        present = {f"{key}={value}" for text in texts for key, value in pairs(text)}
        return combine(value in present for value in wanted.values) != wanted.is_exclude

    distinct = frame.select(columns).unique(maintain_order=True)
    chosen = distinct.filter([passes(texts) for texts in distinct.iter_rows()])
    return frame.join(chosen, on=list(columns), how="semi", nulls_equal=True, maintain_order="left")


def with_groups(frame: pl.DataFrame, groups: Grouping) -> pl.DataFrame:
    """The frame described as groups: of one another all rows with the same `group_key`.

    A group is named by its cluster, its namespace, and the values of its labels and annotations ("" where a
    workload has none), and has its labels as ownerLabels. An owner's label wins over the workload's own.
    """
    places = [
        pl.col(column)
        for column, is_asked in (("cluster_name", groups.by_cluster), ("namespace", groups.by_namespace))
        if is_asked
    ]
    told = _with_values(frame, ("labels", "owner_labels"), groups.labels, name="label_values")
    told = _with_values(told, ("annotations",), groups.annotations, name="annotation_values")
    named = told.with_columns(
        pl.concat_list(
            pl.concat_list(places) if places else pl.lit([], dtype=pl.List(pl.String)),
            "label_values",
            "annotation_values",
        ).alias("group_key")
    )
    joined = pl.col("group_key").list.join("/")
    nothing = pl.lit("")
    return named.with_columns(
        pl.when(joined == "").then(pl.lit("all")).otherwise(joined).alias("id"),
        pl.col("cluster_name") if groups.by_cluster else nothing.alias("cluster_name"),
        pl.col("namespace") if groups.by_namespace else nothing.alias("namespace"),
        _labels(groups.labels).alias("owner_labels"),
        pl.lit("[]").alias("services"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("annotations", "labels")),
        *(nothing.alias(name) for name in ("workload_name", "workload_type")),
    )


def summed(frame: pl.DataFrame, *, keys: Sequence[str], savings_add_up: bool) -> pl.DataFrame:
    """One row per `keys`: sums add up, levels are those of each workload's newest window, added over workloads."""
    rows = _known(frame) if not frame.select(keys).is_duplicated().any() else _added_up(frame, keys)
    return rows if savings_add_up else rows.with_columns(pl.col(of).alias(name) for name, of in _NEWEST_SAVINGS.items())


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that are groups already, as every workload is: grouping them takes their memory three times over."""
    return frame.with_columns(pl.col(*_SUMS, *_LEVELS, *_NEWEST_SAVINGS.values()).fill_null(0))


def _added_up(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    newest = frame.sort("newest_from", maintain_order=True).unique(
        subset=[*keys, "workload_key"], keep="last", maintain_order=True
    )
    levels = newest.group_by(keys, maintain_order=True).agg(
        *(pl.col(name).sum() for name in _LEVELS),
        *(pl.col(name).sum() for name in _NEWEST_SAVINGS.values()),
        *(pl.col(name).last() for name in FIELDS if name not in _SUMS and name not in _LEVELS and name not in keys),
    )
    sums = frame.group_by(keys, maintain_order=True).agg(pl.col(name).sum() for name in _SUMS)
    return sums.join(levels, on=list(keys), how="inner", maintain_order="left")


def with_rates(rows: pl.DataFrame, *, windows: int, hours: int) -> pl.DataFrame:
    """The rows with rates over what was seen: `windows` of equal length, `hours` in all.

    Percentages are made from hours. Costs per hour and replicas are made from costs and hours where these explain
    the answered rates, and are else the mean of the answered ones. A row that stands for one answered row over all
    that was seen stays as answered. Example: 30 spot and 10 on-demand hours are 75 and 25 percent.
    """
    told = pl.col("on_demand_hours") + pl.col("spot_hours")
    is_share = (pl.col("on_demand_hours") >= 0) & (pl.col("spot_hours") >= 0) & (told > 0)
    hundredth = pl.when(is_share).then(told).otherwise(pl.lit(Decimal(100))).cast(_EXACT) * pl.lit(Decimal("0.01"))
    is_as_answered = (pl.col("row_count") == 1) & (windows == 1)
    rates = {
        "hourly_cost": _mean("hourly_cost", pl.col("total_cost"), _COST_DIGITS, windows=windows, hours=hours),
        "replicas": _mean("replicas", told, _SHARE_DIGITS, windows=windows, hours=hours),
        **{
            f"{kind}_percent": pl.when(is_share)
            .then((pl.col(f"{kind}_hours") / hundredth.cast(_EXACT)).round(_SHARE_DIGITS))
            .otherwise(pl.lit(Decimal(0)).cast(_EXACT))
            for kind in ("on_demand", "spot")
        },
    }
    return rows.with_columns(
        pl.when(is_as_answered).then(pl.col(name)).otherwise(rate.cast(_EXACT)).alias(name)
        for name, rate in rates.items()
    )


def _mean(rate: str, total: pl.Expr, digits: int, *, windows: int, hours: int) -> pl.Expr:
    """Rates are answered with a last digit: the total explains them when it is as near as their rounding allows."""
    length = hours / windows
    distance = (pl.col(rate).cast(pl.Float64) * length - total.cast(pl.Float64)).abs()
    is_explained = distance <= 0.501 * 10.0**-digits * length * pl.col("row_count")
    return pl.when(is_explained).then(total / _whole(hours)).otherwise(pl.col(rate) / _whole(windows)).round(digits)


def _whole(number: int) -> pl.Expr:
    return pl.lit(Decimal(number)).cast(_EXACT)


def pairs(text: str | None) -> list[tuple[str, str]]:
    """Keys and values of JSON text: an object of names, or a list of objects with key and value."""
    document: Any = decode(text.encode(), object) if text else None
    if isinstance(document, dict):
        return [(key, _spelled(value)) for key, value in document.items()]
    items = document if isinstance(document, list) else []
    return [(str(one["key"]), _spelled(one.get("value"))) for one in items if isinstance(one, dict) and "key" in one]


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else encode(value)


def _values(texts: Sequence[str | None], names: Sequence[str]) -> list[str]:
    present = {key: value for text in texts for key, value in pairs(text)}
    return [present.get(name, "") for name in names]


def _labels(names: Sequence[str]) -> pl.Expr:
    """The labels of a group as JSON text, as workloads have theirs."""
    pairs_of_group = [
        pl.concat_str(
            pl.lit(f'{{"key":{encode(name)},"value":'), json_text(pl.col("label_values").list.get(place)), pl.lit("}")
        )
        for place, name in enumerate(names)
    ]
    inner = pl.concat_str(pairs_of_group, separator=",") if names else pl.lit("")
    return pl.concat_str(pl.lit("["), inner, pl.lit("]"))


def _with_values(frame: pl.DataFrame, columns: Sequence[str], names: Sequence[str], *, name: str) -> pl.DataFrame:
    """The frame with the values of these labels as a column of lists, worked out once for equal texts."""
    distinct = frame.select(columns).unique(maintain_order=True)
    values = [_values(texts, names) for texts in distinct.iter_rows()]
    told = distinct.with_columns(pl.Series(name, values, dtype=pl.List(pl.String)))
    return frame.join(told, on=list(columns), how="left", nulls_equal=True, maintain_order="left")
