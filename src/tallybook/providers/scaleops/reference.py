"""What docs/documents.md tells of ScaleOps' two cost reports."""

from tallybook.contract import Reference

_ONE_CLUSTER = "`multiCluster` on a connection that asks one cluster only (`multi_cluster`)"
_DAYS = (
    "Now is the end of the month's last day that was seen.",
    (
        "Percentages are made from hours; `hourlyCost` (6 digits) and `replicas` (4 digits) are over the time that was"
        " seen; texts and requests are those of the newest day."
    ),
    "Costs are exact decimals; rows are sorted by name.",
    "Without `multiCluster` the configured `cluster` answers, or else the first one.",
)

AGGREGATED = Reference(
    summary="Costs, hours and savings of groups of workloads: by cluster, namespace, labels and annotations",
    source="`GET` or `POST`; its path is not documented (`aggregated_path`)",
    example=("groupByCluster=true", "multiCluster=true", "range=14d"),
    refuses=(
        "`from` and `to` below 100000000000, which are seconds, or after the year 9999; `from` after `to`",
        "a window that cuts a UTC day: costs are known for whole days, and the days around it are named",
        "a `range` that is not a number of h, d or w",
        "`tags`; a `stepSize` below 0; `groupByAnnotations` where the answers tell no annotations",
        _ONE_CLUSTER,
    ),
    differs=(
        (
            "A question that was itself asked when collecting (one day by cluster and namespace) has the provider's "
            "own answer; any other is worked out from the workloads of each day."
        ),
        *_DAYS,
        "Groups are named by their values and have their labels as `ownerLabels`.",
    ),
)
WORKLOADS = Reference(
    summary="Costs, hours and savings of each workload in the month so far",
    source="`GET` or `POST`; its path is not documented (`workloads_path`)",
    example=("multiCluster=true", "labels=team=data", "isLabelExclude=true"),
    refuses=("labels and annotations that are not key=value; `annotations` where the answers tell none", _ONE_CLUSTER),
    differs=("The window is the month, as far as it was seen: the document names no time.", *_DAYS),
)
