"""oCore: hourly usage per project, with control totals. No money. See README.md."""

from tallybook.contract import Cadence, Dataset, Facts, Provider
from tallybook.providers.ocore import api, parse
from tallybook.providers.ocore.documents import DOCUMENTS
from tallybook.providers.ocore.settings import OcoreSettings

PROVIDER = Provider(
    name="ocore",
    label="oCore",
    settings=OcoreSettings,
    datasets=(
        Dataset(
            name="usage",
            cadence=Cadence.HISTORY,
            tables=("usage_totals", "usage_items"),
            plan=api.plan_usage,
            parse=parse.parse_usage,
            parse_long=parse.parse_long_usage,
        ),
        Dataset(
            name="totals",
            cadence=Cadence.HISTORY,
            tables=("project_totals",),
            plan=api.plan_totals,
            parse=parse.parse_totals,
        ),
    ),
    authenticate=api.authenticate,
    parameters=api.parameters,
    hint="the key needs view permission on usage, and org_slug must name its organisation",
    documents=DOCUMENTS,
    facts=Facts(
        meters=frozenset(
            {
                *("core_hours", "instance_hours", "memory_gib_hours", "storage_gib_hours"),
                *("network_in_bytes", "network_out_bytes"),
            }
        )
    ),
)
