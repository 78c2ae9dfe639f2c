"""NodeConductor: usage series, quotas, customers, clouds, creation counts, alerts. No money. See README.md."""

from collections.abc import Mapping

from tallybook.contract import Auth, Cadence, Dataset, Facts, Provider
from tallybook.credentials import SecretReader
from tallybook.http import StaticHeaders
from tallybook.providers.nodeconductor import documents, parse, plan
from tallybook.providers.nodeconductor.settings import NodeconductorSettings


def authenticate(settings: NodeconductorSettings, read_secret: SecretReader) -> Auth:
    """`Token <key>`; a Bearer header would count as no credentials."""
    return StaticHeaders({"Authorization": f"Token {read_secret(settings.token)}"})


def parameters(settings: NodeconductorSettings) -> Mapping[str, object]:
    """How many clouds are asked about (with none there is no capture to expect), and for which aggregates."""
    return {"auth_url_count": len(settings.auth_urls), "aggregates": settings.aggregates}


PROVIDER = Provider(
    name="nodeconductor",
    label="NodeConductor",
    settings=NodeconductorSettings,
    datasets=(
        Dataset(
            name="usage",
            cadence=Cadence.HISTORY,
            tables=("aggregates", "usage_series", "usage_points"),
            plan=plan.plan_usage,
            parse=parse.parse_usage,
        ),
        Dataset(
            name="quota",
            cadence=Cadence.CAPTURED,
            tables=("quotas",),
            plan=plan.plan_quota,
            parse=parse.parse_quota,
        ),
        Dataset(
            name="customer",
            cadence=Cadence.CAPTURED,
            tables=("customers",),
            plan=plan.plan_customer,
            parse=parse.parse_customer,
        ),
        Dataset(
            name="resource",
            cadence=Cadence.CAPTURED,
            tables=("resources",),
            plan=plan.plan_resource,
            parse=parse.parse_resource,
        ),
        Dataset(
            name="creation_time",
            cadence=Cadence.HISTORY,
            tables=("creation_times",),
            plan=plan.plan_creation_time,
            parse=parse.parse_creation_time,
        ),
        Dataset(
            name="alert",
            cadence=Cadence.HISTORY,
            tables=("alerts",),
            plan=plan.plan_alert,
            parse=parse.parse_alert,
        ),
    ),
    authenticate=authenticate,
    parameters=parameters,
    hint="the key must be a user's token, and capacity of clouds (resource) is for staff only",
    documents=documents.DOCUMENTS,
    facts=Facts(
        meters=frozenset({"memory_gib_hours", "storage_gib_hours"}),
        limits={"cores": "vcpu", "instances": "max_instances", "memory": "ram", "storage": "storage"},
    ),
)
