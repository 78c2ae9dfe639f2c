"""OpenScaler: live snapshots of machines and networks, sampled and integrated over time. See README.md."""

from datetime import timedelta

from tallybook.contract import Cadence, Dataset, Facts, Provider
from tallybook.providers.openscaler import api
from tallybook.providers.openscaler.documents import DOCUMENTS
from tallybook.providers.openscaler.settings import OpenscalerSettings

PROVIDER = Provider(
    name="openscaler",
    label="OpenScaler",
    settings=OpenscalerSettings,
    datasets=(
        Dataset(
            name="live",
            cadence=Cadence.SAMPLED,
            tables=("live", "live_vms", "live_vpcs"),
            plan=api.plan_live,
            parse=api.parse_live,
        ),
    ),
    authenticate=api.authenticate,
    parameters=api.parameters,
    hint="the token is an OAuth access token of the web platform, and it may have run out",
    documents=DOCUMENTS,
    facts=Facts(meters=frozenset({"instance_hours", "memory_gib_hours", "storage_gib_hours"}), grain=timedelta(days=1)),
)
