"""SysEleven Stack: limits and current use per project and region, sampled and integrated. See README.md."""

from datetime import timedelta

from tallybook.contract import Auth, Cadence, Dataset, Facts, Provider
from tallybook.credentials import SecretReader
from tallybook.providers.syseleven import parse, plan
from tallybook.providers.syseleven.documents import DOCUMENTS
from tallybook.providers.syseleven.settings import SyselevenSettings


def _authenticate(settings: SyselevenSettings, read_secret: SecretReader) -> Auth:
    from tallybook.providers.syseleven.auth import authenticate  # and with it keystoneauth1, which reports do not need

    return authenticate(settings, read_secret)


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
    authenticate=_authenticate,
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
