"""ScaleOps: costs, spot and on-demand hours per workload and day. The only one with money. See README.md."""

from collections.abc import Mapping

from tallybook.contract import Cadence, Dataset, Provider
from tallybook.providers.scaleops import auth, documents, parse, plan
from tallybook.providers.scaleops.settings import ScaleopsSettings


def parameters(settings: ScaleopsSettings) -> Mapping[str, object]:
    """The currency, whether savings of days add up to those of a month, and what the documents answer by default."""
    return {
        "currency": settings.currency,
        "savings_add_up": settings.savings_scale == "window",
        "cluster": settings.cluster,
        "multi_cluster": settings.multi_cluster,
        "window_zone": settings.window_zone,
        "group_by_labels": settings.group_by_labels,
        "group_by_annotations": settings.group_by_annotations,
    }


PROVIDER = Provider(
    name="scaleops",
    label="ScaleOps",
    settings=ScaleopsSettings,
    datasets=(
        Dataset(
            name="workloads",
            cadence=Cadence.HISTORY,
            tables=("workload_windows", "workloads"),
            plan=plan.plan_workloads,
            parse=parse.parse_workloads,
            parse_long=parse.parse_long_workloads,
        ),
        Dataset(
            name="aggregated",
            cadence=Cadence.HISTORY,
            tables=("aggregated_windows", "aggregated"),
            plan=plan.plan_aggregated,
            parse=parse.parse_aggregated,
            parse_long=parse.parse_long_aggregated,
        ),
    ),
    authenticate=auth.authenticate,
    parameters=parameters,
    hint="the token must be valid and may see the cost reports of all clusters (with multi_cluster)",
    documents=documents.DOCUMENTS,
)
