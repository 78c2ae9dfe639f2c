"""The documented parameters of both cost reports."""

from tallybook.contract import Parameter

_FLAG = "boolean"
_MULTI_CLUSTER = Parameter(
    "multiCluster", kind=_FLAG, default=False, help="must be true for more than one cluster: else the first one answers"
)
_IGNORE = Parameter(
    "shouldIgnoreWorkloads", kind=_FLAG, default=False, help="not described by the document: changes nothing here"
)


def _texts(name: str, told: str, rule: str = "all") -> Parameter:
    return Parameter(name, kind="texts", default=(), help=told, default_rule=rule)


def _flag(name: str, told: str) -> Parameter:
    return Parameter(name, kind=_FLAG, default=False, help=told)


def _logical(name: str, of: str) -> Parameter:
    return Parameter(
        name,
        kind="choice",
        default="OR",
        choices=("OR", "AND"),
        help=f"is one of the {of} enough (OR), or is each needed",
    )


AGGREGATED = (
    _texts("clusters", "only these clusters"),
    Parameter(
        "from", kind="integer", help="milliseconds since 1970, a midnight UTC", default_rule="`to` less the range"
    ),
    Parameter(
        "to",
        kind="integer",
        help="milliseconds since 1970, not included",
        default_rule="the end of the month's last day seen",
    ),
    Parameter("range", default="7d", help="length of the window where from or to is missing: a number of h, d or w"),
    _flag("gpuWorkloadsOnly", "only workloads that request a GPU"),
    _flag("groupByCluster", "a row for each cluster"),
    _flag("groupByNamespace", "a row for each namespace of each cluster"),
    _texts("groupByLabels", "a row for each value of these labels", "none"),
    _texts("groupByAnnotations", "a row for each value of these annotations, where the answers tell them", "none"),
    _MULTI_CLUSTER,
    _IGNORE,
    Parameter("stepSize", kind="integer", default=0, help="seconds; the answer has no series: changes nothing"),
    _texts("tags", "refused: the answers name no tags", "none"),
)
WORKLOADS = (
    _texts("annotations", "only workloads with these annotations, as key=value, where the answers tell them"),
    _texts("clusterFilters", "only these clusters"),
    _texts("labels", "only workloads with these labels, as key=value"),
    _texts("namespaces", "only these namespaces"),
    _texts("workloadTypes", "only these types, e.g. Deployment"),
    _flag("isAnnotationExclude", "leave out what annotations chooses"),
    _flag("isClusterExclude", "leave out what clusterFilters chooses"),
    _flag("isLabelExclude", "leave out what labels chooses"),
    _flag("isNamespaceExclude", "leave out what namespaces chooses"),
    _flag("isWorkloadTypeExclude", "leave out what workloadTypes chooses"),
    _logical("logicalAnnotation", "annotations"),
    _logical("logicalLabel", "labels"),
    _MULTI_CLUSTER,
    _IGNORE,
)
