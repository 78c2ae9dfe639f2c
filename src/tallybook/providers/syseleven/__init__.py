"""SysEleven Stack: limits and current use per project and region, sampled and integrated. See README.md."""

from datetime import timedelta

from tallybook.contract import Cadence, Dataset, Facts, Provider
from tallybook.providers.syseleven import auth, parse, plan
from tallybook.providers.syseleven.documents import DOCUMENTS
from tallybook.providers.syseleven.settings import SyselevenSettings

PROVIDER = Provider(
    name="syseleven",
    label="SysEleven Stack",
    settings=SyselevenSettings,
    datasets=(
        Dataset(
            name="usage",
            cadence=Cadence.SAMPLED,
            tables=("usage_answers", "usage_values"),
            plan=plan.plan_usage,
            parse=parse.parse_usage,
        ),
        Dataset(
            name="quota",
            cadence=Cadence.CAPTURED,
            tables=("quota_answers", "quota_values"),
            plan=plan.plan_quota,
            parse=parse.parse_quota,
        ),
    ),
    authenticate=auth.authenticate,
    parameters=plan.parameters,
    hint="the token must be of the same project as the one asked for, and no older than an hour; role viewer is enough",
    documents=DOCUMENTS,
    facts=Facts(
        meters=frozenset(
            {
                *("core_hours", "instance_hours", "memory_gib_hours", "storage_gib_hours"),
                *("floating_ip_hours", "load_balancer_hours", "object_storage_gib_hours"),
            }
        ),
        grain=timedelta(days=1),
        limits={
            "cores": "compute.cores",
            "instances": "compute.instances",
            "memory": "compute.ram_mb",
            "storage": "volume.space_gb",
        },
    ),
)
